using System.Diagnostics;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>A gateway that speaks every algorithm it knows, and keys of every type that open it.</summary>
public sealed class AlgorithmGateway() : SshGateway(Everything)
{
    private const string Certificate = "-cert-v01@openssh.com";

    private static readonly string Everything = $$"""
        algorithms:
          kex: [{{Names(SshAlgorithms.KeyExchanges)}}]
          ciphers: [{{Names(SshAlgorithms.Ciphers)}}]
          macs: [{{Names(SshAlgorithms.Macs)}}]
          host-key: [{{Names(SshAlgorithms.HostKeys.Where(name => !name.EndsWith(Certificate, StringComparison.Ordinal)))}}]
        """;

    private readonly TempFolder _folder = new();

    /// <summary>Types of user keys, as ssh-keygen and this fixture name them.</summary>
    public static IReadOnlyList<string> KeyTypes { get; } = ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-3072"];

    /// <summary>A megabyte that does not compress.</summary>
    public string Megabyte => _folder.At("megabyte");

    /// <summary>The person's key of that type.</summary>
    public string KeyFile(string type) => _folder.At(type);

    public string At(string name) => _folder.At(name);

    /// <summary>What the installed OpenSSH says that it knows: <c>ssh -Q</c>.</summary>
    public static string[] Known(string kind) => Said("-Q", kind).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What the installed OpenSSH offers when it is told nothing: <c>ssh -G</c>.</summary>
    public static string[] Default(string option) =>
        Said("-F", "none", "-G", "any").Split('\n').Single(line => line.StartsWith(option + " ", StringComparison.Ordinal))[(option.Length + 1)..].Split(',');

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await File.WriteAllBytesAsync(Megabyte, System.Security.Cryptography.RandomNumberGenerator.GetBytes(1 << 20));
        foreach (string type in KeyTypes)
            SshServer.Keygen(["-t", type.Split('-')[0], "-f", KeyFile(type), .. type.Contains('-', StringComparison.Ordinal) ? (string[])["-b", type.Split('-')[1]] : []]);
        Daemon.Write("people/ada@example.com", File.ReadAllText(Daemon.KeyFile + ".pub") + string.Concat(KeyTypes.Select(type => File.ReadAllText(KeyFile(type) + ".pub"))));
        await Daemon.ReloadAsync();
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));

    private static string Said(params string[] arguments)
    {
        using var ssh = Process.Start(new ProcessStartInfo("ssh", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string said = ssh.StandardOutput.ReadToEnd();
        ssh.WaitForExit();
        return said;
    }
}
