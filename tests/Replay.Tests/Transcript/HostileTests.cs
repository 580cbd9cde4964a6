using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Replay.Tests.Transcript;

/// <summary>Bytes that want to harm whoever reads them.</summary>
public sealed class HostileTests
{
    public static TheoryData<string> Chunkings => Script.Chunkings;

    public static TheoryData<uint> Lengths => [0, 1, 2, 3, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff];

    [Theory, MemberData(nameof(Lengths))]
    public void An_impossible_length_ends_its_direction(uint length)
    {
        foreach (Direction direction in new[] { Direction.FromClient, Direction.ToClient })
        {
            List<PgTranscriptEntry> entries = new Script().Add(direction, [(byte)'E', .. Script.Int32((int)length)]).Play("whole");
            var malformed = Assert.IsType<PgMalformedEntry>(Assert.Single(entries));
            Assert.True(malformed.Stopped);
            Assert.Equal(direction, malformed.Direction);
            Assert.Equal(5, malformed.Offset);
        }
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void After_one_direction_is_lost_the_other_goes_on(string chunking)
    {
        List<PgTranscriptEntry> entries = new Script().Query("select 1").Client('?', []).Complete("SELECT 1").Ready().Query("never read").Play(chunking);
        Assert.IsType<PgMalformedEntry>(entries[0]);
        Assert.Equal(PgOutcome.Completed, Assert.IsType<PgStatementEntry>(entries[1]).Outcome);
        Assert.Equal(2, entries.Count);
    }

    [Theory]
    [InlineData('Q', "no zero")]
    [InlineData('P', "name\0text\0")]
    [InlineData('B', "\0\0")]
    [InlineData('E', "portal\0")]
    [InlineData('D', "Xname\0")]
    [InlineData('S', "x")]
    public void A_body_that_is_not_its_type_s_ends_the_client_s_direction(char type, string body)
    {
        List<PgTranscriptEntry> entries = new Script().Client(type, Script.Bytes(body)).Play("whole");
        Assert.True(Assert.IsType<PgMalformedEntry>(Assert.Single(entries)).Stopped);
    }

    [Theory]
    [InlineData('T', "\0\u0001a\0")]
    [InlineData('E', "Sno end")]
    [InlineData('C', "no zero")]
    [InlineData('Z', "II")]
    [InlineData('1', "x")]
    [InlineData('?', "")]
    public void A_body_that_is_not_its_type_s_ends_the_server_s_direction(char type, string body)
    {
        List<PgTranscriptEntry> entries = new Script().Server(type, Script.Bytes(body)).Play("whole");
        Assert.Contains(entries, entry => entry is PgMalformedEntry { Stopped: true });
    }

    [Fact]
    public void A_long_text_keeps_its_head()
    {
        var limits = new PgTranscriptLimits { TextBytes = 100 };
        Script script = new Script().Query(new string('q', 1000)).Complete("X").Ready().Query(new string('q', 100)).Complete("X").Ready();
        PgStatementEntry[] statements = [.. script.Play("random", limits).Cast<PgStatementEntry>()];
        Assert.True(statements[0].TextTruncated);
        Assert.InRange(statements[0].Text.Length, 100, 101);
        Assert.False(statements[1].TextTruncated);
        Assert.Equal(100, statements[1].Text.Length);
    }

    [Fact]
    public void A_parameter_of_a_gigabyte_is_not_held()
    {
        const int Size = 1_000_000_000;
        var transcript = new PgTranscript();
        byte[] head =
        [
            (byte)'B', .. Script.Int32(4 + 2 + 2 + 2 + 4 + Size + 4 + 1 + 2),
            0, 0, 0, 0, .. Script.Int16(2), .. Script.Int32(Size),
        ];
        transcript.Feed(Direction.FromClient, Script.Message('P', [.. Script.Text(""), .. Script.Text("insert"), 0, 0]), Script.Start);
        transcript.Feed(Direction.FromClient, head, Script.Start);
        byte[] piece = new byte[1 << 20];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int left = Size; left > 0; left -= piece.Length)
            transcript.Feed(Direction.FromClient, piece.AsSpan(0, Math.Min(left, piece.Length)), Script.Start);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        transcript.Feed(Direction.FromClient, [.. Script.Int32(1), (byte)'x', 0, 0], Script.Start);
        transcript.Feed(Direction.FromClient, [.. Script.Message('E', [0, 0, 0, 0, 0]), .. Script.Message('S', [])], Script.Start);
        foreach (string reply in new[] { "1", "2", "C", "Z" })
            transcript.Feed(Direction.ToClient, Script.Message(reply[0], reply switch { "C" => Script.Text("INSERT 0 1"), "Z" => [(byte)'I'], _ => [] }), Script.Start);
        Assert.True(transcript.TryTake(out PgTranscriptEntry? entry));
        var statement = Assert.IsType<PgStatementEntry>(entry);
        Assert.Equal((Size, true), (statement.Parameters[0].Length, statement.Parameters[0].Truncated));
        Assert.Equal("x", statement.Parameters[1].Value);
    }

