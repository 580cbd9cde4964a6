using System.Net;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Keys;

/// <content>Whether a certificate is good, and what it leaves its holder.</content>
public sealed partial class SshCertificate
{
    /// <summary>What the certificate itself forbids: everything that no extension of it permits.</summary>
    public LoginRestrictions Restrictions => new()
    {
        ForceCommand = CriticalOptions.GetValueOrDefault(SshCertificateOptions.ForceCommand),
        NoPty = !Extensions.Contains(SshCertificateOptions.PermitPty),
        NoForwarding = !Extensions.Contains(SshCertificateOptions.PermitPortForwarding),
        NoAgent = !Extensions.Contains(SshCertificateOptions.PermitAgentForwarding),
        NoX11 = !Extensions.Contains(SshCertificateOptions.PermitX11Forwarding),
    };

    /// <summary>Whether the certificate is good for this use. That its key has signed is the caller's to verify.</summary>
    /// <returns>Null: it is. Else why not, a fixed word for the log.</returns>
    public string? Check(SshCertificateUse use)
    {
        ArgumentNullException.ThrowIfNull(use);
        if (Kind != use.Kind)
            return "certificate-kind";
        if (!use.Authorities.Contains(Authority))
            return "certificate-authority-unknown";
        if (use.Revoked.IsRevoked(this))
            return "certificate-revoked";
        if (use.Now < ValidAfter)
            return "certificate-not-yet-valid";
        if (use.Now >= ValidBefore)
            return "certificate-expired";
        if (Principals.Count == 0 || (use.Principals is { } wanted && !Principals.Any(name => wanted.Contains(name, StringComparer.Ordinal))))
            return "certificate-principal";
        if (CheckOptions(use) is { } refusal)
            return refusal;
        return SshSignature.Verify(Authority, _signature, _blob.AsSpan(0, _signedLength), SignatureAlgorithm(), out _) ? null : "certificate-signature";
    }

    /// <summary>A critical option that is not known refuses; host certificates have none.</summary>
    private string? CheckOptions(SshCertificateUse use)
    {
        foreach ((string name, string value) in CriticalOptions)
        {
            string? refusal = Kind == SshCertificateKind.Host ? "certificate-option-unknown" : name switch
            {
                SshCertificateOptions.ForceCommand => value.Length == 0 ? "certificate-option-bad" : null,
                SshCertificateOptions.SourceAddress => CheckSource(value, use.Source),
                SshCertificateOptions.VerifyRequired => value.Length > 0 ? "certificate-option-bad" : use.Verified ? null : "certificate-verification-required",
                _ => "certificate-option-unknown",
            };
            if (refusal is not null)
                return refusal;
        }

        return null;
    }

    private static string? CheckSource(string value, IPAddress? source)
    {
        if (!SshAddressList.TryParse(value, patterns: false, out SshAddressList? list))
            return "certificate-option-bad";
        return source is not null && list.Contains(source) ? null : "certificate-source-address";
    }

    /// <summary>The algorithm an RSA authority has used; it must be one with SHA-2, as the verification asks.</summary>
    private string SignatureAlgorithm() => new SshReader(_signature).ReadText(64);
}
