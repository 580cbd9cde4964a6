using System.Globalization;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

public sealed class SshPublicKeyTests(SshKeygen keygen) : IClassFixture<SshKeygen>
{
    public static TheoryData<string, int> Types => new()
    {
        { "ed25519", 0 },
        { "ecdsa", 256 },
        { "ecdsa", 384 },
        { "ecdsa", 521 },
        { "rsa", 2048 },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void A_key_of_ssh_keygen_is_read_and_has_its_fingerprint(string type, int bits)
    {
        string path = Make(type, bits);
        string line = File.ReadAllText(path + ".pub");

        Assert.True(SshPublicKey.TryParseLine(line, out SshPublicKey? key, out string comment));

        Assert.Equal("comment of " + Path.GetFileName(path), comment);
        Assert.Equal(line.Split(' ')[0], key.Type);
        Assert.Equal(keygen.Run("-l", "-f", path + ".pub").Split(' ')[1], key.Fingerprint);
        Assert.StartsWith(key.ToString() + " ", line);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Not_one_byte_more_or_less_is_a_key(string type, int bits)
    {
        byte[] blob = SshKeygen.Blob(Make(type, bits) + ".pub");
        Assert.True(SshPublicKey.TryParse(blob, out _));
        for (int length = 0; length < blob.Length; length++)
            Assert.False(SshPublicKey.TryParse(blob.AsSpan(0, length), out _));
        Assert.False(SshPublicKey.TryParse([.. blob, 0], out _));
    }

    [Theory]
    [InlineData(256)]
    [InlineData(384)]
    [InlineData(521)]
    public void A_point_beside_the_curve_is_no_key(int bits)
    {
        byte[] blob = SshKeygen.Blob(Make("ecdsa", bits) + ".pub");
        blob[^1] ^= 1;
        Assert.False(SshPublicKey.TryParse(blob, out _));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(0)]
    public void An_Ed25519_key_has_32_bytes(int length) =>
        Assert.False(SshPublicKey.TryParse(new SshWriter().String(SshKeyTypes.Ed25519).String(new byte[length]).Written, out _));

    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")] // the neutral element: every signature with S = 0 would be its own
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")] // of order 4
    [InlineData("ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F")] // of order 2
    public void An_Ed25519_key_of_small_order_is_no_key(string point) =>
        Assert.False(SshPublicKey.TryParse(new SshWriter().String(SshKeyTypes.Ed25519).String(Convert.FromHexString(point)).Written, out _));

    [Theory]
    [InlineData(2047, "010001", false)]
    [InlineData(2048, "010001", true)]
    [InlineData(2048, "03", true)]
    [InlineData(2048, "01", false)]
    [InlineData(2048, "010000", false)]
    [InlineData(2048, "010000000000000001", false)]
    [InlineData(16384, "010001", true)]
    [InlineData(16385, "010001", false)]
    public void Rsa_is_of_sane_size_with_a_sane_exponent(int bits, string exponent, bool good)
    {
        byte[] modulus = new byte[(bits + 7) / 8];
        modulus[0] = (byte)(1 << ((bits - 1) % 8));
        modulus[^1] = 1;
        Assert.Equal(good, SshPublicKey.TryParse(Rsa(Convert.FromHexString(exponent), modulus), out SshPublicKey? key));
        if (good)
            Assert.Equal(bits, key!.RsaBits);
    }

    [Fact]
    public void An_even_modulus_is_none()
    {
        byte[] modulus = new byte[256];
        modulus[0] = 0x80;
        Assert.False(SshPublicKey.TryParse(Rsa([1, 0, 1], modulus), out _));
    }

    [Fact]
    public void A_number_has_one_form()
    {
        byte[] modulus = new byte[256];
        modulus[0] = 0x80;
        modulus[^1] = 1;
        Assert.True(SshPublicKey.TryParse(new SshWriter().String("ssh-rsa").String([3]).String([0, .. modulus]).Written, out _));
        Assert.False(SshPublicKey.TryParse(new SshWriter().String("ssh-rsa").String([0, 3]).String([0, .. modulus]).Written, out _));
        Assert.False(SshPublicKey.TryParse(new SshWriter().String("ssh-rsa").String([3]).String([0, 0, .. modulus]).Written, out _));
        Assert.False(SshPublicKey.TryParse(new SshWriter().String("ssh-rsa").String([3]).String(modulus).Written, out _)); // negative
        Assert.False(SshPublicKey.TryParse(new SshWriter().String("ssh-rsa").String([]).String([0, .. modulus]).Written, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-ed25519 !!!!")]
    [InlineData("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ1AHeAPyOGJ5Ssbd7hbLHkk0GxDvFZuYfPpIfbmdRCZ")] // says rsa, is ed25519
    [InlineData("ssh-dss AAAAB3NzaC1kc3MAAACBAA==")]
    public void A_line_that_is_none_is_refused(string line) => Assert.False(SshPublicKey.TryParseLine(line, out _, out _));

    private string Make(string type, int bits) => keygen.Key(string.Create(CultureInfo.InvariantCulture, $"{type}{bits}"), type, bits == 0 ? null : bits);

    private static byte[] Rsa(byte[] exponent, byte[] modulus) => SshPublicKey.Build(SshKeyTypes.Rsa, exponent, modulus);
}
