using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Tests.Support;

namespace Sallyport.Proxy.Tests.Ssh;

/// <summary>Keys and certificates for tests. Keys are made once: that takes time.</summary>
internal static class SshKeyRig
{
    public static SshPrivateKey Person { get; } = SshPrivateKey.Generate(SshKeyTypes.Ed25519, "person");

    public static SshPrivateKey Other { get; } = SshPrivateKey.Generate(SshKeyTypes.EcdsaP256, "other");

    public static SshPrivateKey Authority { get; } = SshPrivateKey.Generate(SshKeyTypes.Ed25519, "authority");

    public static readonly KeyHolders OfBroker = new(null, [], IdentityKind.Human);

    public static readonly KeyHolders OfCorp = new("https://corp.example", ["ops"], IdentityKind.Service);

    public static KeyTrust Trusting(CertificateSubject subject, CertificateAccounts accounts, KeyHolders? holders = null) => KeyTrust.None with
    {
        Authorities = [new UserAuthority([Authority.PublicKey], subject, accounts, holders ?? OfBroker)],
    };

    public static KeyProof Proof(ReadOnlyMemory<byte> blob, string user = "deploy+web1", bool present = false, bool verified = false) =>
        new(blob, user, LoginRig.From(), present, verified);

    public static byte[] Certificate(DateTimeOffset now, Func<SshCertificateRequest, SshCertificateRequest>? with = null, SshPublicKey? key = null)
    {
        var request = new SshCertificateRequest
        {
            Kind = SshCertificateKind.User,
            Key = key ?? Person.PublicKey,
            Serial = 7,
            KeyId = "pat",
            Principals = ["deploy"],
            ValidAfter = now - TimeSpan.FromMinutes(1),
            ValidBefore = now + TimeSpan.FromHours(1),
            Extensions = [SshCertificateOptions.PermitPty],
        };
        return (with?.Invoke(request) ?? request).Mint(Authority);
    }

    /// <summary>sk-ssh-ed25519@openssh.com (PROTOCOL.u2f), whose private half is nowhere.</summary>
    public static SshPublicKey SecurityKey()
    {
        byte[] point = SshPrivateKey.Generate(SshKeyTypes.Ed25519).PublicBlob[^32..].ToArray();
        byte[] blob = [.. Text(SshKeyTypes.SkEd25519), .. String(point), .. Text("ssh:")];
        return SshPublicKey.TryParse(blob, out SshPublicKey? key) ? key : throw new InvalidOperationException("no key");
    }

    private static byte[] Text(string text) => String(Encoding.ASCII.GetBytes(text));

    private static byte[] String(byte[] bytes)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }
}
