using System.Net;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

public sealed class SshCertificateTests(SshKeygen keygen) : IClassFixture<SshKeygen>
{
    private static readonly SshPrivateKey Authority = TestKeys.Of(SshKeyTypes.Ed25519, "authority");
    private static readonly SshPrivateKey Key = TestKeys.Of(SshKeyTypes.Ed25519);

    private static readonly SshCertificateUse Use = new()
    {
        Kind = SshCertificateKind.User,
        Authorities = [Authority.PublicKey],
        Principals = ["alice"],
        Now = TestKeys.Now,
        Revoked = KeyRevocationList.Empty,
    };

    public static TheoryData<string, string> Pairs
    {
        get
        {
            var data = new TheoryData<string, string>();
            string[] types = [SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256, SshKeyTypes.EcdsaP384, SshKeyTypes.EcdsaP521, SshKeyTypes.Rsa];
            foreach (string type in types)
            {
                data.Add(type, SshKeyTypes.Ed25519);
                if (type != SshKeyTypes.Ed25519)
                    data.Add(SshKeyTypes.Ed25519, type);
            }

            data.Add(SshKeyTypes.SkEd25519, SshKeyTypes.Rsa);
            data.Add(SshKeyTypes.SkEcdsaP256, SshKeyTypes.EcdsaP384);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void What_we_mint_OpenSSH_takes(string type, string authority)
    {
        SshPublicKey key = PublicOf(type);
        byte[] blob = TestKeys.Certificate(key, TestKeys.Of(authority, "authority"), request => request with
        {
            CriticalOptions = new Dictionary<string, string> { [SshCertificateOptions.SourceAddress] = "10.0.0.0/8,::1", [SshCertificateOptions.ForceCommand] = "uptime" },
            Extensions = [SshCertificateOptions.PermitPty, SshCertificateOptions.PermitAgentForwarding],
        });
        string path = keygen.At($"ours-{type}-{authority}-cert.pub");
        File.WriteAllText(path, $"{SshKeyTypes.Certified(type)} {Convert.ToBase64String(blob)} x\n");

        // ssh-keygen verifies the authority's signature when it reads a certificate.
        string[] shown = [.. keygen.Run("-L", "-f", path).Split('\n').Select(line => line.Trim())];

        Assert.Contains($"Type: {SshKeyTypes.Certified(type)} user certificate", shown);
        Assert.Contains("Key ID: \"alice/session\"", shown);
        Assert.Contains("Serial: 42", shown);
        Assert.Contains("Valid: from 2026-06-01T11:00:00 to 2026-06-01T13:00:00", shown);
        Assert.Contains("alice", shown);
        Assert.Contains("deploy", shown);
        Assert.Contains("source-address 10.0.0.0/8,::1", shown);
        Assert.Contains("force-command uptime", shown);
        Assert.Contains("permit-pty", shown);
        Assert.Contains("permit-agent-forwarding", shown);
        Assert.Contains(shown, line => line.StartsWith("Signing CA: ", StringComparison.Ordinal) && line.Contains(TestKeys.Of(authority, "authority").PublicKey.Fingerprint, StringComparison.Ordinal));
        Assert.Null(Read(blob).Check(Use with { Authorities = [TestKeys.Of(authority, "authority").PublicKey], Source = IPAddress.Parse("10.1.2.3") }));
    }

    [Theory]
    [InlineData("ed25519", 0)]
    [InlineData("ecdsa", 384)]
    [InlineData("rsa", 2048)]
    public void A_certificate_of_ssh_keygen_is_taken(string type, int bits)
    {
        string authority = keygen.Key("authority-" + type, type, bits == 0 ? null : bits), path = keygen.Key("user-" + type, type, bits == 0 ? null : bits);
        keygen.Run("-q", "-s", authority, "-I", "a key id", "-z", "77", "-n", "bob,carol", "-V", "20260101:20270101", "-O", "clear", "-O", "permit-pty", "-O", "force-command=id", "-O", "source-address=10.0.0.0/8", path + ".pub");
        SshCertificate certificate = Read(SshKeygen.Blob(path + "-cert.pub"));

        Assert.Equal(77ul, certificate.Serial);
        Assert.Equal("a key id", certificate.KeyId);
        Assert.Equal(["bob", "carol"], certificate.Principals);
        Assert.Equal(SshKeygen.Blob(path + ".pub"), certificate.Key.Blob.ToArray());
        Assert.Equal(new LoginRestrictions { ForceCommand = "id", NoForwarding = true, NoAgent = true, NoX11 = true }, certificate.Restrictions);
        Assert.True(SshPublicKey.TryParse(SshKeygen.Blob(authority + ".pub"), out SshPublicKey? by));
        Assert.Null(certificate.Check(Use with { Authorities = [by], Principals = ["carol"], Source = IPAddress.Parse("::ffff:10.0.0.1") }));
    }

    [Fact]
    public void A_host_certificate_is_no_user_certificate()
    {
        string authority = keygen.Key("host-authority", "ed25519"), path = keygen.Key("host", "ed25519");
        keygen.Run("-q", "-h", "-s", authority, "-I", "web1", "-n", "web1.example.com", path + ".pub");
        SshCertificate certificate = Read(SshKeygen.Blob(path + "-cert.pub"));
        Assert.True(SshPublicKey.TryParse(SshKeygen.Blob(authority + ".pub"), out SshPublicKey? by));
        SshCertificateUse use = Use with { Kind = SshCertificateKind.Host, Authorities = [by], Principals = ["web1.example.com"] };

        Assert.Equal(DateTimeOffset.MaxValue, certificate.ValidBefore);
        Assert.Null(certificate.Check(use));
        Assert.Equal("certificate-kind", certificate.Check(use with { Kind = SshCertificateKind.User }));
        Assert.Equal("certificate-principal", certificate.Check(use with { Principals = ["example.com"] }));
    }

    [Fact]
    public void Time_begins_and_ends_it()
    {
        SshCertificate certificate = Read(TestKeys.Certificate(Key.PublicKey, Authority));
        Assert.Equal("certificate-not-yet-valid", certificate.Check(Use with { Now = TestKeys.Now.AddHours(-1).AddSeconds(-1) }));
        Assert.Null(certificate.Check(Use with { Now = TestKeys.Now.AddHours(-1) }));
        Assert.Null(certificate.Check(Use with { Now = TestKeys.Now.AddHours(1).AddSeconds(-1) }));
        Assert.Equal("certificate-expired", certificate.Check(Use with { Now = TestKeys.Now.AddHours(1) }));
    }

    [Theory]
    [InlineData("alice", null)]
    [InlineData("alic", "certificate-principal")]
    [InlineData("alice,deploy", "certificate-principal")]
    [InlineData("Alice", "certificate-principal")]
    [InlineData("", "certificate-principal")]
    public void Principals_are_compared_whole(string wanted, string? refusal) =>
        Assert.Equal(refusal, Read(TestKeys.Certificate(Key.PublicKey, Authority)).Check(Use with { Principals = [wanted] }));

    [Fact]
    public void A_principal_with_a_comma_names_only_itself()
    {
        // No list is made of it, though others have.
        SshCertificate certificate = Read(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Principals = ["root,alice"] }));
        Assert.Equal("certificate-principal", certificate.Check(Use));
    }

