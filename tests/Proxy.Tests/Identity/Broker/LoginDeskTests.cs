using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class LoginDeskTests : IAsyncLifetime
{
    private readonly Elsewhere _okta = new();
    private BrokerRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync(methods: _ => [_okta]);
        await _rig.AddUserAsync("alice", "administrators");
        await _rig.AddUserAsync("alice@example.com");
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_person_comes_in_by_a_provider()
    {
        using Browser browser = _rig.NewBrowser();
        Page signIn = await browser.GetAsync("/sign-in?return_to=%2Fdevice&fresh=1&acr_values=mfa");
        Assert.Contains("Sign in with Okta", signIn.Text, StringComparison.Ordinal);
        Assert.Contains("href=\"/sign-in/with?provider=okta&amp;return_to=%2Fdevice&amp;fresh=1&amp;acr_values=mfa\"", signIn.Text, StringComparison.Ordinal);
        Assert.Equal("https://okta.example/authorize", (await browser.GetAsync("/sign-in/with?provider=okta&return_to=%2Fdevice&fresh=1&acr_values=mfa")).Location);
        Assert.Equal(new LoginDemand("/device", true, "mfa", null), _okta.Demand);

        await EnterAsync(browser, Login("00u1") with { Groups = ["engineers", "bad\u0001group"], AuthenticationContext = "phr", RefreshToken = "secret-canary", ProviderSession = "s-9" });
        JsonElement claims = BrokerRig.Claims((await _rig.TokensAsync(browser)).GetProperty("access_token").GetString()!);
        Assert.Equal("okta:00u1", claims.GetProperty("sub").GetString());
        Assert.Equal("engineers", claims.GetProperty("groups").GetString());
        Assert.Equal("phr", claims.GetProperty("acr").GetString());
        UserRow row = await _rig.State.Store.ReadAsync((state, token) => state.Users.SingleAsync(user => user.Subject == "okta:00u1", token), CancellationToken.None);
        Assert.DoesNotContain("canary", System.Text.Encoding.UTF8.GetString(row.ProviderRefreshToken!), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", (Login("00u1") with { RefreshToken = "secret-canary" }).ToString(), StringComparison.Ordinal);

        // What the provider no longer says is gone; what an administrator gave stays.
        await _rig.Server.Users.SetGroupAsync("okta:00u1", "local-group", member: true, null, CancellationToken.None);
        await EnterAsync(browser, Login("00u1") with { Groups = ["sales"] });
        claims = BrokerRig.Claims((await _rig.TokensAsync(browser)).GetProperty("access_token").GetString()!);
        Assert.Equal(["local-group", "sales"], claims.GetProperty("groups").EnumerateArray().Select(e => e.GetString()));
    }

    [Fact]
    public async Task A_provider_cannot_vouch_for_somebody_else_s_subject()
    {
        using Browser browser = _rig.NewBrowser();
        Assert.Equal("subject-taken", (await EnterAsync(browser, Login("x") with { Email = "alice@example.com", IsEmailSubject = true })).Refusal);
        Assert.Null((await EnterAsync(browser, Login("y") with { Email = "bob@example.com", IsEmailSubject = true })).Refusal);

        // A new owner of an address is not the old one, and another provider's person neither.
        Assert.Equal("subject-taken", (await EnterAsync(browser, Login("z") with { Email = "BOB@example.com", IsEmailSubject = true })).Refusal);
        Assert.Equal("subject-taken", (await EnterAsync(browser, new ExternalLogin("azure", "y") { Email = "bob@example.com", IsEmailSubject = true })).Refusal);

        // The same person under a new address stays who they were.
        LoginOutcome moved = await EnterAsync(browser, Login("y") with { Email = "robert@example.com", IsEmailSubject = true });
        Assert.Equal("bob@example.com", moved.Login?.Subject);
        Assert.Equal("login-unfit", (await EnterAsync(browser, Login("n") with { Email = "no-address", IsEmailSubject = true })).Refusal);
        Assert.Equal("login-unfit", (await EnterAsync(browser, Login(""))).Refusal);
    }

    [Theory]
    [InlineData("alice", "okta:alice")]
    [InlineData("administrators", "okta:administrators")]
    [InlineData("a b", null)]
    [InlineData("a\u202eb", null)]
    public void A_provider_s_subject_is_never_a_local_name(string subject, string? expected)
    {
        string made = LoginDesk.SubjectOf(Login(subject))!;
        if (expected is null)
            Assert.Matches("^okta:sha256:[0-9a-f]{64}$", made);
        else
            Assert.Equal(expected, made);
        Assert.Null(Proxy.Identity.Local.LocalUsers.Normalize(made));
    }

    [Fact]
    public async Task A_disabled_person_does_not_come_in_and_a_provider_ends_its_own_logins()
    {
        using Browser browser = _rig.NewBrowser();
        await EnterAsync(browser, Login("00u1") with { ProviderSession = "s-1" });
        await _rig.Server.Sessions.EndOfProviderAsync("azure", "s-1", null, "provider", CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/")).Status);
        await _rig.Server.Sessions.EndOfProviderAsync("okta", "s-1", null, "provider", CancellationToken.None);
        Assert.StartsWith("/sign-in", (await browser.GetAsync("/")).Location, StringComparison.Ordinal);
        await _rig.Server.Users.SetDisabledAsync("okta:00u1", true, null, CancellationToken.None);
        Assert.Equal("user-disabled", (await EnterAsync(browser, Login("00u1"))).Refusal);
    }

    [Fact]
    public async Task A_provider_s_person_has_no_password_here()
    {
        using Browser browser = _rig.NewBrowser();
        await EnterAsync(browser, Login("00u1"));
        await Assert.ThrowsAsync<Proxy.Identity.Local.UserRefusedException>(() => _rig.Server.Users.InviteAsync("okta:00u1", null, null, [], again: true, null, CancellationToken.None));
        Assert.StartsWith("/sign-in", (await browser.GetAsync("/second-factor/new")).Location, StringComparison.Ordinal);
    }

    private static ExternalLogin Login(string subject) => new("okta", subject);

    private async Task<LoginOutcome> EnterAsync(Browser browser, ExternalLogin login)
    {
        _okta.Next = login;
        await browser.GetAsync("/sign-in/okta/callback");
        return _okta.Outcome;
    }

    /// <summary>A provider that vouches for whoever the test says.</summary>
    private sealed class Elsewhere : ILoginMethod
    {
        public ExternalLogin Next { get; set; } = null!;

        public LoginOutcome Outcome { get; private set; }

        public LoginDemand? Demand { get; private set; }

        public string Name => "okta";

        public string Title => "Okta";

        public Task<IResult> StartAsync(HttpContext http, LoginDemand demand, CancellationToken cancel)
        {
            Demand = demand;
            return Task.FromResult(Results.Redirect("https://okta.example/authorize"));
        }

        public void Map(IEndpointRouteBuilder routes, LoginDesk desk) => routes.MapGet("/sign-in/okta/callback", async (HttpContext http, CancellationToken cancel) =>
        {
            Outcome = await desk.CompleteAsync(http, Next, cancel);
            return LoginDesk.GoOn("/");
        });
    }
}
