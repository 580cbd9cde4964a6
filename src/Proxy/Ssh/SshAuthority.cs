using System.Buffers.Binary;
using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Proxy.Ssh;

/// <summary>
/// Signs certificates: user certificates for sessions on targets, or host certificates of this gateway. Each has a key of its own, so that neither can be
/// taken for the other. The key never leaves the process.
/// </summary>
internal sealed class SshAuthority(SshPrivateKey key, TimeProvider time)
{
    /// <summary>Clocks of targets may be behind by so much.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    /// <summary>Longest subject in a key id: targets write it into their logs, line by line.</summary>
    private const int LongestSubject = 400;

    private static readonly string[] Everything =
    [
        SshCertificateOptions.PermitPty, SshCertificateOptions.PermitPortForwarding, SshCertificateOptions.PermitAgentForwarding,
        SshCertificateOptions.PermitX11Forwarding, SshCertificateOptions.PermitUserRc,
    ];

    /// <summary>What targets (<c>TrustedUserCAKeys</c>) or clients (<c>@cert-authority</c>) trust.</summary>
    public SshPublicKey PublicKey => key.PublicKey;

    /// <summary>
    /// A fresh key and a certificate of it that says who is behind the session: <c>person session-id</c>. What may be done in the session is policy's to say, so it permits
    /// everything that the target itself permits.
    /// </summary>
    /// <param name="principals">What the target looks for: the account, unless told otherwise.</param>
    public TargetCredential MintUser(string account, IReadOnlyCollection<string> principals, SessionFacts session, TimeSpan validity)
    {
        SshPrivateKey own = SshPrivateKey.Generate(SshKeyTypes.Ed25519);
        string who = session.Identity.Subject;
        SshCertificateRequest request = Request(SshCertificateKind.User, own.PublicKey, validity) with
        {
            KeyId = $"{who[..Math.Min(who.Length, LongestSubject)]} {session.SessionId}",
            Principals = principals,
            Extensions = Everything,
        };
        byte[] certificate = request.Mint(key);
        return new TargetCredential(account, "") { PrivateKey = own.Write(), Certificate = certificate };
    }

    /// <summary>A certificate of a host key for these names.</summary>
    public byte[] MintHost(SshPublicKey host, IReadOnlyCollection<string> names, TimeSpan validity)
    {
        SshCertificateRequest request = Request(SshCertificateKind.Host, host, validity) with { KeyId = $"sallyport {names.First()}", Principals = names };
        return request.Mint(key);
    }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"authority {PublicKey.Fingerprint}";

    private SshCertificateRequest Request(SshCertificateKind kind, SshPublicKey certified, TimeSpan validity)
    {
        DateTimeOffset now = time.GetUtcNow();
        Span<byte> serial = stackalloc byte[8];
        RandomNumberGenerator.Fill(serial);
        return new SshCertificateRequest
        {
            Kind = kind,
            Key = certified,
            Serial = BinaryPrimitives.ReadUInt64BigEndian(serial),
            KeyId = "",
            Principals = [],
            ValidAfter = now - Skew,
            ValidBefore = now + validity,
        };
    }
}
