using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Proxy.Identity.Saml;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// SAML responses, logout requests and metadata from anybody: refused with a word, whatever they are. The key that would sign a good one
/// is made at the start and thrown away, so nothing that comes in may be accepted.
/// </summary>
internal sealed class SamlTarget : ITarget
{
    private static readonly X509Certificate2 Ours = Certificate("ours");

    private static readonly SamlProvider Provider = new()
    {
        Name = "fuzz",
        Idp = new SamlIdentityProvider { EntityId = "https://idp.example/metadata", RedirectUrl = "https://idp.example/sso", SigningCertificates = [Certificate("theirs")] },
        Sp = new SamlServiceProvider
        {
            EntityId = "https://sallyport.example/saml",
            AssertionConsumerUrl = "https://sallyport.example/saml/acs",
            LogoutUrl = "https://sallyport.example/saml/logout",
            SigningCertificate = Ours,
            DecryptionCertificates = [Ours],
        },
    };

    private static readonly SamlResponseReader Responses = new(Provider, TimeProvider.System);

    public string Name => "Saml";

    // A tree of what was read, its canonical copies, and the reader's own buffers: each a fixed multiple of the input.
    public long MaxAllocation(int inputLength) => (16L << 20) + (1024L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] octets = input.ToArray();
        string field = Convert.ToBase64String(octets);
        Refused(Responses.Read(field, out string? refusal), refusal);

        var logout = new SamlLogout(Provider, new SamlLocalMemory(TimeProvider.System), TimeProvider.System);
        (SamlLogoutRequest? request, refusal) = logout.AcceptPostAsync(field, default).AsTask().GetAwaiter().GetResult();
        Refused(request, refusal);
        string query = System.Text.Encoding.Latin1.GetString(octets);
        (request, refusal) = logout.AcceptRedirectAsync(query, default).AsTask().GetAwaiter().GetResult();
        Refused(request, refusal);

        // Behind the signatures: what is signed is judged by code of its own, which mutations never reach from outside.
        ReadAssertion(octets);
        SamlIdentityProvider? idp = SamlIdpMetadata.Read(octets, DateTimeOffset.UnixEpoch, out refusal);
        OracleException.Require(idp is null ? Said(refusal) : idp.SigningCertificates.Length > 0, "metadata without a key");
    }

    /// <summary>As <see cref="SamlResponseReader"/> does with octets that were verified: no property of its own but that it ends and that it says why.</summary>
    private static void ReadAssertion(byte[] octets)
    {
        SamlAssertion? assertion = SamlGuard.Run(
            (out string? word) => SamlXml.Parse(octets, out word) is { } root ? new SamlAssertionReader(Provider, DateTimeOffset.UnixEpoch).Read(root, null, out word) : null,
            out string? refusal);
        OracleException.Require(assertion is null ? Said(refusal) : assertion.Subject.Length > 0, "an assertion about nobody");
        SamlGuard.Run(
            (out string? word) => SamlXml.Parse(octets, out word) is { } root ? SamlDecryption.Decrypt(root, Provider, authenticated: true, out word) : null,
            out _);
        SamlGuard.Run(
            (out string? word) => SamlXml.Parse(octets, out word) is { } root ? SamlSignature.Verify(root, Provider, out word) : null,
            out _);
    }

    private static void Refused(object? accepted, string? refusal)
    {
        OracleException.Require(accepted is null, "accepted without a signature by the key that exists nowhere");
        OracleException.Require(Said(refusal), "refused without a word");
    }

    private static bool Said(string? refusal) => refusal is not null && refusal.StartsWith("saml-", StringComparison.Ordinal);

    private static X509Certificate2 Certificate(string name)
    {
        using RSA key = RSA.Create(2048);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
    }
}
