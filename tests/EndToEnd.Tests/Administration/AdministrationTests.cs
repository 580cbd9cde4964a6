using System.Text.Json;
using Sallyport.EndToEnd.Tests.State;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>What those who run the daemon do by command, and what becomes of it for those who use it.</summary>
[Collection(PostgresTests.Name)]
public sealed class AdministrationTests(ManagedDaemon fixture) : IClassFixture<ManagedDaemon>
{
    private SallyportDaemon Daemon => fixture.Daemon;

    [Fact]
    public async Task A_policy_is_drafted_by_one_published_by_another_and_holds_for_sessions_that_are_in()
    {
        Person ann = await fixture.PersonAsync("ann@example.com", "authors"), bob = await fixture.PersonAsync("bob@example.com", "authors");
        await using PsqlSession psql = PsqlSession.Start(Daemon.Psql(await fixture.TokenAsync("ada@example.com")));
        Assert.Contains("before", await psql.AskAsync("SELECT 'before';"), StringComparison.Ordinal);
        string file = Write("closing.yaml", """
            policy: closing
            match: {groups: engineering}
            rules:
              - {id: no-inserts, effect: deny, verbs: insert, hint: The books are closed.}
            """);

        Assert.NotEqual(0, (await ann.RunAsync("policies", "check", Write("wrong.yaml", "policy: closing\nrules: [{id: x, effect: maybe}]\n"))).ExitCode);
        await ann.DoAsync("policies", "check", file);
        await ann.DoAsync("policies", "draft", "closing", "--file", file, "--reason", "end of the year");
        string[] insert = ["policies", "explain", "--subject", "ada@example.com", "--groups", "engineering", "--target", "shop", "--sql", "INSERT INTO customers DEFAULT VALUES"];
        await ann.DoAsync(insert);
        (int denied, string why, _) = await ann.RunAsync([.. insert, "--draft", "closing:1"]);
        Assert.Equal(3, denied);
        Assert.Contains("closing/no-inserts", why, StringComparison.Ordinal);
        Assert.Contains("Nobody publishes", await ann.RefusedAsync("policies", "publish", "closing", "1", "--reason", "mine"), StringComparison.Ordinal);
        Assert.Contains("before", await psql.AskAsync("SELECT 'before';"), StringComparison.Ordinal);

        await bob.DoAsync("policies", "publish", "closing", "1", "--reason", "looked at it");

        string refused = await psql.AskAsync("INSERT INTO customers DEFAULT VALUES;");
        Assert.Contains("Rule closing/no-inserts.", refused, StringComparison.Ordinal);
        Assert.Contains("The books are closed.", refused, StringComparison.Ordinal);
        Assert.Contains("reads", await psql.AskAsync("SELECT 'reads';"), StringComparison.Ordinal);

        // An empty draft takes it out of force, again by two persons.
        await bob.DoAsync("policies", "draft", "closing", "--reason", "the year is over");
        await ann.DoAsync("policies", "publish", "closing", "2", "--reason", "it is");
        Assert.DoesNotContain("Rule closing", await psql.AskAsync("INSERT INTO customers DEFAULT VALUES;"), StringComparison.Ordinal);
        Person auditor = await fixture.PersonAsync("eve@example.com", "auditors");
        await auditor.AuditedAsync("policy.drafted", "ann@example.com", "end of the year");
        await auditor.AuditedAsync("policy.published", "bob@example.com", "looked at it");
        fixture.AssertNothingSpilled();
    }

