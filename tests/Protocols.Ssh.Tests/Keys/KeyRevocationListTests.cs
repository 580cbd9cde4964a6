using System.Text;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

public sealed class KeyRevocationListTests(SshKeygen keygen) : IClassFixture<SshKeygen>
{
    private static readonly SshPrivateKey Authority = TestKeys.Of(SshKeyTypes.Ed25519, "authority");
    private static readonly SshPrivateKey Key = TestKeys.Of(SshKeyTypes.EcdsaP256);

    [Theory]
    [InlineData("serial: 42", true)]
    [InlineData("serial: 41", false)]
    [InlineData("serial: 40-50", true)]
    [InlineData("serial: 43-50000", false)]
    [InlineData("serial: 1\nserial: 3\nserial: 9\nserial: 42\nserial: 44", true)]
    [InlineData("serial: 1\nserial: 3\nserial: 9\nserial: 41\nserial: 43\nserial: 45\nserial: 47", false)]
    [InlineData("id: alice/session", true)]
    [InlineData("id: alice", false)]
    [InlineData("key: {key}", true)]
    [InlineData("sha1: {key}", true)]
    [InlineData("sha256: {key}", true)]
    [InlineData("hash: SHA256:{hash}", true)]
    [InlineData("key: {authority}", true)]
    [InlineData("sha256: {authority}", true)]
    public void A_list_of_ssh_keygen_means_what_ssh_keygen_says(string specification, bool revoked)
    {
        byte[] blob = TestKeys.Certificate(Key.PublicKey, Authority);
        Assert.True(SshCertificate.TryParse(blob, out SshCertificate? certificate));
        string id = Guid.NewGuid().ToString("N"), list = keygen.At(id + ".krl"), cert = keygen.At(id + "-cert.pub"), authority = keygen.At(id + "-ca.pub");
        File.WriteAllText(authority, Authority.PublicKey + "\n");
        File.WriteAllText(cert, $"{certificate.Type} {Convert.ToBase64String(blob)}\n");
        File.WriteAllText(keygen.At(id), specification
            .Replace("{key}", Key.PublicKey.ToString(), StringComparison.Ordinal)
            .Replace("{authority}", Authority.PublicKey.ToString(), StringComparison.Ordinal)
            .Replace("{hash}", Key.PublicKey.Fingerprint["SHA256:".Length..], StringComparison.Ordinal) + "\n");
        keygen.Run("-q", "-k", "-f", list, "-s", authority, "-z", "5", keygen.At(id));

        Assert.True(KeyRevocationList.TryParse(File.ReadAllBytes(list), out KeyRevocationList? read));

        Assert.Equal(5ul, read.Version);
        Assert.Equal(revoked, read.IsRevoked(certificate));
        Assert.Equal(revoked, keygen.Try("-Q", "-f", list, cert).Code != 0);
        Assert.Equal(specification.Contains("key}", StringComparison.Ordinal) || specification.Contains("hash", StringComparison.Ordinal), read.IsRevoked(Key.PublicKey));
        Assert.Equal(revoked, KeyRevocationList.AnyOf(KeyRevocationList.Empty, read).IsRevoked(certificate));
    }

    [Fact]
    public void Another_authority_s_serials_are_its_own()
    {
        string list = keygen.At("other.krl"), authority = keygen.At("other.pub"), specification = keygen.At("other");
        File.WriteAllText(authority, TestKeys.Of(SshKeyTypes.EcdsaP384).PublicKey + "\n");
        File.WriteAllText(specification, "serial: 1-100\n");
        keygen.Run("-q", "-k", "-f", list, "-s", authority, specification);
        Assert.True(KeyRevocationList.TryParse(File.ReadAllBytes(list), out KeyRevocationList? read));
        Assert.True(SshCertificate.TryParse(TestKeys.Certificate(Key.PublicKey, Authority), out SshCertificate? mine));
        Assert.True(SshCertificate.TryParse(TestKeys.Certificate(Key.PublicKey, TestKeys.Of(SshKeyTypes.EcdsaP384)), out SshCertificate? theirs));

        Assert.False(read.IsRevoked(mine));
        Assert.True(read.IsRevoked(theirs));
    }

