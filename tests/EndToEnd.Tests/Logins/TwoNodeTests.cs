using System.Diagnostics;
using Sallyport.EndToEnd.Tests.Federation;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>Two nodes on one store: a person logs in at the broker of the first, and what the provider says later reaches their session on the second.</summary>
[Collection(PostgresTests.Name)]
public sealed class TwoNodeTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    private readonly OpenIdProvider _provider = new();
    private SallyportDaemon? _one;
    private SallyportDaemon? _two;

    public async Task InitializeAsync()
    {
        string database = $"nodes_{Guid.NewGuid():N}";
        await postgres.SqlAsync($"CREATE DATABASE {database} OWNER {PostgresServer.AppUser}", "postgres");
        DaemonSetup setup = DaemonSetup.With(Steps.Engineers) with
        {
            Control = true,
            Node = "one",
            StoreKey = SallyportDaemon.NewStoreKey(),
            Files = new Dictionary<string, string> { ["corp.secret"] = _provider.ClientSecret, ["store.password"] = PostgresServer.AppPassword },
            Store = $$"""
                  postgres:
                    address: {{PostgresServer.Host}}:{{postgres.Port}}
                    database: {{database}}
                    user: {{PostgresServer.AppUser}}
                    password: { file: store.password }
                    tls: { mode: verify-full, ca: {{postgres.CaFile}} }
                """,
            Providers = $$"""
                  providers:
                    - name: corp
                      type: oidc
                      display-name: Corp
                      issuer: {{_provider.Issuer}}
                      client-id: {{OpenIdProvider.ClientId}}
                      client-secret: { file: corp.secret }
                      scopes: [openid, profile, email, groups, offline_access]
                      recheck: 1s
                """,
        };
        _one = await SallyportDaemon.StartAsync(postgres, setup);
        _two = await SallyportDaemon.StartAsync(postgres, setup with { Node = "two", BrokerPort = _one.BrokerPort });
        _provider.SetAccounts(new Dictionary<string, string[]> { ["ada"] = ["engineering"], ["bea"] = ["engineering"] });
        await _provider.RunAsync(_one.BrokerUrl + "/federation/corp/callback", _one.BrokerUrl + "/federation/corp/backchannel-logout");
    }

    public async Task DisposeAsync()
    {
        await _provider.DisposeAsync();
        foreach (SallyportDaemon? node in (SallyportDaemon?[])[_one, _two])
        {
            if (node is not null)
                await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_group_taken_away_at_the_provider_cuts_a_query_that_runs_on_the_other_node()
    {
        await using Browser ada = await Browser.StartAsync();
        await using Browser bea = await Browser.StartAsync();
        await using PsqlSession cut = await LoggedInAsync(ada, "ada");
        await using PsqlSession kept = await LoggedInAsync(bea, "bea");
        await cut.TypeAsync("SELECT pg_sleep(60);");
        await postgres.WaitForAsync("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60);' AND state = 'active'", 1L);

        long start = Stopwatch.GetTimestamp();
        _provider.SetAccounts(new Dictionary<string, string[]> { ["ada"] = ["sales"], ["bea"] = ["engineering"] });
        await cut.Process.WaitForOutputAsync("FATAL:");

        Assert.True(Stopwatch.GetElapsedTime(start) < Soon);
        Assert.Contains("2", await kept.AskAsync("SELECT 2;"), StringComparison.Ordinal);

        // Who is gone at the provider altogether is out here as well.
        _provider.SetAccounts(new Dictionary<string, string[]> { ["ada"] = ["sales"] });
        await kept.TypeAsync("SELECT pg_sleep(60);");
        await kept.Process.WaitForOutputAsync("FATAL:");
        await AssertNoLeaksAsync();
    }

    [Fact]
    public async Task A_logout_at_the_provider_cuts_a_query_that_runs_on_the_other_node()
    {
        await using Browser browser = await Browser.StartAsync();
        await using PsqlSession psql = await LoggedInAsync(browser, "ada");
        await psql.TypeAsync("SELECT pg_sleep(60);");

        await browser.Page.GotoAsync(_provider.Issuer + "/session/end");
        long start = Stopwatch.GetTimestamp();
        await browser.Page.ClickAsync("button[value=yes]");
        await _provider.WaitForLogAsync("backchannel logout taken");
        await psql.Process.WaitForOutputAsync("FATAL:");

        Assert.True(Stopwatch.GetElapsedTime(start) < Soon);
        await AssertNoLeaksAsync();
    }

    /// <summary>A psql on the second node whose person has logged in at the first.</summary>
    private async Task<PsqlSession> LoggedInAsync(Browser browser, string account)
    {
        PsqlSession psql = Steps.Unproven(_two!, account);
        (string url, _) = await Steps.PromptAsync(psql);
        Assert.StartsWith(_one!.BrokerUrl, url, StringComparison.Ordinal);
        await browser.Page.GotoAsync(url);
        await Steps.SignInAtOpenIdAsync(browser.Page, "Corp", account);
        await Steps.TextAsync(browser.Page, "Sign a client in");
        await browser.Page.ClickAsync("button[value=yes]");
        Assert.Contains("1", await psql.AskAsync("SELECT 1;"), StringComparison.Ordinal);
        return psql;
    }

    private async Task AssertNoLeaksAsync()
    {
        await Leaks.AssertNoneAsync(_one!, _provider.ClientSecret, PostgresServer.AppPassword);
        await Leaks.AssertNoneAsync(_two!, _provider.ClientSecret, PostgresServer.AppPassword);
    }
}
