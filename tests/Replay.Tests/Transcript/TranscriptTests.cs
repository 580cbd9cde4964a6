using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Replay.Tests.Transcript;

/// <summary>What happened, read from the bytes, however they were cut.</summary>
public sealed class TranscriptTests
{
    public static TheoryData<string> Chunkings => Script.Chunkings;

    [Theory, MemberData(nameof(Chunkings))]
    public void A_simple_query_has_its_rows_tag_and_duration(string chunking)
    {
        Script script = new Script().Query("select 1").Columns(("a", 23, 0)).Row(Script.Bytes("1")).Row([null]).Complete("SELECT 2").Ready();
        var statement = (PgStatementEntry)Assert.Single(script.Play(chunking));
        Assert.Equal("select 1", statement.Text);
        Assert.Equal(PgStep.Query, statement.Step);
        Assert.Equal(PgOutcome.Completed, statement.Outcome);
        Assert.Equal(2, statement.Rows);
        Assert.Equal(["SELECT 2"], statement.Tags);
        Assert.Equal(Script.Start, statement.At);
        Assert.Equal(TimeSpan.FromSeconds(5), statement.Duration);
        Assert.Empty(statement.FirstRows);
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void The_end_of_the_startup_phase_answers_no_query(string chunking)
    {
        Script script = new Script()
            .Server('R', Script.Int32(0)).Server('S', [.. Script.Text("a"), .. Script.Text("b")]).Server('K', new byte[8]).Ready()
            .Query("select 1").Complete("SELECT 0").Ready();
        var statement = (PgStatementEntry)Assert.Single(script.Play(chunking));
        Assert.Equal(PgOutcome.Completed, statement.Outcome);
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void An_error_keeps_its_fields(string chunking)
    {
        Script script = new Script().Query("drop table t").Error("42501", "refused", "ask first").Ready();
        var statement = (PgStatementEntry)Assert.Single(script.Play(chunking));
        Assert.Equal(PgOutcome.Failed, statement.Outcome);
        Assert.Equal(new PgError("ERROR", "42501", "refused", "", "ask first"), statement.Error);
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void A_prepared_statement_runs_with_parameters_of_either_format(string chunking)
    {
        Script script = new Script()
            .Parse("s", "select $1, $2, $3, $4", 0, 25)
            .DescribeStatement("s")
            .Bind("", "s", [1, 0, 1, 0], [Script.Int32(42), Script.Bytes("it's"), [1, 2], null])
            .Execute("")
            .Sync()
            .ParseComplete().ParameterTypes(23, 25, 9999, 25).NoData().BindComplete().Row(Script.Bytes("x")).Complete("SELECT 1").Ready();
        var statement = (PgStatementEntry)Assert.Single(script.Play(chunking));
        Assert.Equal("select $1, $2, $3, $4", statement.Text);
        Assert.Equal("s", statement.StatementName);
        Assert.Equal(PgStep.Execute, statement.Step);
        Assert.Equal(PgOutcome.Completed, statement.Outcome);
        Assert.Equal(4, statement.ParameterCount);
        Assert.Equal(
            [new PgParameter("42", 23, 4, false), new PgParameter("it's", 25, 4, false), new PgParameter(@"\x0102", 9999, 2, false), new PgParameter(null, 25, -1, false)],
            statement.Parameters);
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void In_a_pipeline_an_error_skips_what_follows_up_to_Sync(string chunking)
    {
        Script script = new Script()
            .Parse("", "insert a").Bind("", "", [], []).Execute("")
            .Parse("", "insert b").Bind("", "", [], []).Execute("")
            .Parse("", "insert c").Bind("", "", [], []).Execute("")
            .Sync()
            .Parse("", "insert d").Bind("", "", [], []).Execute("").Sync()
            .ParseComplete().BindComplete().Complete("INSERT 0 1")
            .ParseComplete().BindComplete().Error("23505", "duplicate")
            .Ready()
            .ParseComplete().BindComplete().Complete("INSERT 0 1").Ready();
        PgStatementEntry[] statements = [.. script.Play(chunking).Cast<PgStatementEntry>()];
        Assert.Equal(
            [("insert a", PgOutcome.Completed), ("insert b", PgOutcome.Failed), ("insert c", PgOutcome.Skipped), ("insert d", PgOutcome.Completed)],
            statements.Select(statement => (statement.Text, statement.Outcome)));
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void Requests_sent_after_the_error_was_seen_are_skipped_too(string chunking)
    {
        Script script = new Script()
            .Parse("", "bad").Error("42601", "syntax")
            .Bind("", "", [], []).Execute("").Query("select 2").Sync().Ready()
            .Query("select 3").Complete("SELECT 1").Ready();
        PgStatementEntry[] statements = [.. script.Play(chunking).Cast<PgStatementEntry>()];
        Assert.Equal(
            [("bad", PgOutcome.Failed), ("select 2", PgOutcome.Skipped), ("select 3", PgOutcome.Completed)],
            statements.Select(statement => (statement.Text, statement.Outcome)));
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void A_failed_Parse_does_not_replace_the_statement_of_that_name(string chunking)
    {
        Script script = new Script()
            .Parse("s", "select 1").Sync().ParseComplete().Ready()
            .Parse("s", "drop table t").Sync().Bind("", "s", [], []).Execute("").Sync()
            .Error("42P05", "exists").Ready().BindComplete().Complete("SELECT 1").Ready();
        PgStatementEntry[] statements = [.. script.Play(chunking).Cast<PgStatementEntry>()];
        Assert.Equal(
            [("drop table t", PgOutcome.Failed), ("select 1", PgOutcome.Completed)],
            statements.Select(statement => (statement.Text, statement.Outcome)));
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void A_portal_may_be_executed_in_parts(string chunking)
    {
        Script script = new Script()
            .Parse("", "select n").Bind("p", "", [], []).Execute("p", 1).Execute("p", 1).Sync()
            .ParseComplete().BindComplete().Row(Script.Bytes("1")).Server('s').Row(Script.Bytes("2")).Complete("SELECT 1").Ready();
        PgStatementEntry[] statements = [.. script.Play(chunking).Cast<PgStatementEntry>()];
        Assert.Equal([(PgOutcome.Suspended, 1L), (PgOutcome.Completed, 1L)], statements.Select(statement => (statement.Outcome, statement.Rows)));
        Assert.All(statements, statement => Assert.Equal("p", statement.PortalName));
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void Copy_counts_bytes_both_ways(string chunking)
    {
        Script script = new Script()
            .Query("copy t from stdin").Server('G', 0, 0, 0).CopyIn(100).CopyIn(50).CopyInDone().Complete("COPY 3").Ready()
            .Query("copy t to stdout").Server('H', 0, 0, 0).Server('d', new byte[70]).Server('c').Complete("COPY 1").Ready();
        PgStatementEntry[] statements = [.. script.Play(chunking).Cast<PgStatementEntry>()];
        Assert.Equal([(150L, 0L), (0L, 70L)], statements.Select(statement => (statement.CopyInBytes, statement.CopyOutBytes)));
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void A_Sync_that_copy_swallowed_answers_nothing(string chunking)
    {
        // libpq sends Sync with Execute, before it can know that a COPY begins, and a second one after the data (PostgreSQL 55.2.6).
        Script script = new Script()
            .Parse("", "copy t from stdin").Bind("", "", [], []).Execute("").Sync()
            .ParseComplete().BindComplete().Server('G', 0, 0, 0)
            .CopyIn(10).CopyInDone().Sync()
            .Complete("COPY 1").Ready()
            .Query("select 1").Complete("SELECT 1").Ready();
        PgStatementEntry[] statements = [.. script.Play(chunking).Cast<PgStatementEntry>()];
        Assert.Equal([("copy t from stdin", 10L), ("select 1", 0L)], statements.Select(statement => (statement.Text, statement.CopyInBytes)));
        Assert.All(statements, statement => Assert.Equal(PgOutcome.Completed, statement.Outcome));
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void Function_calls_notices_notifications_and_lone_errors_are_told(string chunking)
    {
        Script script = new Script()
            .FunctionCall(1598).Server('V', Script.Int32(-1)).Ready()
            .Server('N', [(byte)'S', .. Script.Text("WARNING"), (byte)'M', .. Script.Text("careful"), 0])
            .Server('A', [.. Script.Int32(7), .. Script.Text("jobs"), .. Script.Text("done")])
            .Error("57P01", "shutting down");
        List<PgTranscriptEntry> entries = script.Play(chunking);
        Assert.Equal(1598u, Assert.IsType<PgFunctionCallEntry>(entries[0]).FunctionOid);
        Assert.Equal("careful", Assert.IsType<PgMessageEntry>(entries[1]).Message.Message);
        Assert.Equal(("jobs", "done"), (Assert.IsType<PgNotificationEntry>(entries[2]).Channel, ((PgNotificationEntry)entries[2]).Payload));
        Assert.True(Assert.IsType<PgMessageEntry>(entries[3]).IsError);
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void What_got_no_reply_is_told_at_the_end(string chunking)
    {
        Script script = new Script().Parse("", "select pg_sleep($1)").Bind("", "", [], [Script.Bytes("60")]).Execute("").Sync();
        PgStatementEntry[] statements = [.. script.Play(chunking).Cast<PgStatementEntry>()];
        Assert.All(statements, statement => Assert.Equal(PgOutcome.NoReply, statement.Outcome));
        Assert.Equal("60", Assert.Single(statements[^1].Parameters).Value);
    }

    [Theory, MemberData(nameof(Chunkings))]
    public void The_first_rows_are_kept_when_asked_for(string chunking)
    {
        Script script = new Script()
            .Parse("", "select a, b").DescribeStatement("").Bind("", "", [], [], 1, 0).Execute("").Sync()
            .ParseComplete().ParameterTypes().Columns(("a", 23, 0), ("b", 25, 0)).BindComplete()
            .Row(Script.Int32(1), Script.Bytes("x")).Row(Script.Int32(2), null).Row(Script.Int32(3), Script.Bytes("z"))
            .Complete("SELECT 3").Ready();
        var statement = (PgStatementEntry)Assert.Single(script.Play(chunking, new PgTranscriptLimits { Rows = 2 }));
        Assert.Equal(3, statement.Rows);
        Assert.Equal(["a", "b"], statement.Columns);
        Assert.Equal([["1", "x"], ["2", null]], statement.FirstRows.Select(row => row.ToArray()));
    }

    [Fact]
    public void An_unexpected_reply_is_told_once()
    {
        Script script = new Script().ParseComplete().BindComplete().Query("select 1").Complete("SELECT 1").Ready();
        List<PgTranscriptEntry> entries = script.Play("whole");
        Assert.Equal(2, entries.Count);
        Assert.False(Assert.IsType<PgMalformedEntry>(entries[0]).Stopped);
        Assert.Equal(PgOutcome.Completed, Assert.IsType<PgStatementEntry>(entries[1]).Outcome);
    }
}
