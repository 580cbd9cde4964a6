using System.Net;
using System.Text.Json;
using Sallyport.EndToEnd.Tests.Administration;
using Sallyport.EndToEnd.Tests.Approvals;
using Sallyport.EndToEnd.Tests.State;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Cluster;

/// <summary>The line to the PostgreSQL that keeps the state is cut, and mended.</summary>
[Collection(PostgresTests.Name)]
public sealed class StoreLossTests(PostgresServer postgres)
{
    [Fact]
    public async Task Within_the_grace_what_is_known_goes_on_and_what_must_be_looked_up_is_refused()
    {
        SharedStore store = await SharedStore.CreateAsync(postgres);
        var line = new Relay(postgres.Port, FreePort.Next());
        await using SallyportDaemon daemon = await store.StartAsync(DaemonSetup.With(Nodes.Policy), "gate-1", line.Port);
        await postgres.SqlAsync($"CREATE TABLE away (id int PRIMARY KEY); GRANT ALL ON away TO {PostgresServer.AppUser}; INSERT INTO away VALUES (1), (2)");
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        Person admin = await Person.OfAsync(daemon, "root@example.com", "administrators"), bea = await Person.OfAsync(daemon, "bea@example.com", "approvers"),
            cy = await Person.OfAsync(daemon, "cy@example.com", "approvers"), ada = await Person.OfAsync(daemon, "ada@example.com", "engineering");
        await admin.DoAsync("users", "invite", "uma", "--group", "engineering");
        string api = (await admin.AskAsync("tokens", "create", "nightly", "--subject", "uma", "--scope", "target:shop", "--ttl", "1h")).GetProperty("token").GetString()!;
        JsonElement issued = await ada.AskAsync("passwords", "issue", "--target", "shop");
        (string user, string password) = (issued.GetProperty("user").GetString()!, issued.GetProperty("password").GetString()!);
        await using PsqlSession live = PsqlSession.Start(daemon.Psql(token)), waiting = PsqlSession.Start(daemon.Psql(token));
        Assert.Contains("before", await live.AskAsync("SELECT 'before';"), StringComparison.Ordinal);
        await waiting.TypeAsync("DELETE FROM away WHERE id = 1 RETURNING 'gone ' || id;");
        string id = await HoldingDaemon.WaitingAsync(waiting);
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync(daemon));

        await line.DisposeAsync();
        await WaitFor.TrueAsync(async () => await ReadyAsync(daemon) == HttpStatusCode.ServiceUnavailable);

        Assert.Contains("meanwhile", await live.AskAsync("SELECT 'meanwhile';"), StringComparison.Ordinal);
        Assert.Equal(0, (await Psql.ScriptAsync(daemon.Psql(token), "SELECT 1;")).ExitCode);
        Assert.Equal(2, (await Psql.ScriptAsync(daemon.Psql(api), "SELECT 1;")).ExitCode);
        Assert.Equal(2, (await Psql.ScriptAsync(daemon.Psql(password, user: user), "SELECT 1;")).ExitCode);
        await daemon.Process.WaitForOutputAsync("reason=store-unavailable");
        string held = await live.AskAsync("DELETE FROM away WHERE id = 2;");
        Assert.Contains("ERROR", held, StringComparison.Ordinal);
        Assert.Contains("Nobody can be asked for approval now", held, StringComparison.Ordinal);
        Assert.Contains("store", await bea.RefusedAsync("approvals", "approve", id), StringComparison.Ordinal);
        Assert.Equal(2L, await postgres.SqlAsync("SELECT count(*) FROM away"));

        line = new Relay(postgres.Port, line.Port);
        await WaitFor.TrueAsync(async () => await ReadyAsync(daemon) == HttpStatusCode.OK);
        await bea.DoAsync("approvals", "approve", id);
        await cy.DoAsync("approvals", "approve", id);
        await waiting.Process.WaitForOutputAsync("gone 1");
        Assert.Equal(0, (await Psql.ScriptAsync(daemon.Psql(api), "SELECT 1;")).ExitCode);
        Assert.Equal(0, (await Psql.ScriptAsync(daemon.Psql(password, user: user), "SELECT 1;")).ExitCode);
        Assert.Equal(1L, await postgres.SqlAsync("SELECT count(*) FROM away"));
        string[] secrets = [token, api, password, bea.Token, cy.Token, ada.Token, admin.Token];
        Spilled.AssertNowhere(daemon, secrets);
        Spilled.AssertNotIn(await store.DumpAsync(), "the store", secrets);
        await line.DisposeAsync();
    }

    [Fact]
    public async Task After_the_grace_every_statement_is_refused_until_the_store_is_back()
    {
        SharedStore store = await SharedStore.CreateAsync(postgres);
        var line = new Relay(postgres.Port, FreePort.Next());
        await using SallyportDaemon daemon = await store.StartAsync(DaemonSetup.With(Nodes.Policy), "gate-1", line.Port, grace: "3s");
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(token));
        Assert.Contains("before", await psql.AskAsync("SELECT 'before';"), StringComparison.Ordinal);
        await psql.AskAsync("BEGIN;");

        await line.DisposeAsync();
        await daemon.Process.WaitForOutputAsync("store-lost");
        Assert.DoesNotContain("sessions-suspended", daemon.Log, StringComparison.Ordinal);
        Assert.Contains("within", await psql.AskAsync("SELECT 'within';"), StringComparison.Ordinal);
        await daemon.Process.WaitForOutputAsync("sessions-suspended");
        string refused = "";
        await WaitFor.TrueAsync(async () => (refused = await psql.AskAsync("SELECT 'after';")).Contains("ERROR", StringComparison.Ordinal));
        Assert.Contains("Rule store/unavailable.", refused, StringComparison.Ordinal);
        Assert.Contains("cannot reach its store", refused, StringComparison.Ordinal);
        Assert.Equal(2, (await Psql.ScriptAsync(daemon.Psql(token), "SELECT 1;")).ExitCode);

        line = new Relay(postgres.Port, line.Port);
        await daemon.Process.WaitForOutputAsync("sessions-resumed");
        await WaitFor.TrueAsync(async () => (await psql.AskAsync("ROLLBACK;\nSELECT 'back again';")).Contains("back again", StringComparison.Ordinal));
        Assert.DoesNotContain("connection to server was lost", psql.Process.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await Psql.ScriptAsync(daemon.Psql(token), "SELECT 1;")).ExitCode);

        await psql.LastWordsAsync("");
        Recorded recorded = await SessionRecording.OfAsync(daemon, "ada@example.com", recording => recording.Events.Any(happened => happened.Name == "suspended"));
        Assert.Equal(["suspended", "resumed"], recorded.Events.Select(happened => happened.Name).Where(name => name is "suspended" or "resumed"));
        Assert.Contains(recorded.Decisions, decision => decision.RuleId == "store/unavailable");
        Spilled.AssertNowhere(daemon, token);
        await line.DisposeAsync();
    }

    private static async Task<HttpStatusCode> ReadyAsync(SallyportDaemon daemon)
    {
        using HttpClient client = AdminHttp.Client(daemon);
        using HttpResponseMessage answer = await client.GetAsync("/readyz");
        return answer.StatusCode;
    }
}
