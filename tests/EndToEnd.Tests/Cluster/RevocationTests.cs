using System.Buffers.Text;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Administration;
using Sallyport.EndToEnd.Tests.State;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Recording;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Cluster;

/// <summary>What is done at one node to somebody who is in at another.</summary>
[Collection(PostgresTests.Name)]
public sealed class RevocationTests(Nodes nodes) : IClassFixture<Nodes>
{
    private const string Issuer = "https://sallyport.example";
    private const string NoLongerGood = "What you logged in with is no longer good";

    private string OtherUrl => nodes.Daemons[1].AdminUrl;

    [Fact]
    public async Task A_revoked_subject_is_cut_off_in_the_middle_of_a_statement_and_does_not_come_back()
    {
        string token = await nodes.TokenAsync("leaver@example.com");
        await using PsqlSession psql = PsqlSession.Start(nodes.Daemons[0].Psql(token)), bystander = await nodes.PsqlAsync(1, "bystander@example.com");
        await RunLongAsync(psql, "leaver");
        Person admin = (await nodes.PersonAsync("root@example.com", "administrators")).At(OtherUrl);

        await admin.DoAsync("revocations", "create", "subject", "leaver@example.com", "--issuer", Issuer, "--reason", "left the company");

        await psql.Process.WaitForOutputAsync(NoLongerGood, TimeSpan.FromSeconds(5));
        await psql.Process.WaitForOutputAsync("connection to server was lost");
        await NotRunningAsync("leaver");
        foreach (SallyportDaemon daemon in nodes.Daemons)
            Assert.Equal(2, (await Psql.ScriptAsync(daemon.Psql(token), "SELECT 1;")).ExitCode);
        Assert.Contains("still here", await bystander.AskAsync("SELECT 'still here';"), StringComparison.Ordinal);
        Recorded recorded = await SessionRecording.OfAsync(nodes.Daemons[0], "leaver@example.com", HadStatements);
        Assert.Equal("revoked", recorded.End!.Reason);
        EventRecord told = Assert.Single(recorded.Events, happened => happened.Name == "revoked");
        Assert.Contains("revoked/subject", told.Detail, StringComparison.Ordinal);
        Assert.Contains("left the company", told.Detail, StringComparison.Ordinal);
        await nodes.Daemons[2].Process.WaitForOutputAsync("reason=revoked");
        Person auditor = (await nodes.PersonAsync("eve@example.com", "auditors")).At(OtherUrl);
        await auditor.AuditedAsync("revocation.created", "leaver@example.com", "left the company");
        Assert.Contains(await auditor.ListAsync("revocations", "list"), item => item.GetProperty("value").GetString() == "leaver@example.com");
        await nodes.AssertNothingSpilledAsync();
    }

    [Fact]
    public async Task One_token_is_revoked_and_another_of_the_same_person_is_not()
    {
        string lost = await nodes.TokenAsync("two-tokens@example.com"), kept = await nodes.TokenAsync("two-tokens@example.com");
        await using PsqlSession gone = PsqlSession.Start(nodes.Daemons[0].Psql(lost)), stays = PsqlSession.Start(nodes.Daemons[0].Psql(kept));
        Assert.Contains("in", await stays.AskAsync("SELECT 'in';"), StringComparison.Ordinal);
        await RunLongAsync(gone, "lost-token");
        Person admin = (await nodes.PersonAsync("root@example.com", "administrators")).At(OtherUrl);

        await admin.DoAsync("revocations", "create", "token", TokenId(lost), "--issuer", Issuer, "--reason", "was in a shell history");

        await gone.Process.WaitForOutputAsync(NoLongerGood, TimeSpan.FromSeconds(5));
        Assert.Contains("still here", await stays.AskAsync("SELECT 'still here';"), StringComparison.Ordinal);
        Assert.Equal(2, (await Psql.ScriptAsync(nodes.Daemons[2].Psql(lost), "SELECT 1;")).ExitCode);
        Assert.Equal(0, (await Psql.ScriptAsync(nodes.Daemons[2].Psql(kept), "SELECT 1;")).ExitCode);
    }

    [Fact]
    public async Task A_revoked_API_token_is_good_nowhere_any_more()
    {
        Person admin = await nodes.PersonAsync("root@example.com", "administrators");
        await admin.DoAsync("users", "invite", "uma", "--group", "engineering");
        JsonElement made = await admin.AskAsync("tokens", "create", "nightly", "--subject", "uma", "--scope", "target:shop", "--ttl", "1h");
        string token = made.GetProperty("token").GetString()!;
        nodes.Secret(token);
        await using PsqlSession psql = PsqlSession.Start(nodes.Daemons[0].Psql(token));
        await RunLongAsync(psql, "api-token");
        Assert.Equal(0, (await Psql.ScriptAsync(nodes.Daemons[2].Psql(token), "SELECT 1;")).ExitCode);

        await admin.At(OtherUrl).DoAsync("tokens", "revoke", made.GetProperty("id").GetString()!, "--reason", "found in a repository");

        await psql.Process.WaitForOutputAsync(NoLongerGood, TimeSpan.FromSeconds(5));
        await NotRunningAsync("api-token");
        foreach (SallyportDaemon daemon in nodes.Daemons)
            Assert.Equal(2, (await Psql.ScriptAsync(daemon.Psql(token), "SELECT 1;")).ExitCode);
        Recorded recorded = await SessionRecording.OfAsync(nodes.Daemons[0], "uma", HadStatements);
        Assert.Contains(recorded.Events, happened => happened.Name == "revoked" && happened.Detail.Contains("found in a repository", StringComparison.Ordinal));
        await nodes.AssertNothingSpilledAsync();
    }

