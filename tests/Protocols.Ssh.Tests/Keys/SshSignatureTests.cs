using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

public sealed class SshSignatureTests(SshKeygen keygen) : IClassFixture<SshKeygen>
{
    private static readonly byte[] Data = "what is signed"u8.ToArray();

    public static TheoryData<string> Types => [SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256, SshKeyTypes.EcdsaP384, SshKeyTypes.EcdsaP521, SshKeyTypes.Rsa];

    [Theory]
    [MemberData(nameof(Types))]
    public void What_we_sign_we_verify_and_nothing_else(string type)
    {
        SshPrivateKey key = TestKeys.Of(type), other = SshPrivateKey.Generate(type == SshKeyTypes.Rsa ? SshKeyTypes.Ed25519 : type);
        foreach (string algorithm in key.Algorithms)
        {
            byte[] signature = key.Sign(algorithm, Data);
            Assert.True(SshSignature.Verify(key.PublicBlob.Span, signature, Data, algorithm));
            Assert.False(SshSignature.Verify(key.PublicBlob.Span, signature, [.. Data, 0], algorithm));
            Assert.False(SshSignature.Verify(key.PublicBlob.Span, [.. signature, 0], Data, algorithm));
            Assert.False(SshSignature.Verify(key.PublicBlob.Span, signature, Data, "ssh-rsa"));
            Assert.False(SshSignature.Verify(key.PublicBlob.Span, signature, Data, SshKeyTypes.Certified(algorithm)));
            Assert.False(SshSignature.Verify(other.PublicBlob.Span, signature, Data, algorithm));
            for (int i = 0; i < signature.Length; i++)
            {
                signature[i] ^= 0x40;
                Assert.False(SshSignature.Verify(key.PublicBlob.Span, signature, Data, algorithm));
                signature[i] ^= 0x40;
            }
        }
    }

    [Theory]
    [InlineData("ed25519", 0)]
    [InlineData("ecdsa", 256)]
    [InlineData("ecdsa", 384)]
    [InlineData("ecdsa", 521)]
    [InlineData("rsa", 2048)]
    public void What_OpenSSH_signs_is_verified(string type, int bits)
    {
        string path = keygen.Key("sign-" + type + bits, type, bits == 0 ? null : bits);
        string message = keygen.At("message-" + type + bits);
        File.WriteAllBytes(message, Data);
        keygen.Run("-Y", "sign", "-f", path, "-n", "test", message);

        // PROTOCOL.sshsig: the signature stands last, and what is signed is made of the fields before it.
        string[] lines = File.ReadAllLines(message + ".sig");
        byte[] blob = Convert.FromBase64String(string.Concat(lines[1..^1]));
        var reader = new SshReader(blob.AsSpan(6));
        Assert.Equal(1u, reader.ReadUInt32());
        ReadOnlySpan<byte> key = reader.ReadString();
        reader.ReadText(16);
        reader.ReadString();
        Assert.Equal("sha512", reader.ReadText(16));
        ReadOnlySpan<byte> signature = reader.ReadString();
        Assert.True(reader.AtEnd);
        byte[] signed = new SshWriter().Raw("SSHSIG"u8).String("test").String("").String("sha512").String(SHA512.HashData(Data)).ToArray();

        string algorithm = type == "rsa" ? SshKeyTypes.RsaSha512 : File.ReadAllText(path + ".pub").Split(' ')[0];
        Assert.True(SshSignature.Verify(key, signature, signed, algorithm));
        if (type == "rsa")
            Assert.False(SshSignature.Verify(key, signature, signed, SshKeyTypes.RsaSha256));
    }

