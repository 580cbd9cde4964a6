using System.Collections.Concurrent;
using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

/// <summary>A key of each type, made once.</summary>
internal static class TestKeys
{
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ConcurrentDictionary<string, SshPrivateKey> Made = new(StringComparer.Ordinal);

    /// <summary>The key of that type, and of that name.</summary>
    public static SshPrivateKey Of(string type, string name = "") => Made.GetOrAdd(type + name, _ => SshPrivateKey.Generate(type, "test", rsaBits: 2048));

    public static byte[] Certificate(SshPublicKey key, SshSigner authority, Func<SshCertificateRequest, SshCertificateRequest>? with = null)
    {
        var request = new SshCertificateRequest
        {
            Kind = SshCertificateKind.User,
            Key = key,
            Serial = 42,
            KeyId = "alice/session",
            Principals = ["alice", "deploy"],
            ValidAfter = Now.AddHours(-1),
            ValidBefore = Now.AddHours(1),
            Extensions = [SshCertificateOptions.PermitPty],
        };
        return (with?.Invoke(request) ?? request).Mint(authority);
    }
}