    [Fact]
    public async Task A_policy_may_keep_a_revoked_session_and_refuse_what_it_does()
    {
        await using PsqlSession psql = await nodes.PsqlAsync(1, "patient@example.com");
        Assert.Contains("in", await psql.AskAsync("SELECT 'in';"), StringComparison.Ordinal);
        Person admin = (await nodes.PersonAsync("root@example.com", "administrators")).At(OtherUrl);
        string id = await SessionAsync(admin, "patient@example.com");

        await admin.DoAsync("revocations", "create", "subject", "patient@example.com", "--issuer", Issuer, "--reason", "on leave");

        string refused = "";
        await WaitFor.TrueAsync(async () => (refused = await psql.AskAsync("SELECT 1;")).Contains("ERROR", StringComparison.Ordinal));
        Assert.Contains("Rule revoked/subject.", refused, StringComparison.Ordinal);
        Assert.Contains(NoLongerGood, refused, StringComparison.Ordinal);
        Assert.Contains("Rule revoked/subject.", await psql.AskAsync("SELECT 2;"), StringComparison.Ordinal);
        Assert.Equal("revoked", (await admin.At(nodes.Daemons[0].AdminUrl).AskAsync("sessions", "show", id)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_session_is_frozen_resumed_and_ended_through_another_node()
    {
        await using PsqlSession psql = await nodes.PsqlAsync(1, "frozen@example.com");
        Assert.Contains("in", await psql.AskAsync("SELECT 'in';"), StringComparison.Ordinal);
        Person admin = (await nodes.PersonAsync("root@example.com", "administrators")).At(OtherUrl);
        string id = await SessionAsync(admin, "frozen@example.com");

        await admin.DoAsync("sessions", "freeze", id, "--reason", "incident 7");
        string refused = "";
        await WaitFor.TrueAsync(async () => (refused = await psql.AskAsync("SELECT 1;")).Contains("ERROR", StringComparison.Ordinal));
        Assert.Contains("Rule session/frozen.", refused, StringComparison.Ordinal);
        Assert.Contains("incident 7", refused, StringComparison.Ordinal);
        foreach (SallyportDaemon daemon in nodes.Daemons)
            Assert.Equal("frozen", (await admin.At(daemon.AdminUrl).AskAsync("sessions", "show", id)).GetProperty("state").GetString());

        await admin.DoAsync("sessions", "resume", id, "--reason", "false alarm");
        await WaitFor.TrueAsync(async () => (await psql.AskAsync("SELECT 'goes on';")).Contains("goes on", StringComparison.Ordinal));

        await RunLongAsync(psql, "terminated");
        await admin.DoAsync("sessions", "terminate", id, "--reason", "after all");
        await psql.Process.WaitForOutputAsync("The session was ended by an administrator: after all", TimeSpan.FromSeconds(5));
        await NotRunningAsync("terminated");
        Recorded recorded = await SessionRecording.OfAsync(nodes.Daemons[0], "frozen@example.com", HadStatements);
        Assert.Equal("terminated", recorded.End!.Reason);
        Assert.Equal(["frozen", "resumed", "terminated"], recorded.Events.Select(happened => happened.Name).Where(name => name is "frozen" or "resumed" or "terminated"));
        Assert.Contains(recorded.Events, happened => happened.Detail == "by root@example.com: incident 7");
        await nodes.Store.WaitForAsync($"SELECT count(*) FROM sessions WHERE \"Id\" = '{id}'", 0L);
    }

    [Fact]
    public async Task Only_administrators_do_such_things()
    {
        await using PsqlSession psql = await nodes.PsqlAsync(1, "safe@example.com");
        Assert.Contains("in", await psql.AskAsync("SELECT 'in';"), StringComparison.Ordinal);
        foreach (string group in (string[])["viewers", "approvers", "auditors", "authors", "engineering"])
        {
            Person other = (await nodes.PersonAsync("other@example.com", group)).At(OtherUrl);
            Assert.Contains("role", await other.RefusedAsync("revocations", "create", "subject", "safe@example.com", "--issuer", Issuer, "--reason", "no"), StringComparison.OrdinalIgnoreCase);
        }

        Assert.Contains("still here", await psql.AskAsync("SELECT 'still here';"), StringComparison.Ordinal);
    }

    /// <summary>Types a statement that runs for a minute, and waits until it runs.</summary>
    private async Task RunLongAsync(PsqlSession psql, string mark)
    {
        await psql.TypeAsync($"SELECT pg_sleep(60) /* {mark} */;");
        await nodes.Postgres.WaitForAsync(Running(mark), 1L);
    }

    /// <summary>Waits until the target no longer runs it either.</summary>
    private Task NotRunningAsync(string mark) => nodes.Postgres.WaitForAsync(Running(mark), 0L);

    private static string Running(string mark) => $"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(60) /* {mark}%'";

    /// <summary>The id of somebody's session, once it is in the store.</summary>
    private async Task<string> SessionAsync(Person viewer, string subject)
    {
        await nodes.Store.WaitForAsync($"SELECT count(*) FROM sessions WHERE \"Subject\" = '{subject}'", 1L);
        return Assert.Single(await viewer.ListAsync("sessions", "list", "--subject", subject)).GetProperty("id").GetString()!;
    }

    private static bool HadStatements(Recorded recording) => recording.Decisions.Any(decision => decision.Kind != ActionKind.Login);

    private static string TokenId(string token)
    {
        using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        return claims.RootElement.GetProperty("jti").GetString()!;
    }
}