    [Fact]
    public void Any_bytes_are_read_without_an_exception() =>
        Gen.Select(Gen.Bool, Gen.Byte.Array[0, 40]).Array[0, 30].Sample(
            pieces =>
            {
                var script = new Script();
                foreach ((bool fromClient, byte[] bytes) in pieces)
                    script.Add(fromClient ? Direction.FromClient : Direction.ToClient, bytes);
                script.Play("whole", new PgTranscriptLimits { Rows = 3 });
            },
            iter: 3000);

    [Fact]
    public void Any_messages_in_any_order_are_read_alike_at_every_chunking() =>
        Gen.Int[0, 23].Array[0, 60].Sample(
            choices =>
            {
                var script = new Script();
                foreach (int choice in choices)
                    Choose(script, choice);
                var limits = new PgTranscriptLimits { Rows = 2 };
                string whole = Describe(script.Play("whole", limits));
                return whole == Describe(script.Play("one byte", limits)) && whole == Describe(script.Play("random", limits));
            },
            iter: 2000);

    [Fact]
    public void A_damaged_conversation_is_read_without_an_exception()
    {
        Script script = new();
        for (int choice = 0; choice <= 23; choice++)
            Choose(script, choice);
        var random = new Random(5);
        for (int round = 0; round < 3000; round++)
        {
            var damaged = new Script();
            foreach ((Direction direction, byte[] bytes) in script.Messages)
            {
                byte[] copy = (byte[])bytes.Clone();
                if (random.Next(4) == 0)
                    copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
                damaged.Add(direction, copy);
            }

            damaged.Play("random", new PgTranscriptLimits { Rows = 2 });
        }
    }

    private static Script Choose(Script script, int choice) => choice switch
    {
        0 => script.Query("select 1"),
        1 => script.Parse("s", "select $1", 23),
        2 => script.Parse("", "select 2"),
        3 => script.Bind("", "s", [1], [Script.Int32(7)], 1),
        4 => script.Bind("p", "", [], []),
        5 => script.DescribeStatement("s"),
        6 => script.DescribePortal("p"),
        7 => script.Execute(""),
        8 => script.Execute("p", 1),
        9 => script.CloseStatement("s"),
        10 => script.Sync(),
        11 => script.FunctionCall(1),
        12 => script.CopyIn(9),
        13 => script.CopyInDone(),
        14 => script.ParseComplete(),
        15 => script.BindComplete(),
        16 => script.Ready(),
        17 => script.Complete("SELECT 1"),
        18 => script.Columns(("a", 23, 1)),
        19 => script.ParameterTypes(23),
        20 => script.Row(Script.Int32(5)),
        21 => script.Error("42501", "no"),
        22 => script.Server('G', 0, 0, 0),
        _ => script.Server('s'),
    };

    private static string Describe(List<PgTranscriptEntry> entries) => string.Join('\n', entries.Select(entry => entry switch
    {
        PgStatementEntry statement => $"{statement.At:O} {statement.Step} {statement.Text} {statement.Outcome} {statement.Duration} {statement.Rows} "
            + $"{string.Join(',', statement.Parameters)} {string.Join(',', statement.Tags)} {statement.CopyInBytes} {string.Join('|', statement.FirstRows.Select(row => string.Join(',', row)))}",
        PgMalformedEntry malformed => $"malformed {malformed.Direction} {malformed.Reason}",
        _ => entry.ToString(),
    }));
}
