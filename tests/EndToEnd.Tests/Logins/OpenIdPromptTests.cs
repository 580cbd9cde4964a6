using Sallyport.EndToEnd.Tests.Federation;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>psql without a password: a person logs in through an OpenID provider, in a browser, and psql goes on.</summary>
[Collection(PostgresTests.Name)]
public sealed class OpenIdPromptTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly OpenIdProvider _provider = new();
    private SallyportDaemon? _daemon;

    private SallyportDaemon Daemon => _daemon!;

    public async Task InitializeAsync()
    {
        _daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Steps.Engineers) with
        {
            Control = true,
            Files = new Dictionary<string, string> { ["corp.secret"] = _provider.ClientSecret },
            Providers = $$"""
                  providers:
                    - name: corp
                      type: oidc
                      display-name: Corp
                      issuer: {{_provider.Issuer}}
                      client-id: {{OpenIdProvider.ClientId}}
                      client-secret: { file: corp.secret }
                      scopes: [openid, profile, email, groups]
                """,
        });
        _provider.SetAccounts(new Dictionary<string, string[]> { ["ada"] = ["engineering"], ["bob"] = ["sales"] });
        await _provider.RunAsync(Daemon.BrokerUrl + "/federation/corp/callback");
    }

    public async Task DisposeAsync()
    {
        await _provider.DisposeAsync();
        if (_daemon is not null)
            await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task Psql_goes_on_once_its_person_has_confirmed_and_is_judged_by_the_providers_groups()
    {
        await using Browser browser = await Browser.StartAsync();
        await using PsqlSession psql = Steps.Unproven(Daemon, "ada");
        (string url, string code) = await Steps.PromptAsync(psql);
        await browser.Page.GotoAsync(url);
        await Steps.SignInAtOpenIdAsync(browser.Page, "Corp", "ada");
        string page = await Steps.TextAsync(browser.Page, "Sign a client in");
        Assert.Contains(code, page, StringComparison.Ordinal);
        Assert.Contains("corp:ada", page, StringComparison.Ordinal);
        Assert.Contains("shop", page, StringComparison.Ordinal);
        Assert.False(psql.Process.HasExited);

        await browser.Page.ClickAsync("button[value=yes]");
        Assert.Contains("The client is signed in", await Steps.TextAsync(browser.Page, "Done"), StringComparison.Ordinal);

        Assert.Contains("42", await psql.AskAsync("SELECT 40 + 2;"), StringComparison.Ordinal);
        Assert.Contains("ERROR:", await psql.AskAsync("DELETE FROM customers;"), StringComparison.Ordinal);

        // The code was good once.
        await browser.Page.GotoAsync(url);
        Assert.Contains("is not known, has been used", await Steps.TextAsync(browser.Page, "This did not work"), StringComparison.Ordinal);
        await Steps.QuitAsync(psql);
        Recorded recorded = await Recorded.OfAsync(Daemon.Recordings, "ada");
        Assert.Equal("corp:ada", recorded.Facts!.Identity.Subject);
        Assert.Equal<string>(["engineering"], recorded.Facts.Identity.Groups);
        await Leaks.AssertNoneAsync(Daemon, _provider.ClientSecret, PostgresServer.AppPassword);
    }

    [Fact]
    public async Task Somebody_else_cannot_confirm_and_who_refuses_lets_nobody_in()
    {
        await using Browser browser = await Browser.StartAsync();
        await using PsqlSession psql = Steps.Unproven(Daemon, "ada");
        (string url, _) = await Steps.PromptAsync(psql);
        await browser.Page.GotoAsync(url);
        await Steps.SignInAtOpenIdAsync(browser.Page, "Corp", "bob");
        Assert.Contains("waits for somebody else", await Steps.TextAsync(browser.Page, "This did not work"), StringComparison.Ordinal);
        Assert.False(psql.Process.HasExited);

        await using Browser other = await Browser.StartAsync();
        await other.Page.GotoAsync(url);
        await Steps.SignInAtOpenIdAsync(other.Page, "Corp", "ada");
        await Steps.TextAsync(other.Page, "Sign a client in");
        await other.Page.ClickAsync("button[value=no]");

        Assert.Contains("Nobody was signed in", await Steps.TextAsync(other.Page, "Done"), StringComparison.Ordinal);
        Assert.NotEqual(0, await psql.Process.WaitForExitAsync());
        Assert.Contains("FATAL:", psql.Process.Error, StringComparison.Ordinal);
        await Leaks.AssertNoneAsync(Daemon, _provider.ClientSecret);
    }

    [Fact]
    public async Task A_person_of_another_group_may_confirm_and_policy_turns_them_away()
    {
        await using Browser browser = await Browser.StartAsync();
        await using PsqlSession psql = Steps.Unproven(Daemon, "bob@corp.example");
        (string url, _) = await Steps.PromptAsync(psql);
        await browser.Page.GotoAsync(url);
        await Steps.SignInAtOpenIdAsync(browser.Page, "Corp", "bob");
        await Steps.TextAsync(browser.Page, "Sign a client in");
        await browser.Page.ClickAsync("button[value=yes]");

        Assert.NotEqual(0, await psql.Process.WaitForExitAsync());
        Assert.Contains("FATAL:", psql.Process.Error, StringComparison.Ordinal);
    }
}
