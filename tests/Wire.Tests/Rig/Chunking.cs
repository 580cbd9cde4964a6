using System.Globalization;
using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>How what a peer sends reaches the engine: as much as there is, one byte more a read, or a random number of bytes more a read.</summary>
public sealed class Chunking : IXunitSerializable
{
    /// <summary>The seed of random splits: in the test's name, and taken from SALLYPORT_WIRE_SEED to run a failure again.</summary>
    private static readonly int Seed =
        int.TryParse(Environment.GetEnvironmentVariable("SALLYPORT_WIRE_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : Random.Shared.Next(1, 1_000_000);

    private string _kind = "whole";
    private int _seed;

    public static Chunking Whole => new();

    public static Chunking OneByte => new() { _kind = "one-byte" };

    public static Chunking Split => new() { _kind = "split", _seed = Seed };

    public bool IsWhole => _kind == "whole";

    public bool IsOneByte => _kind == "one-byte";

    /// <summary>Gives the size of one chunk after another.</summary>
    public Func<int> Sizes(int stream)
    {
        if (IsWhole)
            return static () => int.MaxValue;
        if (IsOneByte)
            return static () => 1;
        var random = new Random(_seed * 31 + stream);
        // Mostly headers torn apart, now and then a long stretch.
        return () => random.Next(8) == 0 ? random.Next(1, 4096) : random.Next(1, 12);
    }

    public void Deserialize(IXunitSerializationInfo info)
    {
        _kind = info.GetValue<string>("kind");
        _seed = info.GetValue<int>("seed");
    }

    public void Serialize(IXunitSerializationInfo info)
    {
        info.AddValue("kind", _kind);
        info.AddValue("seed", _seed);
    }

    public override string ToString() => _seed == 0 ? _kind : $"{_kind}, seed {_seed}";
}

/// <summary>Runs a theory at the three chunkings; values given here come before the chunking in the test's arguments.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ChunkingsAttribute(params object?[] values) : DataAttribute
{
    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) =>
        from chunking in new[] { Chunking.Whole, Chunking.OneByte, Chunking.Split }
        select (object?[])[.. values, chunking];
}

/// <summary>Runs a theory with every length that is too short for a message or a trap for signed arithmetic, at the three chunkings.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HostileLengthsAttribute : DataAttribute
{
    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) =>
        from length in new uint[] { 0, 1, 2, 3, 4, 5, 6, 7, int.MaxValue, 1u << 31, uint.MaxValue }
        from chunking in new[] { Chunking.Whole, Chunking.OneByte, Chunking.Split }
        select (object?[])[length, chunking];
}