    [Fact]
    public void Rsa_with_SHA1_is_taken_by_no_name()
    {
        using var rsa = RSA.Create(2048);
        RSAParameters parts = rsa.ExportParameters(false);
        byte[] blob = SshPublicKey.Build(SshKeyTypes.Rsa, parts.Exponent, parts.Modulus);
#pragma warning disable CA5350 // what must be refused
        byte[] sha1 = rsa.SignData(Data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);
#pragma warning restore CA5350
        foreach (string named in new[] { "ssh-rsa", SshKeyTypes.RsaSha256, SshKeyTypes.RsaSha512 })
        {
            foreach (string expected in new[] { "ssh-rsa", SshKeyTypes.RsaSha256, SshKeyTypes.RsaSha512 })
                Assert.False(SshSignature.Verify(blob, new SshWriter().String(named).String(sha1).Written, Data, expected));
        }
    }

    [Theory]
    [InlineData(SshKeyTypes.SkEd25519)]
    [InlineData(SshKeyTypes.SkEcdsaP256)]
    public void A_FIDO_key_must_have_been_touched(string type)
    {
        SshPrivateKey inner = TestKeys.Of(type == SshKeyTypes.SkEd25519 ? SshKeyTypes.Ed25519 : SshKeyTypes.EcdsaP256);
        Assert.True(SshPublicKey.TryParse(SshPublicKey.Build(type, inner.PublicKey.Material, [], "ssh:"), out SshPublicKey? key));
        Assert.True(key.IsSecurityKey);

        Assert.True(SshSignature.Verify(key, Touch(inner, type, 1, "ssh:"), Data, type, out SshSignatureFacts facts));
        Assert.Equal(new SshSignatureFacts(Present: true, Verified: false, Counter: 7), facts);
        Assert.True(SshSignature.Verify(key, Touch(inner, type, 5, "ssh:"), Data, type, out facts));
        Assert.Equal(new SshSignatureFacts(Present: true, Verified: true, Counter: 7), facts);

        Assert.False(SshSignature.Verify(key, Touch(inner, type, 0, "ssh:"), Data, type, out facts));
        Assert.Equal(default, facts);
        Assert.False(SshSignature.Verify(key, Touch(inner, type, 4, "ssh:"), Data, type, out _));
        Assert.False(SshSignature.Verify(key, Touch(inner, type, 1, "ssh:other"), Data, type, out _));
        byte[] promoted = Touch(inner, type, 0, "ssh:");
        promoted[^5] = 1;
        Assert.False(SshSignature.Verify(key, promoted, Data, type, out _));
        Assert.False(SshSignature.Verify(key, inner.Sign(inner.Algorithms[0], Data), Data, type, out _));
    }

    [Fact]
    public void A_certificate_s_signature_is_its_key_s()
    {
        SshPrivateKey key = TestKeys.Of(SshKeyTypes.Ed25519), authority = TestKeys.Of(SshKeyTypes.EcdsaP256);
        byte[] certificate = TestKeys.Certificate(key.PublicKey, authority);
        byte[] signature = key.Sign(SshKeyTypes.Ed25519, Data);

        Assert.True(SshSignature.Verify(certificate, signature, Data, "ssh-ed25519-cert-v01@openssh.com"));
        Assert.True(SshSignature.Verify(certificate, signature, Data, "ssh-ed25519"));
        Assert.False(SshSignature.Verify(certificate, authority.Sign(SshKeyTypes.EcdsaP256, Data), Data, "ssh-ed25519-cert-v01@openssh.com"));
        Assert.False(SshSignature.Verify(certificate, authority.Sign(SshKeyTypes.EcdsaP256, Data), Data, SshKeyTypes.EcdsaP256));
    }

    private static byte[] Touch(SshPrivateKey inner, string type, byte flags, string application)
    {
        byte[] counter = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(counter, 7);
        byte[] signed = [.. SHA256.HashData(Encoding.UTF8.GetBytes(application)), flags, .. counter, .. SHA256.HashData(Data)];
        var reader = new SshReader(inner.Sign(inner.Algorithms[0], signed));
        reader.ReadString();
        return new SshWriter().String(type).String(reader.ReadString()).Byte(flags).Raw(counter).ToArray();
    }
}
