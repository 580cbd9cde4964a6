using System.Net;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>What a certificate is about to be used for: all that <see cref="SshCertificate.Check"/> must know, so that none of it can be forgotten.</summary>
public sealed record SshCertificateUse
{
    public required SshCertificateKind Kind { get; init; }

    /// <summary>Whose certificates are taken.</summary>
    public required IReadOnlyCollection<SshPublicKey> Authorities { get; init; }

    /// <summary>One of them must be a principal of the certificate, as a whole; null: the caller compares principals itself.</summary>
    public required IReadOnlyCollection<string>? Principals { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>Where it is used from; null: not known, and a certificate that is bound to addresses is refused.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>A FIDO key says that it knows the person.</summary>
    public bool Verified { get; init; }

    /// <summary>Keys, certificates and authorities that are no longer good.</summary>
    public required KeyRevocationList Revoked { get; init; }
}

/// <summary>Names of critical options and extensions (PROTOCOL.certkeys).</summary>
public static class SshCertificateOptions
{
    public const string ForceCommand = "force-command";
    public const string SourceAddress = "source-address";
    public const string VerifyRequired = "verify-required";
    public const string PermitPty = "permit-pty";
    public const string PermitPortForwarding = "permit-port-forwarding";
    public const string PermitAgentForwarding = "permit-agent-forwarding";
    public const string PermitX11Forwarding = "permit-X11-forwarding";
    public const string PermitUserRc = "permit-user-rc";
}
