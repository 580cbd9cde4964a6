using System.Diagnostics;
using Sallyport.EndToEnd.Tests.Clients;
using Sallyport.EndToEnd.Tests.State;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>A user of the daemon's own, from the invitation to the logout, by `sallyport` and a browser.</summary>
[Collection(PostgresTests.Name)]
public sealed class LocalUserTests(LocalPeople people) : IClassFixture<LocalPeople>
{
    [Fact]
    public async Task A_login_gives_tokens_for_psql_and_the_admin_api()
    {
        await using PersonsMachine machine = await people.LoggedInAsync();

        string token = people.Secret(await machine.SaysAsync("token"));
        PsqlResult direct = await Psql.RunAsync(people.Daemon.Psql(token), "", "-At", "-c", "SELECT 40 + 2");
        Assert.Equal("42", direct.Output.Trim());
        Assert.Equal("42", await machine.SaysAsync("psql", "shop", "--", "-At", "-c", "SELECT 40 + 2"));

        string admin = people.Secret(await machine.SaysAsync("token", "--admin"));
        Assert.NotEqual(token, admin);
        Assert.Contains("ada", await machine.SaysAsync("users", "list"), StringComparison.Ordinal);

        // Neither opens the other's door.
        Assert.NotEqual(0, (await Psql.RunAsync(people.Daemon.Psql(admin), "", "-c", "SELECT 1")).ExitCode);
        using var home = new TempFolder();
        (int code, _, string error) = await SallyportDaemon.CommandAsync(
            "users", "list", "--url", people.Daemon.AdminUrl, "--ca", people.Daemon.CaFile, "--token-file", home.Write("token", token));
        Assert.True(code != 0, error);
        string saved = Assert.Single(machine.Files, file => file.Contains("/logins/", StringComparison.Ordinal) && file.EndsWith(".json", StringComparison.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(saved));
    }

    [Fact]
    public async Task A_logout_cuts_what_the_login_let_in_and_nothing_else()
    {
        await using PersonsMachine machine = await people.LoggedInAsync();
        await using PersonsMachine other = await people.LoggedInAsync();
        await using PsqlSession psql = PsqlSession.Start(people.Daemon.Psql(await machine.SaysAsync("token"), user: "cut"));
        await using PsqlSession kept = PsqlSession.Start(people.Daemon.Psql(await other.SaysAsync("token"), user: "kept"));
        await psql.AskAsync("SELECT 1;");
        await kept.AskAsync("SELECT 1;");
        string token = people.Secret(await machine.SaysAsync("token"));
        await psql.TypeAsync("SELECT pg_sleep(60);");

        long start = Stopwatch.GetTimestamp();
        Assert.Equal("Logged out.", await machine.SaysAsync("logout"));
        await psql.Process.WaitForOutputAsync("FATAL:");

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15));
        Assert.Contains("2", await kept.AskAsync("SELECT 2;"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await Psql.RunAsync(people.Daemon.Psql(token), "", "-c", "SELECT 1")).ExitCode);
        Assert.NotEqual(0, (await machine.RunAsync("token")).ExitCode);
        await Steps.QuitAsync(kept);
    }

    [Fact]
    public async Task Libpq_logs_in_by_OAUTHBEARER_with_a_token_of_the_broker_and_is_told_where_to_get_one()
    {
        await using PersonsMachine machine = await people.LoggedInAsync();
        string conninfo = $"host={SallyportDaemon.Host} hostaddr=127.0.0.1 port={people.Daemon.Port} dbname=shop user=ada+oauth "
            + $"sslmode=verify-full sslrootcert={people.Daemon.CaFile} oauth_client_id=sallyport-cli oauth_issuer={people.Daemon.BrokerUrl}/oidc";

        LibpqResult good = await LibpqOAuth.QueryAsync(conninfo, people.Secret(await machine.SaysAsync("token")), "SELECT 40 + 2");
        Assert.Equal(("42", ""), (good.Value, good.Error));
        Assert.Equal(people.Daemon.BrokerUrl + "/oidc/.well-known/openid-configuration", good.DiscoveryUrl);
        Assert.Equal("openid sallyport", good.Scope);

        // One for the admin API, and one of nobody.
        foreach (string wrong in (string[])[await machine.SaysAsync("token", "--admin"), "canary-no-token-of-anybody"])
        {
            LibpqResult refused = await LibpqOAuth.QueryAsync(conninfo, people.Secret(wrong), "SELECT 1");
            Assert.Null(refused.Value);
            Assert.Contains("login refused", refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_needs_a_fresh_login_is_refused_with_the_hint_and_done_after_one()
    {
        await using PersonsMachine machine = await people.LoggedInAsync();
        await using PsqlSession psql = PsqlSession.Start(people.Daemon.Psql(people.Secret(await machine.SaysAsync("token"))));
        string answer = "";
        await WaitFor.TrueAsync(async () => (answer = await psql.AskAsync("DELETE FROM customers WHERE false;")).Contains("ERROR:", StringComparison.Ordinal));
        Assert.Contains("step-up/fresh", answer, StringComparison.Ordinal);
        Assert.Contains("HINT:", answer, StringComparison.Ordinal);
        Assert.Contains("1", await psql.AskAsync("SELECT 1;"), StringComparison.Ordinal);
        await Steps.QuitAsync(psql);

        await using PersonsMachine fresh = await people.LoggedInAsync();
        PsqlResult done = await Psql.RunAsync(people.Daemon.Psql(people.Secret(await fresh.SaysAsync("token"))), "", "-c", "DELETE FROM customers WHERE false");
        Assert.True(done.ExitCode == 0, done.ToString());
    }
}
