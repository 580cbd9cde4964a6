using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>
/// Whether the replies that are thought to be owed are the ones the target owes: one too many or too few, and a reply would be taken for that
/// of another request, with its masks and its refusal.
/// </summary>
public sealed class PgPipelineTests : IDisposable
{
    private static readonly (uint, short) Computed = (0, 0);
    private readonly Exchange _exchange = new(judging: DenyDrop);

    private static VerdictKind DenyDrop(in ActionView action) => action.Verb == Verb.Drop ? VerdictKind.Deny : VerdictKind.Allow;

    public void Dispose() => _exchange.Dispose();

    [Fact]
    public void Refusals_stand_where_the_replies_would_have_stood()
    {
        _exchange.Client(Msg.Query("select 1"), Msg.Query("drop table t"), Msg.Query("select 2"));
        Assert.Equal("T C Z E(42501) Z T C Z", _exchange.Target(
            Msg.RowDescription(Computed), Msg.Complete("SELECT 0"), Msg.Ready(),
            Msg.Error("42601", "syntax error"), Msg.Ready(),
            Msg.RowDescription(Computed), Msg.Complete("SELECT 0"), Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Fact]
    public void After_an_error_everything_up_to_the_next_Sync_is_owed_no_reply()
    {
        _exchange.Client(Msg.Parse("", "select 1"), Msg.Bind("", ""), Msg.Execute(""), Msg.Query("select 2"), Msg.Sync, Msg.Query("drop table t"));
        Assert.Equal("E(42P01) Z E(42501) Z", _exchange.Target(
            Msg.Error("42P01", "no such table"), Msg.Ready(), Msg.Error("42601", "syntax error"), Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Fact]
    public void A_target_that_runs_what_must_fail_is_a_violation()
    {
        _exchange.Client(Msg.Query("drop table t"));
        Assert.Equal(PgShow.Violation, _exchange.Decide(Msg.Complete("DROP TABLE"), out PgViolation? violation));
        Assert.Equal("target-ran-substitute", violation!.Reason);
    }

    [Fact]
    public void A_failed_pipeline_that_is_longer_than_may_be_owed_does_not_stop_before_its_Sync()
    {
        using var exchange = new Exchange(limits: new PgLimits { RequestsInFlight = 8 });
        exchange.Client(Msg.Parse("", "insert into t values (1)"), Msg.Bind("", ""), Msg.Execute(""));
        exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.Error("23505", "duplicate key"));
        for (int i = 0; i < 100; i++)
            exchange.Client(Msg.Parse("", "insert into t values (1)"), Msg.Bind("", ""), Msg.Execute(""));
        exchange.Client(Msg.Sync);
        Assert.Equal("Z", exchange.Target(Msg.Ready()));
        Assert.Equal(0, exchange.Shared.Owed.Count);
    }

    [Fact]
    public async Task Waiting_for_a_statement_of_an_earlier_group_ends_although_a_later_group_has_failed()
    {
        _exchange.Client(Msg.Parse("s", "select 1"), Msg.Sync, Msg.Parse("bad", "selekt"), Msg.DescribeStatement("bad"));
        Assert.Equal(PgTake.Drain, _exchange.Take(Msg.Bind("", "s")));
        Task drained = _exchange.Requests.SettledAsync(PgTake.Drain);
        Assert.False(drained.IsCompleted);
        _exchange.Target(Msg.ParseComplete, Msg.Ready(), Msg.Error("42601", "syntax error"));
        await drained;
        _exchange.Client(Msg.Bind("", "s"), Msg.Execute(""), Msg.Sync);
        Assert.Equal("Z", _exchange.Target(Msg.Ready()));
    }

    [Fact]
    public void A_Sync_that_the_target_swallows_inside_COPY_is_not_sent_to_it()
    {
        // PostgreSQL ignores Sync in COPY-in mode (55.2.6): counted as owed a ReadyForQuery, it would shift every later reply by one.
        _exchange.Client(Msg.Query("copy t from stdin"));
        Assert.Equal("G", _exchange.Target(Msg.CopyInResponse));
        Assert.Equal(PgTake.Drop, _exchange.Take(Msg.Sync));
        _exchange.Client(Msg.CopyData("1\n"), Msg.CopyDone);
        Assert.Equal("C Z", _exchange.Target(Msg.Complete("COPY 1"), Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Fact]
    public async Task A_Sync_sent_along_with_an_extended_COPY_waits_to_learn_whether_the_COPY_began()
    {
        // As rust-postgres and libpq send it: Bind, Execute, Sync, then data, CopyDone, Sync.
        _exchange.Client(Msg.Parse("", "copy t from stdin"), Msg.Bind("", ""), Msg.Execute(""));
        Assert.Equal(PgTake.Copy, _exchange.Take(Msg.Sync));
        Task began = _exchange.Requests.SettledAsync(PgTake.Copy);
        Assert.False(began.IsCompleted);
        _exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.CopyInResponse);
        await began;
        Assert.Equal(PgTake.Drop, _exchange.Take(Msg.Sync));
        // Execute is one statement, so the end of its data is the end of its COPY: what follows need not wait.
        _exchange.Client(Msg.CopyData("1\n"), Msg.CopyDone, Msg.Sync, Msg.Query("select 1"));
        Assert.Equal("C Z T C Z", _exchange.Target(
            Msg.Complete("COPY 1"), Msg.Ready(), Msg.RowDescription(Computed), Msg.Complete("SELECT 0"), Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Fact]
    public async Task A_Sync_sent_along_with_a_COPY_that_fails_before_its_data_ends_the_error()
    {
        _exchange.Client(Msg.Parse("", "copy t from stdin"), Msg.Bind("", ""), Msg.Execute(""));
        Assert.Equal(PgTake.Copy, _exchange.Take(Msg.Sync));
        Task settled = _exchange.Requests.SettledAsync(PgTake.Copy);
        _exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.CopyInResponse, Msg.Error("P0001", "a trigger says no"));
        await settled;
        _exchange.Client(Msg.Sync);
        Assert.Equal("Z", _exchange.Target(Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_COPY_that_fails_leaves_nothing_owed_but_its_Sync(bool beforeData)
    {
        _exchange.Client(Msg.Parse("", "copy t from stdin"), Msg.Bind("", ""), Msg.Execute(""));
        _exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.CopyInResponse);
        Assert.Equal(PgTake.Drop, _exchange.Take(Msg.Sync));
        if (!beforeData)
            _exchange.Client(Msg.CopyData("x\n"));
        Assert.Equal("E(22P02)", _exchange.Target(Msg.Error("22P02", "invalid input syntax")));
        _exchange.Client(Msg.CopyData("y\n"), Msg.CopyDone, Msg.Sync, Msg.Query("select 1"));
        Assert.Equal("Z T C Z", _exchange.Target(Msg.Ready(), Msg.RowDescription(Computed), Msg.Complete("SELECT 0"), Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Fact]
    public void The_error_of_an_older_COPY_says_nothing_of_a_newer_one()
    {
        byte[][] copy = [Msg.Parse("", "copy t from stdin"), Msg.Bind("", ""), Msg.Execute("")];
        _exchange.Client(copy);
        _exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.CopyInResponse);
        _exchange.Client([Msg.CopyData("1\n"), Msg.CopyDone, Msg.Sync, .. copy]);
        Assert.Equal("E(23505) Z", _exchange.Target(Msg.Error("23505", "duplicate key"), Msg.Ready()));
        Assert.Equal(PgTake.Copy, _exchange.Take(Msg.Sync));
        _exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.CopyInResponse);
        Assert.Equal(PgTake.Drop, _exchange.Take(Msg.Sync));
    }

    [Fact]
    public void A_request_inside_COPY_is_the_clients_violation()
    {
        // PostgreSQL 12 and 13 eat it as a part of the failed COPY, later ones end the session: what it is owed cannot be known.
        _exchange.Client(Msg.Query("copy t from stdin"));
        _exchange.Target(Msg.CopyInResponse);
        Assert.Equal(PgTake.Malformed, _exchange.Take(Msg.Query("select 1")));
    }

    [Fact]
    public void COPY_data_outside_COPY_is_owed_nothing()
    {
        _exchange.Client(Msg.CopyData("1\n"), Msg.CopyFail, Msg.Query("select 1"), Msg.CopyDone, Msg.Query("copy t from stdin"), Msg.CopyData("1\n"), Msg.CopyDone);
        Assert.Equal(2, _exchange.Shared.Owed.Count);
        Assert.Equal("I Z G C Z", _exchange.Target(Msg.EmptyQueryResponse, Msg.Ready(), Msg.CopyInResponse, Msg.Complete("COPY 1"), Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Fact]
    public void Two_COPYs_in_one_Query_are_two_turns()
    {
        _exchange.Client(Msg.Query("copy t from stdin; copy u from stdin"));
        Assert.Equal(PgTake.Copy, _exchange.Take(Msg.Sync));
        _exchange.Target(Msg.CopyInResponse);
        Assert.Equal(PgTake.Drop, _exchange.Take(Msg.Sync));
        _exchange.Client(Msg.CopyData("1\n"), Msg.CopyDone);
        Assert.Equal(PgTake.Copy, _exchange.Take(Msg.Sync));
        Task next = _exchange.Requests.SettledAsync(PgTake.Copy);
        Assert.False(next.IsCompleted);
        _exchange.Target(Msg.Complete("COPY 1"), Msg.CopyInResponse);
        Assert.True(next.IsCompleted);
        Assert.Equal(PgTake.Drop, _exchange.Take(Msg.Sync));
        _exchange.Client(Msg.CopyData("2\n"), Msg.CopyDone);
        Assert.Equal(PgTake.Copy, _exchange.Take(Msg.Sync));
        Assert.Equal("C Z", _exchange.Target(Msg.Complete("COPY 1"), Msg.Ready()));
        _exchange.Client(Msg.Sync);
        Assert.Equal("Z", _exchange.Target(Msg.Ready()));
        Assert.Equal(0, _exchange.Shared.Owed.Count);
    }

    [Fact]
    public void A_statement_that_is_not_known_can_only_be_a_COPY_if_one_was_ever_parsed()
    {
        _exchange.Client(Msg.Bind("", "nowhere"), Msg.Execute(""), Msg.Sync);
        Assert.Equal("E(26000) Z", _exchange.Target(Msg.Error("26000", "no such statement"), Msg.Ready()));
        _exchange.Client(Msg.Parse("c", "copy t from stdin"), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.Ready());
        _exchange.Client(Msg.Bind("", "nowhere"), Msg.Execute(""));
        Assert.Equal(PgTake.Copy, _exchange.Take(Msg.Sync));
    }

    [Fact]
    public void A_COPY_in_that_its_text_did_not_announce_is_the_targets_violation()
    {
        _exchange.Client(Msg.Query("select 1"));
        Assert.Equal(PgShow.Violation, _exchange.Decide(Msg.CopyInResponse));
    }
}
