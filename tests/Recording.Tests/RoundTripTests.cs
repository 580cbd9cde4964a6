using CsCheck;
using Sallyport.Contract;

namespace Sallyport.Recording.Tests;

public sealed class RoundTripTests
{
    [Fact]
    public async Task Everything_appended_is_read_back()
    {
        await using var bench = new Bench();
        SessionRecorder session = bench.Open();
        Assert.True(session.Data(Direction.FromClient, "update cards"u8));
        Assert.True(Sample.Deny(session, "update cards"u8));
        Assert.True(session.Event("masked", "shop.cards.number by last4"));
        Assert.True(session.Data(Direction.ToClient, "no"u8));
        await session.CompleteAsync(new SessionEnd(SessionSide.Target, SessionStage.Ready, "lost", "08006", "gone"));

        Played played = Played.Read(bench.Sink.Bytes);
        Assert.Equal(VerifyOutcome.Intact, played.Report.Outcome);
        Assert.Equal("update cards"u8, played.FromClient.ToArray());
        Assert.Equal("no"u8, played.ToClient.ToArray());
        Assert.Equal(new EventRecord("masked", "shop.cards.number by last4"), Assert.Single(played.Events));
        Assert.Equal(new SessionEnd(SessionSide.Target, SessionStage.Ready, "lost", "08006", "gone"), played.Report.SessionEnd);
        AssertDecision(Assert.Single(played.Decisions));
        AssertFacts(Sample.Facts(), played.Report.Facts);
        Assert.Equal(played.Times.Order(), played.Times);
    }

    [Fact]
    public void Any_appends_come_back_as_the_same_bytes_in_order() =>
        Gen.Select(Gen.Bool, Gen.Byte.Array[0, 3000], Gen.Int[0, 9]).Array[0, 60].Sample(
            appends =>
            {
                using var from = new MemoryStream();
                using var to = new MemoryStream();
                byte[] file = Record(appends, from, to).GetAwaiter().GetResult();
                Played played = Played.Read(file);
                return played.Report.Outcome == VerifyOutcome.Intact
                    && played.FromClient.ToArray().AsSpan().SequenceEqual(from.ToArray())
                    && played.ToClient.ToArray().AsSpan().SequenceEqual(to.ToArray());
            },
            iter: 200);

    [Fact]
    public async Task A_piece_larger_than_many_chunks_comes_back_whole()
    {
        byte[] large = new byte[3_000_000];
        new Random(1).NextBytes(large);
        await using var bench = new Bench();
        SessionRecorder session = bench.Open();
        session.Data(Direction.ToClient, large);
        await session.ReadyAsync(default);
        await session.CompleteAsync(Sample.End());

        Played played = Played.Read(bench.Sink.Bytes);
        Assert.Equal(VerifyOutcome.Intact, played.Report.Outcome);
        Assert.True(played.Report.ProvenChunks > 20);
        Assert.True(large.AsSpan().SequenceEqual(played.ToClient.ToArray()));
    }

    [Fact]
    public async Task A_decision_keeps_the_head_of_a_long_text_and_says_so()
    {
        await using var bench = new Bench(Sample.Options() with { ChunkBytes = 4096, DecisionTextBytes = 20_000 });
        SessionRecorder session = bench.Open();
        Sample.Deny(session, new byte[100_000].AsSpan());
        await session.CompleteAsync(Sample.End());

        DecisionRecord decision = Assert.Single(Played.Read(bench.Sink.Bytes).Decisions);
        Assert.Equal(20_000, decision.Text.Length);
        Assert.Equal(100_000, decision.TextLength);
        Assert.True(decision.TextTruncated);
    }

    [Fact]
    public async Task Times_count_from_the_start_of_the_recording()
    {
        var time = new ManualTime();
        await using var bench = new Bench(time: time);
        SessionRecorder session = bench.Open();
        time.Advance(TimeSpan.FromMilliseconds(1500));
        session.Event("a", "");
        time.Advance(TimeSpan.FromHours(30));
        session.Event("b", "");
        await session.CompleteAsync(Sample.End());

        Played played = Played.Read(bench.Sink.Bytes);
        Assert.Equal(ManualTime.Start, played.Times[0]);
        Assert.Equal(ManualTime.Start.AddMilliseconds(1500), played.Times[1]);
        Assert.Equal(ManualTime.Start.AddMilliseconds(1500).AddHours(30), played.Times[2]);
    }

    private static async Task<byte[]> Record((bool FromClient, byte[] Bytes, int Other)[] appends, MemoryStream from, MemoryStream to)
    {
        await using var bench = new Bench(Sample.Options() with { ChunkBytes = 4096 });
        SessionRecorder session = bench.Open();
        foreach ((bool fromClient, byte[] bytes, int other) in appends)
        {
            (fromClient ? from : to).Write(bytes);
            if (!session.Data(fromClient ? Direction.FromClient : Direction.ToClient, bytes))
                await session.ReadyAsync(default);
            if (other == 0)
                Sample.Deny(session, bytes);
            else if (other == 1)
                session.Event("note", new string('x', bytes.Length));
        }

        await session.CompleteAsync(Sample.End());
        return bench.Sink.Bytes;
    }

    private static void AssertDecision(DecisionRecord decision)
    {
        Assert.Equal(ActionKind.Statement, decision.Kind);
        Assert.Equal(Verb.Update, decision.Verb);
        Assert.Equal(ActionFlags.MultiStatement, decision.Flags);
        Assert.Equal(VerdictKind.Deny, decision.Verdict);
        Assert.Equal("prod/no-bare-update", decision.RuleId);
        Assert.Equal("Add a WHERE.", decision.Hint);
        Assert.Equal(3, decision.PolicyVersion);
        Assert.Equal("update cards", decision.Text);
        Assert.False(decision.TextTruncated);
        Assert.Equal(12, decision.FromClientOffset);
        Assert.Equal(0, decision.ToClientOffset);
        Assert.Equal(new DecisionObject(Verb.Update, ObjectFlags.WhereAbsent, "shop.cards"), Assert.Single(decision.Objects));
    }

    private static void AssertFacts(SessionFacts expected, SessionFacts? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Identity.Groups.ToArray(), actual.Identity.Groups.ToArray());
        Assert.Equal(expected.Identity.ActingFor.ToArray(), actual.Identity.ActingFor.ToArray());
        Identity identity = actual.Identity with { Groups = expected.Identity.Groups, ActingFor = expected.Identity.ActingFor };
        Assert.Equal(expected, actual with { Identity = identity });
    }
}
