using System.Text;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Audit;

public sealed class AuditChainTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory["audit/audit.jsonl"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Lines_follow_from_each_other_over_openings_and_files()
    {
        Append(3);
        Append(2);
        Assert.Empty(Verify());
        Assert.Equal(5, Lines().Length);
        File.Move(FilePath, FilePath + ".1");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath + ".1"));
    }

    [Fact]
    public void Two_who_write_the_same_file_make_one_chain()
    {
        using var one = new AuditFile(FilePath, AuditChain.Start);
        using var two = new AuditFile(FilePath, AuditChain.Start);
        Parallel.For(0, 40, i =>
        {
            AuditFile file = i % 2 == 0 ? one : two;
            lock (file)
                Append(file, 5);
        });
        Assert.Empty(Verify());
        Assert.Equal(200, Lines().Length);
    }

    [Fact]
    public void Whatever_is_done_to_a_line_shows()
    {
        Append(6);
        string[] good = Lines();
        for (int i = 0; i < good.Length - 1; i++)
        {
            string[] changed = [.. good];
            changed[i] = changed[i].Replace("\"outcome\":\"success\"", "\"outcome\":\"refused\"", StringComparison.Ordinal);
            Assert.NotEmpty(Verify(changed));
            Assert.NotEmpty(Verify([.. good[..(i + 1)], .. good[i..]]));
        }

        for (int i = 1; i < good.Length - 1; i++)
            Assert.NotEmpty(Verify([.. good[..i], .. good[(i + 1)..]]));
        Assert.NotEmpty(Verify([good[1], good[0], .. good[2..]]));
    }

    [Fact]
    public void A_line_torn_by_a_crash_shows_and_the_chain_goes_on()
    {
        Append(2);
        string[] before = Lines();
        File.WriteAllText(FilePath, before[0] + "\n" + before[1][..20]);
        Append(2);
        (long line, string what) = Assert.Single(Verify());
        Assert.Equal(2, line);
        Assert.Contains("torn", what, StringComparison.Ordinal);
    }

    [Fact]
    public void No_value_can_forge_a_line()
    {
        using (var file = new AuditFile(FilePath, AuditChain.Start))
        {
            const string Evil = "a\nb\r\0\u202e\"} {\u2028\ud800";
            var audit = new AuditEvent("x", new AuditActor(Evil, Evil, [Evil])) { Reason = Evil, Details = new Dictionary<string, string> { [Evil] = Evil } };
            Append(file, audit);
        }

        string line = Assert.Single(Lines());
        Assert.DoesNotContain(line, c => char.IsControl(c) || !char.IsAscii(c));
        Assert.Equal("a\nb\r\ufffd\u202e\"} {\u2028\ufffd", AuditLine.Read(Encoding.UTF8.GetBytes(line)).Actor);
    }

    [Fact]
    public void A_value_is_cut_where_it_gets_too_long()
    {
        using (var file = new AuditFile(FilePath, AuditChain.Start))
            Append(file, new AuditEvent("x", null) { Reason = new string('a', 4095) + "😀" + new string('b', 100_000) });
        Assert.InRange(Assert.Single(Lines()).Length, 4000, 5000);
    }

    private static void Append(AuditFile file, AuditEvent audit) => file.Append(
        (chain, lines) =>
        {
            AuditLine.Write(lines, audit, Guid.NewGuid(), DateTimeOffset.UtcNow, "n", chain.Sequence + 1, chain.Hash);
            chain = AuditChain.Of(chain.Sequence + 1, lines.WrittenSpan);
            lines.GetSpan(1)[0] = (byte)'\n';
            lines.Advance(1);
            return chain;
        },
        flush: true);

    private static void Append(AuditFile file, int count)
    {
        for (int i = 0; i < count; i++)
            Append(file, new AuditEvent("test.event", null));
    }

    private static IReadOnlyList<(long Line, string What)> Verify(IEnumerable<string> lines) =>
        [.. AuditChain.Verify(lines.Select(l => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(l)))];

    private void Append(int count)
    {
        using var file = new AuditFile(FilePath, AuditChain.Start);
        Append(file, count);
    }

    private IReadOnlyList<(long Line, string What)> Verify() => Verify(Lines());

    private string[] Lines() => File.ReadAllLines(FilePath);
}
