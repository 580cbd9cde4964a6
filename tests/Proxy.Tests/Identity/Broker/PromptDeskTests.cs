using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Identity.Broker;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class PromptDeskTests : IAsyncLifetime
{
    private static readonly IPEndPoint Source = new(IPAddress.Parse("192.0.2.7"), 5000);

    private BrokerRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice", "engineers");
        await _rig.AddUserAsync("mallory");
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData("alice", true)]
    [InlineData("ALICE", true)]
    [InlineData("alice@example.com", true)]
    [InlineData("ALICE@EXAMPLE.COM", true)]
    [InlineData("a.l", true)]
    [InlineData("alic", false)]
    [InlineData("example.com", false)]
    [InlineData("", false)]
    [InlineData("mallory", false)]
    public void A_prompt_is_for_the_person_it_names(string claimed, bool isFor)
    {
        string email = claimed == "a.l" ? "a.l@example.com" : "alice@example.com";
        Assert.Equal(isFor, new PromptFacts(claimed, "", "", "").IsFor(new Person(Guid.Empty, "alice", null, email, null, [])));
        Assert.False(new PromptFacts(claimed, "", "", "").IsFor(new Person(Guid.Empty, "zoe", null, "@", null, [])));
    }

    [Fact]
    public async Task A_person_confirms_and_the_client_is_in()
    {
        LoginPrompt prompt = await OpenAsync("alice");
        Assert.Equal(_rig.Config.At("/prompt?code=" + prompt.Code), prompt.Url);
        Task<LoginResult> waiting = _rig.Server.Prompts.WaitAsync(prompt, Source.Address, CancellationToken.None);
        using Browser alice = await _rig.SignedInAsync("alice");
        Page confirm = await alice.GetAsync(new Uri(prompt.Url).PathAndQuery);
        foreach (string shown in (string[])["psql &lt;x&gt;", "192.0.2.7", "shop", prompt.Code])
            Assert.Contains(shown, confirm.Text, StringComparison.Ordinal);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(HttpStatusCode.OK, (await alice.SubmitAsync(confirm, ("answer", "yes"))).Status);
        LoginResult result = await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("alice", result.Identity?.Subject);
        Assert.Equal("engineers", Assert.Single(result.Identity!.Groups));
        Assert.Equal(_rig.Config.Issuer, result.Identity.Issuer);
        Assert.Equal("pwd", result.Identity.AuthenticationContext);
        Assert.Equal(32, result.Identity.LoginSession!.Length);

        // Once.
        Assert.Equal(HttpStatusCode.BadRequest, (await alice.SubmitAsync(confirm, ("answer", "yes"))).Status);
    }

    [Fact]
    public async Task Another_person_cannot_confirm()
    {
        LoginPrompt prompt = await OpenAsync("alice");
        Task<LoginResult> waiting = _rig.Server.Prompts.WaitAsync(prompt, Source.Address, CancellationToken.None);
        using Browser mallory = await _rig.SignedInAsync("mallory");
        Page page = await mallory.GetAsync(new Uri(prompt.Url).PathAndQuery);
        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.DoesNotContain("name=\"answer\"", page.Text, StringComparison.Ordinal);

        // Not even with a form that is right in everything else.
        Page own = await mallory.GetAsync("/password");
        Assert.Equal(HttpStatusCode.Forbidden, (await mallory.PostAsync("/prompt", ("code", prompt.Code), ("answer", "yes"), ("csrf", Csrf(own)))).Status);
        Assert.False(waiting.IsCompleted);

        using Browser alice = await _rig.SignedInAsync("alice");
        await alice.SubmitAsync(await alice.GetAsync(new Uri(prompt.Url).PathAndQuery), ("answer", "no"));
        Assert.Equal("prompt-denied", (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Refusal);
    }

    [Fact]
    public async Task A_person_confirms_on_another_node()
    {
        await using BrokerRig second = await _rig.SecondAsync();
        LoginPrompt prompt = await OpenAsync("alice");
        Task<LoginResult> waiting = _rig.Server.Prompts.WaitAsync(prompt, Source.Address, CancellationToken.None);
        using Browser alice = await second.SignedInAsync("alice");
        await alice.SubmitAsync(await alice.GetAsync(new Uri(prompt.Url).PathAndQuery), ("answer", "yes"));
        Assert.Equal("alice", (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Identity?.Subject);
    }

    [Fact]
    public async Task Prompts_expire_and_are_bounded_per_source()
    {
        LoginPrompt prompt = await OpenAsync("alice");
        _rig.Time.Now += PromptDesk.Lifetime + TimeSpan.FromSeconds(1);
        Assert.Equal("prompt-expired", (await _rig.Server.Prompts.WaitAsync(prompt, Source.Address, CancellationToken.None)).Refusal);
        List<LoginPrompt> open = [];
        for (int i = 0; i < 16; i++)
            open.Add(await OpenAsync("alice"));
        Assert.Null(await _rig.Server.Prompts.OpenAsync(Attempt("alice"), CancellationToken.None));
        using var gone = new CancellationTokenSource();
        Task<LoginResult> waiting = _rig.Server.Prompts.WaitAsync(open[0], Source.Address, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.NotNull(await _rig.Server.Prompts.OpenAsync(Attempt("alice"), CancellationToken.None));

        // Nobody is asked for a client that has left.
        Assert.Null(await _rig.Server.Prompts.FindAsync(open[0].Code, CancellationToken.None));
        Assert.NotNull(await _rig.Server.Prompts.FindAsync(open[1].Code, CancellationToken.None));
    }

    [Fact]
    public async Task A_disabled_person_s_yes_is_worth_nothing()
    {
        LoginPrompt prompt = await OpenAsync("alice");
        using Browser alice = await _rig.SignedInAsync("alice");
        await alice.SubmitAsync(await alice.GetAsync(new Uri(prompt.Url).PathAndQuery), ("answer", "yes"));
        await _rig.Server.Users.SetDisabledAsync("alice", true, null, CancellationToken.None);
        Assert.Null((await _rig.Server.Prompts.WaitAsync(prompt, Source.Address, CancellationToken.None)).Identity);
    }

    [Fact]
    public async Task Codes_cannot_be_guessed_at_length()
    {
        LoginPrompt prompt = await OpenAsync("alice");
        using Browser alice = await _rig.SignedInAsync("alice");
        for (int i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await alice.GetAsync("/prompt?code=BBBB-BBB" + "BCDFGHJKLM"[i])).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await alice.GetAsync(new Uri(prompt.Url).PathAndQuery)).Status);
    }

    private static LoginAttempt Attempt(string user) => new(user, Source, "psql <x>", "shop");

    private async Task<LoginPrompt> OpenAsync(string user) => (await _rig.Server.Prompts.OpenAsync(Attempt(user), CancellationToken.None))!;

    private static string Csrf(Page page) => page.Text.Split("name=\"csrf\" value=\"")[1].Split('"')[0];
}