    [Fact]
    public async Task A_target_is_made_used_and_taken_away_and_its_password_never_comes_out()
    {
        Person admin = await fixture.PersonAsync("root@example.com", "administrators");
        string password = Write("archive.password", PostgresServer.AppPassword + "\n");
        string token = await fixture.TokenAsync("ada@example.com");
        Assert.NotEqual(0, (await Psql.ScriptAsync(Daemon.Psql(token, "archive"), "SELECT 1;")).ExitCode);

        string said = await admin.DoAsync(
            "targets", "set", "archive", "--address", $"{PostgresServer.Host}:{fixture.Postgres.Port}", "--user", PostgresServer.AppUser, "--database", PostgresServer.Database,
            "--tls-ca", fixture.Postgres.CaFile, "--password-file", password, "--reason", "a new one");
        said += await admin.DoAsync("targets", "list", "--json");

        PsqlResult through = await Psql.ScriptAsync(Daemon.Psql(token, "archive"), "SELECT 'through the new one';");
        Assert.True(through.ExitCode == 0, through.ToString());
        Assert.Contains("through the new one", through.Output, StringComparison.Ordinal);
        Assert.Contains("archive", said, StringComparison.Ordinal);
        await admin.DoAsync("targets", "delete", "archive", "--reason", "not needed");
        Assert.NotEqual(0, (await Psql.ScriptAsync(Daemon.Psql(token, "archive"), "SELECT 1;")).ExitCode);
        Spilled.AssertNotIn(said, "what targets says");
        fixture.AssertNothingSpilled();
    }

    [Fact]
    public async Task An_API_token_opens_what_its_scope_names_from_where_it_may_be_used()
    {
        Person admin = await fixture.PersonAsync("root@example.com", "administrators");
        await admin.DoAsync("users", "invite", "tom", "--group", "engineering");
        string good = await ApiTokenAsync(admin, "good", "target:shop", "127.0.0.0/8");
        string elsewhere = await ApiTokenAsync(admin, "elsewhere", "target:other", "127.0.0.0/8");
        string far = await ApiTokenAsync(admin, "far", "target:shop", "192.0.2.0/24");

        Assert.Equal(0, (await Psql.ScriptAsync(Daemon.Psql(good), "SELECT 1;")).ExitCode);
        Assert.Equal(2, (await Psql.ScriptAsync(Daemon.Psql(elsewhere), "SELECT 1;")).ExitCode);
        Assert.Equal(2, (await Psql.ScriptAsync(Daemon.Psql(far), "SELECT 1;")).ExitCode);
        await Daemon.Process.WaitForOutputAsync("reason=source-refused");
        await WaitFor.TrueAsync(async () => (await admin.ListAsync("tokens", "list", "--subject", "tom")).Any(item =>
            item.GetProperty("name").GetString() == "good" && item.TryGetProperty("lastUsedAt", out JsonElement at) && at.ValueKind == JsonValueKind.String));
        fixture.AssertNothingSpilled();
    }

    [Fact]
    public async Task An_issued_password_is_good_for_its_user_name_alone()
    {
        Person ada = await fixture.PersonAsync("ada@example.com", "engineering");
        JsonElement issued = await ada.AskAsync("passwords", "issue", "--target", "shop", "--ttl", "10m");
        (string user, string password) = (issued.GetProperty("user").GetString()!, fixture.Secret(issued.GetProperty("password").GetString()!));

        PsqlResult good = await Psql.ScriptAsync(Daemon.Psql(password, user: user), "SELECT 1;");
        Assert.True(good.ExitCode == 0, good.ToString());
        Assert.Equal(2, (await Psql.ScriptAsync(Daemon.Psql(password + "x", user: user), "SELECT 1;")).ExitCode);
        Assert.Equal(2, (await Psql.ScriptAsync(Daemon.Psql(password, user: user + "x"), "SELECT 1;")).ExitCode);
        Person bea = await fixture.PersonAsync("bea@example.com", "engineering");
        await bea.RefusedAsync("passwords", "revoke", issued.GetProperty("id").GetString()!, "--reason", "not mine");
        await ada.DoAsync("passwords", "revoke", issued.GetProperty("id").GetString()!, "--reason", "done");
        Assert.Equal(2, (await Psql.ScriptAsync(Daemon.Psql(password, user: user), "SELECT 1;")).ExitCode);
        fixture.AssertNothingSpilled();
    }

