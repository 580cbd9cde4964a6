using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

/// <summary>A certificate's parts, to be signed however wrong they are.</summary>
internal sealed record CertificateParts
{
    public static CertificateParts Default { get; } = new();

    public string Type { get; init; } = "ssh-ed25519-cert-v01@openssh.com";

    public uint Kind { get; init; } = 1;

    public string[] Principals { get; init; } = ["alice"];

    public (string Name, string Value)[] Critical { get; init; } = [];

    public (string Name, string Value)[] Extensions { get; init; } = [];

    /// <summary>Null: the signer's key.</summary>
    public byte[]? Authority { get; init; }

    public byte[] Sign(SshPrivateKey key, SshPrivateKey authority, Func<CertificateParts, CertificateParts> with)
    {
        CertificateParts parts = with(this);
        var principals = new SshWriter();
        foreach (string principal in parts.Principals)
            principals.String(principal);
        SshWriter writer = new SshWriter().String(parts.Type).String(new byte[32]).String(key.PublicKey.Material)
            .UInt64(1).UInt32(parts.Kind).String("id").String(principals.Written)
            .UInt64((ulong)TestKeys.Now.AddHours(-1).ToUnixTimeSeconds()).UInt64((ulong)TestKeys.Now.AddHours(1).ToUnixTimeSeconds())
            .String(Pack(parts.Critical)).String(Pack(parts.Extensions)).String([]).String(parts.Authority ?? authority.PublicBlob.Span);
        return writer.String(authority.Sign(authority.Algorithms[0], writer.Written)).ToArray();
    }

    private static byte[] Pack((string Name, string Value)[] options)
    {
        var writer = new SshWriter();
        foreach ((string name, string value) in options)
            writer.String(name).String(name is "verify-required" && value.Length == 0 ? [] : new SshWriter().String(value).Written);
        return writer.ToArray();
    }
}
