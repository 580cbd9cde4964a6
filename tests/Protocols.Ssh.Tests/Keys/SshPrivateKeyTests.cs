using System.Globalization;
using System.Text;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

public sealed class SshPrivateKeyTests(SshKeygen keygen) : IClassFixture<SshKeygen>
{
    public static TheoryData<string, int, string> Files
    {
        get
        {
            var data = new TheoryData<string, int, string>();
            foreach ((string type, int bits) in new[] { ("ed25519", 0), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048) })
            {
                data.Add(type, bits, "RFC4716");
                if (type != "ed25519")
                {
                    data.Add(type, bits, "PEM");
                    data.Add(type, bits, "PKCS8");
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_key_of_ssh_keygen_is_read_and_signs(string type, int bits, string format)
    {
        string path = keygen.Key(string.Create(CultureInfo.InvariantCulture, $"{type}{bits}{format}"), type, bits == 0 ? null : bits, "", "-m", format);

        SshPrivateKey key = SshPrivateKey.Load(File.ReadAllBytes(path));

        Assert.Equal(SshKeygen.Blob(path + ".pub"), key.PublicBlob.ToArray());
        Assert.Equal(format == "RFC4716" ? "comment of " + Path.GetFileName(path) : "", key.Comment);
        Assert.True(SshSignature.Verify(key.PublicBlob.Span, key.Sign(key.Algorithms[0], [1, 2, 3]), [1, 2, 3], key.Algorithms[0]));
    }

    [Theory]
    [InlineData("ed25519")]
    [InlineData("rsa")]
    public void An_encrypted_key_wants_its_passphrase(string type)
    {
        string path = keygen.Key("locked-" + type, type, type == "rsa" ? 2048 : null, "open sesame é", "-a", "3");
        byte[] file = File.ReadAllBytes(path);

        Assert.Equal(SshKeygen.Blob(path + ".pub"), SshPrivateKey.Load(file, "open sesame é").PublicBlob.ToArray());
        Assert.Contains("passphrase", Assert.Throws<FormatException>(() => SshPrivateKey.Load(file)).Message, StringComparison.Ordinal);
        Assert.Contains("passphrase", Assert.Throws<FormatException>(() => SshPrivateKey.Load(file, "open sesame")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SshKeyTypes.Ed25519)]
    [InlineData(SshKeyTypes.EcdsaP256)]
    [InlineData(SshKeyTypes.EcdsaP384)]
    [InlineData(SshKeyTypes.EcdsaP521)]
    [InlineData(SshKeyTypes.Rsa)]
    public void What_we_write_ssh_keygen_reads(string type)
    {
        SshPrivateKey key = TestKeys.Of(type);
        string path = keygen.At("ours-" + type);
        File.WriteAllBytes(path, key.Write());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Equal(key.PublicKey + " test", keygen.Run("-y", "-f", path).Trim());
        Assert.Equal(key.PublicKey, SshPrivateKey.Load(File.ReadAllBytes(path)).PublicKey);

        // ssh-keygen signs with it and we verify: the secret half is right too.
        File.WriteAllText(path + ".txt", "x");
        keygen.Run("-Y", "sign", "-f", path, "-n", "test", path + ".txt");
    }

    [Fact]
    public void An_Ed25519_key_in_PKCS8_is_read()
    {
        // RFC 8410 10.3.
        const string Pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        Assert.Equal("19BF44096984CDFE8541BAC167DC3B96C85086AA30B6B6CB0C5C38AD703166E1", Convert.ToHexString(SshPrivateKey.Load(Encoding.ASCII.GetBytes(Pem)).PublicKey.Material));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void What_is_no_key_is_said_to_be_none(string file) =>
        Assert.Throws<FormatException>(() => SshPrivateKey.Load(Encoding.ASCII.GetBytes(file)));

    [Fact]
    public void A_small_RSA_key_is_refused()
    {
        string path = keygen.Key("small", "rsa", 1024);
        Assert.Throws<FormatException>(() => SshPrivateKey.Load(File.ReadAllBytes(path)));
        Assert.Throws<ArgumentException>(() => SshPrivateKey.Generate(SshKeyTypes.Rsa, "", 1024));
    }

    [Fact]
    public void Nothing_of_the_secret_is_said()
    {
        SshPrivateKey key = TestKeys.Of(SshKeyTypes.Ed25519);
        Assert.Equal("private key of " + key.PublicKey.Fingerprint, key.ToString());
    }

    [Fact]
    public void A_certificate_of_another_key_is_not_taken()
    {
        SshPrivateKey key = TestKeys.Of(SshKeyTypes.Ed25519), other = TestKeys.Of(SshKeyTypes.EcdsaP256);
        byte[] certificate = TestKeys.Certificate(key.PublicKey, other);
        Assert.Equal(certificate, key.WithCertificate(certificate).Certificate.ToArray());
        Assert.Throws<ArgumentException>(() => other.WithCertificate(certificate));
    }
}
