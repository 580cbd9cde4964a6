using System.Text.Json;
using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Approvals;

/// <summary>Held statements, with the real psql waiting and persons who decide by command.</summary>
[Collection(PostgresTests.Name)]
public sealed class HeldStatementTests(HoldingDaemon fixture) : IClassFixture<HoldingDaemon>
{
    private const string Approvers = "approvers";

    private SallyportDaemon Daemon => fixture.Daemon;

    [Fact]
    public async Task A_held_delete_runs_once_two_persons_have_approved_it()
    {
        await using PsqlSession psql = await WithRowAsync(1001);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1001 RETURNING 'gone ' || id;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        Assert.Equal(0, (await DecideAsync("approve", id, "bea@example.com")).ExitCode);
        Assert.Equal(1L, await CountAsync(1001));
        Assert.Equal(0, (await DecideAsync("approve", id, "cy@example.com")).ExitCode);

        await psql.Process.WaitForOutputAsync("gone 1001");
        Assert.Equal(0L, await CountAsync(1001));
        Assert.Contains("Deletes need two persons.", psql.Process.Error, StringComparison.Ordinal);
        Assert.Contains("still here", await psql.AskAsync("SELECT 'still here';"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_approver_sees_is_what_will_run()
    {
        await using PsqlSession psql = await WithRowAsync(1002);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1002;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        (int code, string output, string error) = await Daemon.AdminAsync("bea@example.com", Approvers, "approvals", "show", id, "--json");

        Assert.True(code == 0, error);
        using JsonDocument shown = JsonDocument.Parse(output);
        string text = shown.RootElement.GetRawText();
        Assert.Contains("DELETE FROM held WHERE id = 1002", text, StringComparison.Ordinal);
        Assert.Contains("ada@example.com", text, StringComparison.Ordinal);
        Assert.Contains("shop/delete", text, StringComparison.Ordinal);
        await DecideAsync("deny", id, "bea@example.com", "--reason", "not today");
    }

    [Fact]
    public async Task A_denied_statement_is_an_error_and_the_session_goes_on()
    {
        await using PsqlSession psql = await WithRowAsync(1003);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1003;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        Assert.Equal(0, (await DecideAsync("deny", id, "bea@example.com", "--reason", "not today")).ExitCode);

        await psql.Process.WaitForOutputAsync("ERROR:");
        Assert.Contains("not today", psql.Process.Error, StringComparison.Ordinal);
        Assert.Contains("still here", await psql.AskAsync("SELECT 'still here';"), StringComparison.Ordinal);
        Assert.Equal(1L, await CountAsync(1003));
    }

    [Theory]
    [InlineData("ada@example.com", Approvers, "human")]
    [InlineData("robot", Approvers, "agent")]
    [InlineData("dan@example.com", "engineering", "human")]
    public async Task The_requester_an_agent_and_a_stranger_to_the_groups_may_not_approve(string subject, string groups, string kind)
    {
        await using PsqlSession psql = await WithRowAsync(1004);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1004;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        (int code, string output, string error) = await Daemon.AdminAsAsync(kind, subject, groups, "approvals", "approve", id);

        Assert.NotEqual(0, code);
        Assert.NotEqual("", output + error);
        Assert.Equal(0, (await DecideAsync("approve", id, "bea@example.com")).ExitCode);
        Assert.Equal(1L, await CountAsync(1004));
        Assert.Equal(0, (await DecideAsync("deny", id, "cy@example.com", "--reason", "enough")).ExitCode);
    }

    [Fact]
    public async Task One_person_does_not_count_twice()
    {
        await using PsqlSession psql = await WithRowAsync(1005);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1005;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        Assert.Equal(0, (await DecideAsync("approve", id, "bea@example.com")).ExitCode);
        Assert.NotEqual(0, (await DecideAsync("approve", id, "bea@example.com")).ExitCode);

        Assert.Equal(1L, await CountAsync(1005));
        Assert.Equal(0, (await DecideAsync("deny", id, "cy@example.com", "--reason", "enough")).ExitCode);
    }

    [Fact]
    public async Task Ctrl_C_withdraws_it_and_nothing_runs()
    {
        await using PsqlSession psql = await WithRowAsync(1006);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1006;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        psql.Process.Signal(UnixSignal.Int);
        await psql.Process.WaitForOutputAsync("canceling statement due to user request");

        Assert.NotEqual(0, (await DecideAsync("approve", id, "bea@example.com")).ExitCode);
        Assert.Equal(1L, await CountAsync(1006));
        Assert.Equal("withdrawn", await StatusAsync(id));
    }

    [Fact]
    public async Task A_client_that_goes_withdraws_it()
    {
        string id;
        await using (PsqlSession psql = await WithRowAsync(1007))
        {
            await psql.TypeAsync("DELETE FROM held WHERE id = 1007;");
            id = await HoldingDaemon.WaitingAsync(psql);
            psql.Process.Signal(UnixSignal.Kill);
        }

        while (await StatusAsync(id) == "pending")
            await Task.Delay(50);
        Assert.Equal("withdrawn", await StatusAsync(id));
        Assert.Equal(1L, await CountAsync(1007));
    }

    [Fact]
    public async Task An_approval_of_one_text_does_not_cover_another()
    {
        await using PsqlSession psql = await WithRowAsync(1008);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1008 AND false;");
        string first = await HoldingDaemon.WaitingAsync(psql);
        await DecideAsync("approve", first, "bea@example.com");
        await DecideAsync("approve", first, "cy@example.com");
        await psql.AnswerAsync();

        await psql.TypeAsync("DELETE FROM held WHERE id = 1008;");
        string second = await HoldingDaemon.WaitingAsync(psql, count: 2);

        Assert.NotEqual(first, second);
        Assert.Equal(1L, await CountAsync(1008));
        Assert.Equal(0, (await DecideAsync("deny", second, "bea@example.com", "--reason", "enough")).ExitCode);
    }

    [Fact]
    public async Task The_same_text_again_is_asked_for_again()
    {
        await using PsqlSession psql = await WithRowAsync(1009);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1009;");
        string first = await HoldingDaemon.WaitingAsync(psql);
        await DecideAsync("approve", first, "bea@example.com");
        await DecideAsync("approve", first, "cy@example.com");
        await psql.AnswerAsync();

        await psql.TypeAsync("DELETE FROM held WHERE id = 1009;");
        string second = await HoldingDaemon.WaitingAsync(psql, count: 2);

        Assert.NotEqual(first, second);
        Assert.Equal(0, (await DecideAsync("deny", second, "bea@example.com", "--reason", "enough")).ExitCode);
    }

    [Fact]
    public async Task A_prepared_statement_of_a_driver_waits_with_its_parameters()
    {
        await (await WithRowAsync(1010)).DisposeAsync();
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using var delete = new NpgsqlCommand("DELETE FROM held WHERE id = $1", connection);
        delete.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 1010 });
        await delete.PrepareAsync();
        Task<int> running = delete.ExecuteNonQueryAsync();
        string id = await PendingAsync("DELETE FROM held WHERE id = $1");

        (_, string shown, _) = await Daemon.AdminAsync("bea@example.com", Approvers, "approvals", "show", id, "--json");
        Assert.Contains("1010", shown, StringComparison.Ordinal);
        await DecideAsync("approve", id, "bea@example.com");
        await DecideAsync("approve", id, "cy@example.com");

        Assert.Equal(1, await running);
    }

    [Fact]
    public async Task An_approval_that_nobody_gives_ends_by_itself()
    {
        await using PsqlSession psql = await WithRowAsync(1011);
        await psql.TypeAsync("UPDATE held SET id = id WHERE id = 1011;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        await psql.Process.WaitForOutputAsync("ERROR:", TimeSpan.FromSeconds(60));

        Assert.Equal("expired", await StatusAsync(id));
        Assert.Contains("still here", await psql.AskAsync("SELECT 'still here';"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_node_is_killed_while_it_waits_the_client_hears_of_it_and_nothing_ran()
    {
        await using SallyportDaemon doomed = await SallyportDaemon.StartAsync(fixture.Postgres, DaemonSetup.With(HoldingDaemon.Policy) with { Control = true });
        string token = await doomed.TokenAsync("ada@example.com", "engineering");
        await (await WithRowAsync(1012)).DisposeAsync();
        await using PsqlSession psql = PsqlSession.Start(doomed.Psql(token));
        await psql.TypeAsync("DELETE FROM held WHERE id = 1012;");
        string id = await HoldingDaemon.WaitingAsync(psql);

        await doomed.KillAsync();

        Assert.Contains("connection to server was lost", await psql.LastWordsAsync("SELECT 1;"), StringComparison.Ordinal);
        Assert.Equal(1L, await CountAsync(1012));

        await doomed.RestartAsync();
        (_, string shown, _) = await doomed.AdminAsync("bea@example.com", Approvers, "approvals", "show", id, "--json");
        Assert.Contains("\"lost\"", shown, StringComparison.Ordinal);
        Assert.NotEqual(0, (await doomed.AdminAsync("bea@example.com", Approvers, "approvals", "approve", id)).ExitCode);
        Assert.Equal(1L, await CountAsync(1012));
    }

    [Fact]
    public async Task The_audit_tells_who_asked_who_decided_and_what_became_of_it()
    {
        await using PsqlSession psql = await WithRowAsync(1013);
        await psql.TypeAsync("DELETE FROM held WHERE id = 1013;");
        string id = await HoldingDaemon.WaitingAsync(psql);
        await DecideAsync("approve", id, "bea@example.com");
        await DecideAsync("approve", id, "cy@example.com");
        await psql.AnswerAsync();

        (int code, string output, string error) = await Daemon.AdminAsync("eve@example.com", "auditors", "audit", "query", "--type", "approval.*", "--json");

        Assert.True(code == 0, error);
        using JsonDocument events = JsonDocument.Parse(output);
        string[] about = [.. events.RootElement.EnumerateArray().Select(item => item.GetRawText()).Where(text => text.Contains(id, StringComparison.Ordinal))];
        Assert.Contains(about, text => text.Contains("bea@example.com", StringComparison.Ordinal));
        Assert.Contains(about, text => text.Contains("cy@example.com", StringComparison.Ordinal));
        Assert.Contains(about, text => text.Contains("\"approval.used\"", StringComparison.Ordinal));
    }

    private async Task<PsqlSession> WithRowAsync(int id)
    {
        await fixture.Postgres.SqlAsync($"CREATE TABLE IF NOT EXISTS held (id int PRIMARY KEY); GRANT ALL ON held TO {PostgresServer.AppUser}; INSERT INTO held VALUES ({id}) ON CONFLICT DO NOTHING");
        return PsqlSession.Start(Daemon.Psql(fixture.Token));
    }

    private Task<object?> CountAsync(int id) => fixture.Postgres.SqlAsync($"SELECT count(*) FROM held WHERE id = {id}");

    private Task<(int ExitCode, string Output, string Error)> DecideAsync(string word, string id, string subject, params string[] more) =>
        Daemon.AdminAsync(subject, Approvers, ["approvals", word, id, .. more]);

    private async Task<string> StatusAsync(string id)
    {
        (int code, string output, string error) = await Daemon.AdminAsync("bea@example.com", Approvers, "approvals", "show", id, "--json");
        Assert.True(code == 0, error);
        using JsonDocument shown = JsonDocument.Parse(output);
        return shown.RootElement.GetProperty("status").GetString()!;
    }

    /// <summary>The id of the pending approval of that text.</summary>
    private async Task<string> PendingAsync(string text)
    {
        while (true)
        {
            (int code, string output, string error) = await Daemon.AdminAsync("bea@example.com", Approvers, "approvals", "list", "--json");
            Assert.True(code == 0, error);
            using JsonDocument list = JsonDocument.Parse(output);
            JsonElement items = list.RootElement.ValueKind == JsonValueKind.Array ? list.RootElement : list.RootElement.GetProperty("items");
            foreach (JsonElement item in items.EnumerateArray())
            {
                if (item.GetRawText().Contains(text, StringComparison.Ordinal))
                    return item.GetProperty("id").GetString()!;
            }

            await Task.Delay(50);
        }
    }
}
