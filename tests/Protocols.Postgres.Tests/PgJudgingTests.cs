using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>Nothing runs that was not judged, and nothing is judged as something else than it will be.</summary>
public sealed class PgJudgingTests
{
    private static VerdictKind DenyOdd(in ActionView action) =>
        (action.Flags & (ActionFlags.Unparsed | ActionFlags.Truncated)) != 0 || action.Verb == Verb.Drop ? VerdictKind.Deny : VerdictKind.Allow;

    [Theory]
    [InlineData(' ')]
    [InlineData(';')]
    public void A_text_whose_head_holds_no_statement_is_judged_as_truncated(char filler)
    {
        using var exchange = new Exchange(judging: DenyOdd, limits: new PgLimits { StatementBytes = 100 });
        string text = new string(filler, 200) + "drop table t";
        Assert.Equal(PgTake.Replace, exchange.Take(Msg.Query(text)));
        Assert.Equal(PgTake.Replace, exchange.Take(Msg.Parse("s", text)));
        Assert.All(exchange.Recorder.Decisions, d => Assert.Equal(ActionFlags.Truncated | ActionFlags.Unparsed, d.Flags));
        Assert.Equal(2, exchange.Recorder.Decisions.Count);
    }

    [Fact]
    public void An_empty_text_needs_no_verdict()
    {
        using var exchange = new Exchange(judging: DenyOdd);
        Assert.Equal(PgTake.Forward, exchange.Take(Msg.Query("  -- nothing")));
        Assert.Equal("I Z", exchange.Target(Msg.EmptyQueryResponse, Msg.Ready()));
    }

    [Fact]
    public void A_setting_that_was_changed_and_not_yet_reported_is_unknown_though_nothing_is_owed()
    {
        // PostgreSQL 14 and later report it with ReadyForQuery only: a client that flushes instead of syncing is owed nothing in between.
        using var exchange = new Exchange(judging: DenyOdd);
        exchange.Client(Msg.Parse("", "set standard_conforming_strings = off"), Msg.Bind("", ""), Msg.Execute(""), Msg.Flush);
        exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.Complete("SET"));
        Assert.Equal(0, exchange.Shared.Owed.Count);
        Assert.Equal(PgTake.Replace, exchange.Take(Msg.Parse("", @"select '\', ' , x from t --'")));
    }

    [Fact]
    public void A_setting_that_was_reported_is_known_again()
    {
        using var exchange = new Exchange(judging: DenyOdd);
        exchange.Client(Msg.Query("set standard_conforming_strings = on"));
        exchange.Target(Msg.Complete("SET"), Msg.Ready());
        Assert.Equal(PgTake.Forward, exchange.Take(Msg.Query(@"select '\', 'é'")));
        exchange.Target(Msg.RowDescription((0, 0), (0, 0)), Msg.Complete("SELECT 0"), Msg.ParameterStatus("standard_conforming_strings", "off"), Msg.Ready());
        Assert.Equal(PgTake.Replace, exchange.Take(Msg.Query(@"select '\'; drop table t")));
    }

    [Fact]
    public void A_statement_prepared_under_older_rules_is_judged_again_when_it_is_executed()
    {
        using var exchange = new Exchange();
        exchange.Client(Msg.Parse("s", "drop table t"), Msg.Sync);
        exchange.Target(Msg.ParseComplete, Msg.Ready());
        exchange.Load(masks: null, DenyOdd);
        exchange.Client(Msg.Bind("", "s"));
        Assert.Equal(PgTake.Replace, exchange.Take(Msg.Execute("")));
        exchange.Client(Msg.Sync);
        Assert.Equal("2 E(42501) Z", exchange.Target(Msg.BindComplete, Msg.Error("42601", "syntax error"), Msg.Ready()));
    }

    [Fact]
    public void A_statement_whose_Parse_was_skipped_is_judged_as_unknown()
    {
        static VerdictKind denyExecute(in ActionView action) => action.Verb == Verb.Execute ? VerdictKind.Deny : VerdictKind.Allow;
        using var exchange = new Exchange(judging: denyExecute);
        exchange.Client(Msg.Parse("bad", "selekt"), Msg.Parse("s", "select 1"), Msg.Sync);
        exchange.Target(Msg.Error("42601", "syntax error"), Msg.Ready());
        exchange.Client(Msg.Bind("", "s"));
        Assert.Equal(PgTake.Replace, exchange.Take(Msg.Execute("")));
    }

    [Fact]
    public void Passwords_are_kept_out_of_the_record_even_when_there_is_no_room_for_another_name()
    {
        using var exchange = new Exchange(limits: new PgLimits { NamedObjects = 0 });
        Assert.Equal(PgTake.Replace, exchange.Take(Msg.Parse("s", "alter role bob password 'hunter2'")));
        Assert.Equal([new Postgres.Sql.SqlRange(2 + "alter role bob password '".Length, "hunter2".Length)], exchange.Requests.Secrets);
        Assert.Single(exchange.Recorder.Decisions);
    }
}