    [Fact]
    public void Lines_of_keys_are_a_list_too()
    {
        byte[] text = Encoding.UTF8.GetBytes($"# gone\n\n{Key.PublicKey} comment\r\n");
        Assert.True(KeyRevocationList.TryParse(text, out KeyRevocationList? list));
        Assert.True(list.IsRevoked(Key.PublicKey));
        Assert.False(list.IsRevoked(Authority.PublicKey));
        Assert.False(KeyRevocationList.TryParse(Encoding.UTF8.GetBytes($"{Key.PublicKey}\nssh-ed25519 AAAA\n"), out _));
    }

    [Fact]
    public void Signatures_are_passed_over_and_nothing_may_follow_them()
    {
        byte[] signed = Krl(writer => writer.Byte(2).String(new SshWriter().String(Key.PublicBlob.Span).Written).Byte(4).String(Authority.PublicBlob.Span).String([1, 2, 3]));
        Assert.True(KeyRevocationList.TryParse(signed, out KeyRevocationList? list));
        Assert.True(list.IsRevoked(Key.PublicKey));
        Assert.False(KeyRevocationList.TryParse([.. signed, .. new SshWriter().Byte(2).String([]).Written], out _));
    }

    [Fact]
    public void What_is_not_understood_refuses_the_list()
    {
        Assert.True(KeyRevocationList.TryParse(Krl(_ => { }), out _));
        Assert.False(KeyRevocationList.TryParse(Krl(writer => writer.Byte(9).String([])), out _));
        Assert.False(KeyRevocationList.TryParse(Krl(writer => writer.Byte(3).String(new SshWriter().String(new byte[19]).Written)), out _));
        Assert.True(KeyRevocationList.TryParse(Krl(writer => writer.Byte(255).String(Extension(critical: false))), out _));
        Assert.False(KeyRevocationList.TryParse(Krl(writer => writer.Byte(255).String(Extension(critical: true))), out _));
        Assert.False(KeyRevocationList.TryParse(Krl(writer => writer.Byte(1).String(Certificates(0x39, Extension(critical: true)))), out _));
        Assert.False(KeyRevocationList.TryParse(Krl(writer => writer.Byte(1).String(Certificates(0x21, new SshWriter().UInt64(9).UInt64(8).Written.ToArray()))), out _));
        Assert.False(KeyRevocationList.TryParse(Krl(writer => writer.Byte(1).String(Certificates(0x22, new SshWriter().UInt64(ulong.MaxValue).String([2]).Written.ToArray()))), out _));
    }

    [Fact]
    public void A_section_without_authority_is_of_all()
    {
        byte[] krl = Krl(writer => writer.Byte(1).String(Certificates(0x22, new SshWriter().UInt64(40).String([4]).Written.ToArray())));
        Assert.True(KeyRevocationList.TryParse(krl, out KeyRevocationList? list));
        Assert.True(SshCertificate.TryParse(TestKeys.Certificate(Key.PublicKey, Authority), out SshCertificate? certificate));
        Assert.True(list.IsRevoked(certificate));
    }

    private static byte[] Extension(bool critical) => new SshWriter().String("x@example.com").Byte(critical ? (byte)1 : (byte)0).String([]).ToArray();

    private static byte[] Certificates(byte section, byte[] data) => new SshWriter().String([]).String([]).Byte(section).String(data).ToArray();

    private static byte[] Krl(Action<SshWriter> sections)
    {
        SshWriter writer = new SshWriter().Raw("SSHKRL\n\0"u8).UInt32(1).UInt64(1).UInt64(0).UInt64(0).String([]).String([]);
        sections(writer);
        return writer.ToArray();
    }
}
