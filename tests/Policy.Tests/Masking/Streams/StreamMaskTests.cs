using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Masking.Streams;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Masking.Streams;

public class StreamMaskTests
{
    private const string Key = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEow+/==\nabcd\n-----END RSA PRIVATE KEY-----";
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

    private static readonly string[] Secrets =
    [
        "jane.doe@example.com", "éva@exämple.de", "4111111111111111", "4111-1111-1111-1111", "5500 0000 0000 0004", "3782 822463 10005", "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000",
        "123-45-6789", "AKIAIOSFODNN7EXAMPLE", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", Jwt, Key,
    ];

    [Theory]
    [InlineData("mail jane.doe@example.com.", "mail ‹email›.")]
    [InlineData("<jane@example.co.uk>,bob@b.io;", "<‹email›>,‹email›;")]
    [InlineData("a@b", "a@b")]
    [InlineData("x @example.com", "x @example.com")]
    [InlineData("root@10.0.0.1", "root@10.0.0.1")]
    [InlineData("éva@exämple.de", "‹email›")]
    [InlineData("4111111111111111", "‹credit-card›")]
    [InlineData("4111111111111112", "4111111111111112")]
    [InlineData("4111 1111 1111 1111 12/27", "‹credit-card› 12/27")]
    [InlineData("12 4111-1111-1111-1111", "12 ‹credit-card›")]
    [InlineData("3782 822463 10005", "‹credit-card›")]
    [InlineData("a4111111111111111", "a4111111111111111")]
    [InlineData("4111111111111111a", "4111111111111111a")]
    [InlineData("41111111111111114111111111111111", "41111111111111114111111111111111")]
    [InlineData("1700000000000 1700000000018", "1700000000000 1700000000018")]
    [InlineData("GB82 WEST 1234 5698 7654 32", "‹iban›")]
    [InlineData("GB82WEST12345698765432.", "‹iban›.")]
    [InlineData("GB82WEST12345698765433", "GB82WEST12345698765433")]
    [InlineData("XX82WEST12345698765432", "XX82WEST12345698765432")]
    [InlineData("ssn 123-45-6789", "ssn ‹us-ssn›")]
    [InlineData("000-45-6789 666-45-6789 923-45-6789 123-00-6789 123-45-0000", "000-45-6789 666-45-6789 923-45-6789 123-00-6789 123-45-0000")]
    [InlineData("2024-05-15", "2024-05-15")]
    [InlineData("AKIAIOSFODNN7EXAMPLE", "‹aws-key›")]
    [InlineData("AKIAIOSFODNN7EXAMPLEX", "AKIAIOSFODNN7EXAMPLEX")]
    [InlineData("token=ghp_abcdefghijklmnopqrstuvwxyz0123456789&", "token=‹access-token›&")]
    [InlineData("Bearer " + Jwt + "\nnext", "Bearer [redacted]\nnext")]
    [InlineData("eyJ.eyJ.x eyJhbGciOiJIUzI1NiJ9 eyJhbGciOiJIUzI1NiJ9.x", "eyJ.eyJ.x eyJhbGciOiJIUzI1NiJ9 eyJhbGciOiJIUzI1NiJ9.x")]
    [InlineData("eyJhbGciOiJkaXIiLCJlbmMi..abc.def.ghi!", "[redacted]!")]
    [InlineData("$ cat k\n" + Key + "\n$ ls", "$ cat k\n[redacted]\n$ ls")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIE\n$ never ended", "[redacted]$ never ended")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----")]
    [InlineData("4111\e[31m1111\e[0m11111111", "‹credit-card›\e[31m\e[0m")]
    [InlineData("jane@\e]0;a title\aexample.com", "‹email›\e]0;a title\a")]
    [InlineData("\e]0;jane@example.com\a", "\e]0;‹email›\a")]
    [InlineData("\e]2;unended jane@example.com", "\e]2;unended ‹email›")]
    [InlineData("\e[123-45-6789 q", "\e[‹us-ssn› q")]
    [InlineData("\e[1mBearer \e[2m" + Jwt + "\e[0m.", "\e[1mBearer \e[2m[redacted]\e[0m")]
    [InlineData("4111\011111111111\u007f1", "‹credit-card›\0\u007f")]
    [InlineData("4111\r111111111111", "4111\r111111111111")]
    public void What_is_found_is_replaced_and_all_else_stays(string text, string expected)
    {
        Assert.Equal(expected, Mask(text, [text.Length * 4]));
        Assert.Equal(expected, Mask(text, [1]));
    }

    private static readonly Gen<string> Noise = Gen.OneOf(
        Gen.OneOf("total 48", "-rw-r--r-- 1 root root 4096 May 15 12:00 a.txt", "\r\n", "$ ", "12.5%", "@", ".com", "4111 1111 ", "eyJ", "-----BEGIN ", "GB82 ", "AKIA", "user@host:~", "\e[", "\e]0;", "\e", "\a", "€é"),
        Gen.String[Gen.Char[(char)9, (char)126], 0, 30]);

    private static readonly Gen<string> Sequence = Gen.OneOf("\e[0m", "\e[1;31m", "\e[38;2;25;25;25m", "\e[K", "\e]0;t\a", "\e(B", "\0");

    private static readonly Gen<string> Plain = Gen.OneOf(
        Gen.Const("Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n"),
        Gen.OneOf("total 48\n", "drwxr-xr-x 2 root root 4096 2024-05-15 12:00 bin\n", "192.168.1.1 - - [10/Oct/2024:13:55:36] \"GET / HTTP/1.1\" 200 2326\n", "\e[1;31mERROR\e[0m x=0x1F\n", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n", "pid 4111 1111 ok\n", "a\0b\0c\u007f\n", "ünïcödé – “text”\n"));

    [Fact]
    public void It_does_not_matter_where_the_stream_is_cut() =>
        Gen.Select(Gen.OneOf(Noise, Gen.OneOf(Secrets), Sequence).Array[1, 12], Gen.Int[1, 60].Array[1, 5]).Sample(
            (parts, cuts) =>
            {
                string text = string.Concat(parts);
                Assert.Equal(Mask(text, [int.MaxValue]), Mask(text, cuts));
            },
            iter: 1000);

    [Fact]
    public void Text_without_a_finding_is_not_changed() =>
        Gen.Select(Plain.Array[1, 300], Gen.Int[1, 5000].Array[1, 5]).Sample(
            (parts, cuts) =>
            {
                string text = string.Concat(parts);
                Assert.Equal(text, Mask(text, cuts));
            },
            iter: 60);

    [Fact]
    public void No_finding_survives_wherever_it_is_cut_and_whatever_stands_within() =>
        Gen.Select(Gen.OneOf(Secrets), Plain.Array[0, 3], Sequence.Array[1, 4], Gen.Int[1, 40].Array[1, 5], Gen.Int[1, 5]).Sample(
            (secret, around, sequences, cuts, every) =>
            {
                StringBuilder hidden = new();
                for (int i = 0; i < secret.Length; i++)
                    hidden.Append(secret[i]).Append(i % every == 0 && i < secret.Length - 1 ? sequences[i % sequences.Length] : "");
                string masked = Mask($"{string.Concat(around)} {hidden} {string.Concat(around)}", cuts);
                string seen = Regex.Replace(masked, "\e\\[[0-9;]*[A-Za-z]|\e\\][^\a]*\a|\e\\(B|\0", "");
                foreach (string part in secret.Split('\n'))
                    Assert.DoesNotContain(part.Length > 3 ? part : secret, seen, StringComparison.Ordinal);
                foreach (string sequence in sequences.Where(s => hidden.ToString().Contains(s, StringComparison.Ordinal)))
                    Assert.Contains(sequence, masked, StringComparison.Ordinal);
            },
            iter: 1000);

    [Fact]
    public void Any_bytes_pass_and_what_is_held_back_is_bounded() =>
        Gen.Byte.Array[0, 30_000].Sample(
            bytes =>
            {
                StreamMask mask = Make();
                byte[] output = new byte[mask.MaxLength(bytes.Length)];
                int written = mask.Mask(bytes, output, flush: false);
                Assert.InRange(mask.MaxLength(0), 0, 3 * 6000);
                written += mask.Mask([], output.AsSpan(written), flush: true);
                Assert.True(written > 0 || bytes.Length == 0);
                Assert.Equal(67, mask.MaxLength(0));
            },
            iter: 60);

    [Theory]
    [InlineData("jane@exampl")]
    [InlineData("4111 1111")]
    [InlineData("\e]0;titl")]
    public void A_flush_holds_nothing_back(string text)
    {
        StreamMask mask = Make();
        byte[] output = new byte[1000];
        int held = mask.Mask(Encoding.UTF8.GetBytes(text), output, flush: false);
        Assert.True(held < text.Length);
        int rest = mask.Mask([], output.AsSpan(held), flush: true);
        Assert.Equal(text, Encoding.UTF8.GetString(output, 0, held + rest));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        StreamMask mask = Make();
        byte[] input = Encoding.UTF8.GetBytes(string.Concat(Secrets) + "\e[1mplain\n" + string.Join(' ', Secrets));
        byte[] output = new byte[mask.MaxLength(input.Length) * 2];
        mask.Mask(input, output, flush: true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            mask.Mask(input, output, flush: i % 2 == 0);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Documents_name_detectors_and_the_strictest_strategy_counts()
    {
        const string A = "policy: a\nmask: [{id: m, detect: [email, credit-card], with: last4}]";
        const string B = "policy: b\nmask: [{id: m, detect: [email], with: email}, {id: n, detect: [iban], with: hash}]";
        MaskPlan plan = Load(A, B).Open(Facts()).Masks!;
        Assert.Null(plan.Computed);
        IStreamMask mask = plan.OpenStream()!;
        byte[] output = new byte[1000];
        int written = mask.Mask("jane@example.com 4111111111111111 123-45-6789 DE89370400440532013000"u8, output, flush: true);
        Assert.Matches("^\\*{12}.com \\*{12}1111 123-45-6789 [0-9a-f]{16}$", Encoding.UTF8.GetString(output, 0, written));
        Assert.Null(Load("policy: a\nmask: [{id: m, columns: [a.b.c], with: email}]").Open(Facts()).Masks!.OpenStream());
        Assert.NotSame(plan.OpenStream(), plan.OpenStream());
    }

    private static string Mask(string text, int[] cuts)
    {
        StreamMask mask = Make();
        byte[] input = Encoding.UTF8.GetBytes(text);
        List<byte> output = [];
        int at = 0;
        for (int i = 0; at < input.Length; i++)
        {
            int take = Math.Min(cuts[i % cuts.Length], input.Length - at);
            byte[] room = new byte[mask.MaxLength(take)];
            output.AddRange(room[..mask.Mask(input.AsSpan(at, take), room, flush: false)]);
            at += take;
        }

        byte[] last = new byte[mask.MaxLength(0)];
        output.AddRange(last[..mask.Mask([], last, flush: true)]);
        return Encoding.UTF8.GetString([.. output]);
    }

    private static StreamMask Make() => new([.. Detectors.Words.Values], [.. Detectors.Words.Keys.Select(w => new NamedMask(w))]);

    private sealed class NamedMask(string name) : IFieldMask
    {
        private readonly byte[] _word = Encoding.UTF8.GetBytes($"‹{name}›");

        public string Strategy => name;

        public int MaxLength(int length) => _word.Length;

        public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
        {
            written = _word.Length;
            _word.CopyTo(destination);
            return true;
        }
    }
}
