using System.Text;
using CsCheck;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

/// <summary>Valid samples with bytes changed, cut out and put in: whatever comes, a parser answers and never throws.</summary>
public sealed class KeyMutationTests
{
    private static readonly SshPrivateKey Authority = TestKeys.Of(SshKeyTypes.Ed25519, "authority");
    private static readonly string[] Types = [SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256, SshKeyTypes.EcdsaP521, SshKeyTypes.Rsa];

    private static readonly byte[][] Samples =
    [
        .. Types.Select(type => TestKeys.Of(type).PublicBlob.ToArray()),
        .. Types.Select(type => TestKeys.Certificate(TestKeys.Of(type).PublicKey, Authority)),
        .. Types.Select(type => TestKeys.Of(type).Sign(TestKeys.Of(type).Algorithms[0], [1])),
        Krl(),
    ];

    private static readonly Gen<(byte[] Sample, int Index)> Mutated =
        from index in Gen.Int[0, Samples.Length - 1]
        from at in Gen.Int[0, Samples[index].Length - 1]
        from kind in Gen.Int[0, 3]
        from value in Gen.Byte
        from more in Gen.Byte.Array[0, 8]
        select (Mutate(Samples[index], at, kind, value, more), index);

    [Fact]
    public void Hostile_bytes_are_answered() => Mutated.Sample(
        sample =>
        {
            byte[] bytes = sample.Sample;
            if (SshPublicKey.TryParse(bytes, out SshPublicKey? key))
                Assert.Equal(bytes, key.Blob.ToArray());
            if (SshCertificate.TryParse(bytes, out SshCertificate? certificate))
                KeyRevocationList.Empty.IsRevoked(certificate);
            KeyRevocationList.TryParse(bytes, out _);
            foreach (string type in Types)
            {
                SshPrivateKey signer = TestKeys.Of(type);
                if (SshSignature.Verify(signer.PublicBlob.Span, bytes, [1], signer.Algorithms[0]))
                    Assert.Equal(signer.Algorithms[0], new SshReader(bytes).ReadText(64));
            }
        },
        iter: 3000);

    [Fact]
    public void Hostile_lines_are_answered() => Gen.Select(Gen.Int[0, 3], Gen.Int[0, 400], Gen.Char, Gen.Int[0, 2]).Sample(
        (which, at, value, kind) =>
        {
            string key = TestKeys.Of(SshKeyTypes.Ed25519).PublicKey.ToString();
            string line = which switch
            {
                0 => "restrict,command=\"a \\\" b\",from=\"10.0.0.0/8,*\" " + key + " c",
                1 => "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= " + key,
                2 => "@cert-authority [*.example.com]:22,!b " + key,
                _ => key + " comment",
            };
            at %= line.Length;
            string text = kind switch { 0 => line[..at] + value + line[(at + 1)..], 1 => line.Remove(at), _ => line.Insert(at, new string(value, 3)) };
            AuthorizedKey.TryParse(text, out _, out _);
            SshPublicKey.TryParseLine(text, out _, out _);
            KnownHosts.Parse(text).For("a.example.com", 22);
        },
        iter: 3000);

    [Fact]
    public void Hostile_private_keys_are_refused_by_one_exception() => Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5000], Gen.Byte).Sample(
        (which, at, value) =>
        {
            // The container is changed beneath the base64, where the fields are.
            byte[] file = TestKeys.Of(new[] { SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256, SshKeyTypes.Rsa }[which]).Write();
            string[] lines = Encoding.ASCII.GetString(file).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            byte[] inner = Convert.FromBase64String(string.Concat(lines[1..^1]));
            inner[at % inner.Length] ^= value;
            byte[] changed = Encoding.ASCII.GetBytes($"{lines[0]}\n{Convert.ToBase64String(inner)}\n{lines[^1]}\n");
            try
            {
                SshPrivateKey.Load(changed);
            }
            catch (FormatException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
        },
        iter: 600);

    private static byte[] Mutate(byte[] sample, int at, int kind, byte value, byte[] more) => kind switch
    {
        0 => [.. sample[..at], value, .. sample[(at + 1)..]],
        1 => sample[..at],
        2 => [.. sample[..at], .. more, .. sample[at..]],
        _ => [.. sample[..at], .. sample[Math.Min(sample.Length, at + 1 + more.Length)..]],
    };

    private static byte[] Krl()
    {
        byte[] certificates = new SshWriter().String(Authority.PublicBlob.Span).String([])
            .Byte(0x20).String(new SshWriter().UInt64(1).UInt64(5).Written)
            .Byte(0x21).String(new SshWriter().UInt64(10).UInt64(50).Written)
            .Byte(0x22).String(new SshWriter().UInt64(100).String([0x55, 0xAA]).Written)
            .Byte(0x23).String(new SshWriter().String("id").Written).ToArray();
        return new SshWriter().Raw("SSHKRL\n\0"u8).UInt32(1).UInt64(1).UInt64(0).UInt64(0).String([]).String([])
            .Byte(1).String(certificates)
            .Byte(2).String(new SshWriter().String(Authority.PublicBlob.Span).Written)
            .Byte(5).String(new SshWriter().String(new byte[32]).Written).ToArray();
    }
}
