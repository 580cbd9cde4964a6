using System.Text.Json;
using Sallyport.EndToEnd.Tests.Administration;
using Sallyport.EndToEnd.Tests.Approvals;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Cluster;

/// <summary>Several daemons are one: what one holds, another shows and decides, and when one dies the others go on.</summary>
[Collection(PostgresTests.Name)]
public sealed class FailoverTests(Nodes nodes) : IClassFixture<Nodes>
{
    [Fact]
    public async Task Sessions_of_all_nodes_are_listed_by_any_of_them()
    {
        await using PsqlSession one = await nodes.PsqlAsync("one@example.com"), two = await nodes.PsqlAsync("two@example.com"), three = await nodes.PsqlAsync("three@example.com");
        foreach (PsqlSession psql in (PsqlSession[])[one, two, three])
            Assert.Contains("here", await psql.AskAsync("SELECT 'here';"), StringComparison.Ordinal);
        Person viewer = await nodes.PersonAsync("vera@example.com", "viewers");
        await nodes.Store.WaitForAsync("SELECT count(*) FROM sessions", 3L);

        foreach (SallyportDaemon daemon in nodes.Daemons)
        {
            Dictionary<string, string> sessions = await SessionsAsync(viewer.At(daemon.AdminUrl));
            Assert.Equal(["gate-1", "gate-2", "gate-3"], sessions.Values.Order(StringComparer.Ordinal));
            Assert.Equal(["one@example.com", "three@example.com", "two@example.com"], sessions.Keys.Order(StringComparer.Ordinal));
        }

        Assert.Equal(3, (await SessionsAsync(viewer.At(nodes.Front.AdminUrl))).Count);
        JsonElement[] listed = [.. await viewer.ListAsync("nodes")];
        Assert.Equal(["gate-1", "gate-2", "gate-3"], listed.Select(node => node.GetProperty("name").GetString()));
        Assert.All(listed, node => Assert.True(node.GetProperty("isAlive").GetBoolean()));
        Assert.All(listed, node => Assert.Equal(1, node.GetProperty("sessions").GetInt32()));
        await nodes.AssertNothingSpilledAsync();
    }

    [Fact]
    public async Task A_statement_held_on_one_node_is_approved_through_others()
    {
        await nodes.Postgres.SqlAsync($"CREATE TABLE elsewhere (id int PRIMARY KEY); GRANT ALL ON elsewhere TO {PostgresServer.AppUser}; INSERT INTO elsewhere VALUES (1)");
        await using PsqlSession psql = await nodes.PsqlAsync(1, "ada@example.com");
        await psql.TypeAsync("DELETE FROM elsewhere RETURNING 'gone ' || id;");
        string id = await HoldingDaemon.WaitingAsync(psql);
        Person bea = (await nodes.PersonAsync("bea@example.com", "approvers")).At(nodes.Daemons[1].AdminUrl);
        Person cy = (await nodes.PersonAsync("cy@example.com", "approvers")).At(nodes.Daemons[2].AdminUrl);

        Assert.Contains(await bea.ListAsync("approvals", "list"), item => item.GetProperty("id").GetString() == id);
        await bea.DoAsync("approvals", "approve", id);
        Assert.Equal(1L, await nodes.Postgres.SqlAsync("SELECT count(*) FROM elsewhere"));
        await bea.RefusedAsync("approvals", "approve", id);
        await bea.At(nodes.Daemons[0].AdminUrl).RefusedAsync("approvals", "approve", id);
        await cy.DoAsync("approvals", "approve", id);

        await psql.Process.WaitForOutputAsync("gone 1");
        Assert.Equal(0L, await nodes.Postgres.SqlAsync("SELECT count(*) FROM elsewhere"));
        await nodes.Store.WaitForAsync($"SELECT \"Status\" FROM approvals WHERE \"Id\" = '{id}'", "used");
        await nodes.AssertNothingSpilledAsync();
    }

    [Fact]
    public async Task When_a_node_is_killed_the_others_go_on_and_clear_up_after_it()
    {
        await nodes.Postgres.SqlAsync($"CREATE TABLE survivor (id int PRIMARY KEY); GRANT ALL ON survivor TO {PostgresServer.AppUser}; INSERT INTO survivor VALUES (1)");
        await using PsqlSession held = await nodes.PsqlAsync(1, "held@example.com"), elsewhere = await nodes.PsqlAsync(2, "elsewhere@example.com");
        Assert.Contains("here", await elsewhere.AskAsync("SELECT 'here';"), StringComparison.Ordinal);
        await held.TypeAsync("DELETE FROM survivor;");
        string id = await HoldingDaemon.WaitingAsync(held);
        Person bea = (await nodes.PersonAsync("bea@example.com", "approvers")).At(nodes.Front.AdminUrl);
        await bea.DoAsync("approvals", "approve", id);
        await nodes.Store.WaitForAsync("SELECT count(*) FROM sessions WHERE \"Node\" = 'gate-1'", 1L);

        await nodes.Daemons[0].KillAsync();

        Assert.Contains("connection to server was lost", await held.LastWordsAsync("SELECT 1;"), StringComparison.Ordinal);
        for (int i = 0; i < 4; i++)
            Assert.Contains("through", await NewAsync(), StringComparison.Ordinal);
        Assert.Contains("still here", await elsewhere.AskAsync("SELECT 'still here';"), StringComparison.Ordinal);
        await nodes.Front.WaitForAsync(2);

        // What half a minute of silence does, without waiting for it.
        await nodes.Store.SqlAsync("UPDATE nodes SET \"LastSeenAt\" = \"LastSeenAt\" - 30000 WHERE \"Name\" = 'gate-1'");
        await nodes.Store.WaitForAsync($"SELECT \"Status\" FROM approvals WHERE \"Id\" = '{id}'", "lost");
        Assert.DoesNotContain("gate-1", (await SessionsAsync(bea)).Values);
        Assert.Contains("elsewhere@example.com", (await SessionsAsync(bea)).Keys);
        Assert.Equal(["gate-2", "gate-3"], (await bea.ListAsync("nodes")).Select(node => node.GetProperty("name").GetString()));
        await (await nodes.PersonAsync("cy@example.com", "approvers")).At(nodes.Front.AdminUrl).RefusedAsync("approvals", "approve", id);
        Assert.Equal(1L, await nodes.Postgres.SqlAsync("SELECT count(*) FROM survivor"));
        await nodes.AssertNothingSpilledAsync();

        await nodes.Daemons[0].RestartAsync();
        await nodes.Front.WaitForAsync(3);
        await using PsqlSession again = await nodes.PsqlAsync(1, "again@example.com");
        Assert.Contains("back", await again.AskAsync("SELECT 'back';"), StringComparison.Ordinal);
        Assert.Equal(1L, await nodes.Postgres.SqlAsync("SELECT count(*) FROM survivor"));
    }

    /// <summary>The nodes of live sessions, by subject.</summary>
    private static async Task<Dictionary<string, string>> SessionsAsync(Person viewer) =>
        (await viewer.ListAsync("sessions", "list")).ToDictionary(session => session.GetProperty("subject").GetString()!, session => session.GetProperty("node").GetString()!);

    private async Task<string> NewAsync()
    {
        await using PsqlSession psql = await nodes.PsqlAsync("new@example.com");
        return await psql.AskAsync("SELECT 'through';");
    }
}
