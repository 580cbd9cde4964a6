using System.Globalization;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>How what a peer sends comes to be read: all there is, a byte more at each read, or a random number more. The seed of splits is in the test's name.</summary>
public static class Chunks
{
    private static readonly int RunSeed =
        int.TryParse(Environment.GetEnvironmentVariable("SALLYPORT_WIRE_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : Random.Shared.Next(1, 1_000_000);

    public static string[] Names { get; } = ["whole", "one-byte", $"split {RunSeed}"];

    public static Func<Func<int>>? Sizes(string name)
    {
        if (name == "whole")
            return null;
        if (name == "one-byte")
            return static () => static () => 1;
        var random = new Random(int.Parse(name["split ".Length..], CultureInfo.InvariantCulture));
        return () =>
        {
            var own = new Random(random.Next());
            return () => own.Next(8) == 0 ? own.Next(1, 4096) : own.Next(1, 12);
        };
    }
}