    [Fact]
    public void Nobody_s_certificate_is_not_everybody_s()
    {
        SshCertificate certificate = Read(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Principals = [] }));
        Assert.Equal("certificate-principal", certificate.Check(Use));
        Assert.Equal("certificate-principal", certificate.Check(Use with { Principals = null }));
    }

    [Fact]
    public void Only_a_trusted_authority_counts()
    {
        SshCertificate certificate = Read(TestKeys.Certificate(Key.PublicKey, Authority));
        Assert.Equal("certificate-authority-unknown", certificate.Check(Use with { Authorities = [] }));
        Assert.Equal("certificate-authority-unknown", certificate.Check(Use with { Authorities = [Key.PublicKey] }));
    }

    [Fact]
    public void Every_bit_is_signed()
    {
        byte[] blob = TestKeys.Certificate(Key.PublicKey, Authority);
        int read = 0;
        for (int i = 0; i < blob.Length; i++)
        {
            blob[i] ^= 1;
            if (SshCertificate.TryParse(blob, out SshCertificate? certificate))
            {
                read++;
                Assert.NotNull(certificate.Check(Use with { Principals = null, Kind = certificate.Kind }));
            }

            blob[i] ^= 1;
        }

        Assert.InRange(read, 50, blob.Length);
    }

    [Theory]
    [InlineData("source-address", "10.0.0.0/8", "10.1.1.1", null)]
    [InlineData("source-address", "10.0.0.0/8", "11.1.1.1", "certificate-source-address")]
    [InlineData("source-address", "10.0.0.0/8", null, "certificate-source-address")]
    [InlineData("source-address", "*", "10.1.1.1", "certificate-option-bad")]
    [InlineData("source-address", "", "10.1.1.1", "certificate-option-bad")]
    [InlineData("force-command", "", "10.1.1.1", "certificate-option-bad")]
    [InlineData("verify-required", "", "10.1.1.1", "certificate-verification-required")]
    [InlineData("verify-required", "no", "10.1.1.1", "certificate-option-bad")]
    [InlineData("whatever@example.com", "x", "10.1.1.1", "certificate-option-unknown")]
    public void Critical_options_are_met_or_refuse(string name, string value, string? source, string? refusal)
    {
        SshCertificate certificate = Read(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Critical = [(name, value)] }));
        Assert.Equal(refusal, certificate.Check(Use with { Source = source is null ? null : IPAddress.Parse(source) }));
    }

    [Fact]
    public void A_key_that_knows_the_person_meets_verify_required()
    {
        SshCertificate certificate = Read(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Critical = [("verify-required", "")] }));
        Assert.Null(certificate.Check(Use with { Verified = true }));
    }

    [Fact]
    public void An_extension_that_is_not_known_permits_nothing()
    {
        SshCertificate certificate = Read(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Extensions = [("no-touch-required", ""), ("permit-everything", "")] }));
        Assert.Null(certificate.Check(Use));
        Assert.Equal(new LoginRestrictions { NoPty = true, NoForwarding = true, NoAgent = true, NoX11 = true }, certificate.Restrictions);
    }

    [Fact]
    public void Options_stand_in_order_and_once()
    {
        Assert.False(SshCertificate.TryParse(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Critical = [("force-command", "a"), ("force-command", "b")] }), out _));
        Assert.False(SshCertificate.TryParse(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Critical = [("source-address", "::1"), ("force-command", "b")] }), out _));
    }

    [Fact]
    public void A_certificate_is_neither_an_authority_nor_certified()
    {
        byte[] inner = TestKeys.Certificate(Authority.PublicKey, TestKeys.Of(SshKeyTypes.EcdsaP256));
        Assert.False(SshCertificate.TryParse(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Authority = inner }), out _));
        Assert.False(SshCertificate.TryParse(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Authority = [] }), out _));
        Assert.False(SshCertificate.TryParse(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Type = "ssh-ed25519-cert-v01@openssh.com-cert-v01@openssh.com" }), out _));
        Assert.False(SshPublicKey.TryParse(inner, out _));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    public void It_is_of_a_user_or_of_a_host(uint kind) =>
        Assert.False(SshCertificate.TryParse(CertificateParts.Default.Sign(Key, Authority, parts => parts with { Kind = kind }), out _));

    [Fact]
    public void What_would_mean_more_than_it_says_is_not_minted()
    {
        Refused(request => request with { Principals = [] });
        Refused(request => request with { Principals = ["a,b"] });
        Refused(request => request with { Principals = ["a\nb"] });
        Refused(request => request with { Principals = [""] });
        Refused(request => request with { ValidBefore = request.ValidAfter });
        Refused(request => request with { Kind = SshCertificateKind.Host });
        Refused(request => request with { CriticalOptions = new Dictionary<string, string> { ["source-address"] = "anywhere" } });
        Refused(request => request with { KeyId = new string('x', 5000) });
        Refused(request => request with { Extensions = ["permit-pty", "permit-pty"] });

        static void Refused(Func<SshCertificateRequest, SshCertificateRequest> with) =>
            Assert.Throws<ArgumentException>(() => TestKeys.Certificate(Key.PublicKey, Authority, with));
    }

    private static SshCertificate Read(byte[] blob)
    {
        Assert.True(SshCertificate.TryParse(blob, out SshCertificate? certificate));
        return certificate;
    }

    private static SshPublicKey PublicOf(string type)
    {
        if (!type.StartsWith("sk-", StringComparison.Ordinal))
            return TestKeys.Of(type).PublicKey;
        byte[] material = TestKeys.Of(type == SshKeyTypes.SkEd25519 ? SshKeyTypes.Ed25519 : SshKeyTypes.EcdsaP256).PublicKey.Material;
        Assert.True(SshPublicKey.TryParse(SshPublicKey.Build(type, material, [], "ssh:"), out SshPublicKey? key));
        return key;
    }
}