    [Fact]
    public async Task A_recording_is_looked_at_by_an_auditor_who_says_why_and_that_is_in_the_audit()
    {
        await Psql.ScriptAsync(Daemon.Psql(await fixture.TokenAsync("seen@example.com")), "SELECT 'what was done';");
        Guid id = (await SessionRecording.OfAsync(Daemon, "seen@example.com")).Facts!.SessionId;
        Person auditor = await fixture.PersonAsync("eve@example.com", "auditors"), admin = await fixture.PersonAsync("root@example.com", "administrators");
        string copy = Path.Combine(Path.GetDirectoryName(Daemon.ConfigFile)!, "copy.sprec");

        Assert.Equal(id.ToString(), Assert.Single(await auditor.ListAsync("recordings", "list", "--subject", "seen@example.com")).GetProperty("id").GetString());
        Assert.Contains("seen@example.com", await auditor.DoAsync("recordings", "show", $"{id}"), StringComparison.Ordinal);
        await auditor.DoAsync("recordings", "verify", $"{id}");
        await auditor.RefusedAsync("recordings", "download", $"{id}", "--output", copy);
        await auditor.DoAsync("recordings", "download", $"{id}", "--reason", "ticket 12", "--output", copy);
        Assert.Contains("what was done", await auditor.DoAsync("recordings", "download", $"{id}", "--reason", "ticket 13", "--transcript"), StringComparison.Ordinal);
        Assert.Equal(0, (await SallyportDaemon.ReplayAsync("verify", copy)).ExitCode);
        await admin.RefusedAsync("recordings", "download", $"{id}", "--reason", "curious", "--transcript");

        await auditor.AuditedAsync("recording.viewed", $"{id}", "ticket 12", "eve@example.com");
        await auditor.AuditedAsync("recording.viewed", $"{id}", "ticket 13", "eve@example.com");
        await auditor.DoAsync("audit", "verify");
        string lines = await auditor.DoAsync("audit", "export", "--reason", "for the archive");
        Assert.All(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => JsonDocument.Parse(line).Dispose());
        Assert.Equal(0, (await SallyportDaemon.CommandAsync("audit", "verify-files", Path.Combine(Path.GetDirectoryName(Daemon.ConfigFile)!, "state/audit.jsonl"))).ExitCode);
        fixture.AssertNothingSpilled();
    }

    [Fact]
    public async Task Metrics_and_readiness_say_what_happened()
    {
        await Psql.ScriptAsync(Daemon.Psql(await fixture.TokenAsync("counted@example.com")), "SELECT 1; DELETE FROM customers;");
        await Psql.ScriptAsync(Daemon.Psql("no-token-at-all"), "SELECT 1;");
        Person viewer = await fixture.PersonAsync("vera@example.com", "viewers");
        using HttpClient known = AdminHttp.Client(Daemon, viewer.Token), unknown = AdminHttp.Client(Daemon);

        string metrics = await known.GetStringAsync("/metrics");

        Assert.Contains("sallyport_sessions_started_total{protocol=\"postgres\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("rule=\"shop/use\",verdict=\"allow\"", metrics, StringComparison.Ordinal);
        Assert.Contains("rule=\"default\",verdict=\"deny\"", metrics, StringComparison.Ordinal);
        Assert.Contains("sallyport_logins_refused_total{reason=", metrics, StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await unknown.GetAsync("/metrics")).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await unknown.GetAsync("/readyz")).StatusCode);
        Assert.Equal("test-node", Assert.Single(await viewer.ListAsync("nodes")).GetProperty("name").GetString());
        Spilled.AssertNotIn(metrics, "metrics", viewer.Token);
        fixture.AssertNothingSpilled();
    }

    private async Task<string> ApiTokenAsync(Person admin, string name, string scope, string from) =>
        fixture.Secret((await admin.AskAsync("tokens", "create", name, "--subject", "tom", "--scope", scope, "--from", from, "--ttl", "1h")).GetProperty("token").GetString()!);

    private string Write(string name, string text)
    {
        Daemon.WriteFile(name, text);
        return Path.Combine(Path.GetDirectoryName(Daemon.ConfigFile)!, name);
    }
}
