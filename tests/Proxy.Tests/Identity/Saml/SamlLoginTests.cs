using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Which answer belongs to which request, and that each is taken once.</summary>
public sealed class SamlLoginTests
{
    private readonly FakeTime _time = new();
    private readonly SamlLocalMemory _memory;

    public SamlLoginTests() => _memory = new SamlLocalMemory(_time);

    [Fact]
    public async Task An_answer_to_our_request_is_taken_once()
    {
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login);
        string response = Post(new TestResponse { InResponseTo = id }.Xml());

        (SamlAssertion? assertion, string? refusal) = await login.AcceptAsync(response, id, default);
        Assert.Null(refusal);
        Assert.Equal("alice@example.com", assertion!.Subject);
        Assert.Equal((null, SamlRefusals.Replayed), await login.AcceptAsync(response, id, default));
    }

    [Fact]
    public async Task A_request_is_answered_once_even_by_another_assertion()
    {
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login);
        Assert.NotNull((await login.AcceptAsync(Post(new TestResponse { InResponseTo = id }.Xml()), id, default)).Assertion);
        Assert.Equal((null, SamlRefusals.RequestUnknown), await login.AcceptAsync(Post(new TestResponse { InResponseTo = id, AssertionId = "_second" }.Xml()), id, default));
    }

    [Fact]
    public async Task Of_many_who_come_with_the_same_answer_one_is_let_in()
    {
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login), response = Post(new TestResponse { InResponseTo = id }.Xml());
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () => await login.AcceptAsync(response, id, default))));
        Assert.Single(results, result => result.Assertion is not null);
    }

    [Fact]
    public async Task An_answer_to_no_request_of_ours_is_refused() =>
        Assert.Equal((null, SamlRefusals.RequestUnknown), await Login(Provider).AcceptAsync(Post(new TestResponse { InResponseTo = "_guessed" }.Xml()), "_guessed", default));

    [Fact]
    public async Task An_answer_by_another_provider_is_refused()
    {
        // Both are configured; the browser began at one and comes back from the other (mix-up).
        string id = await RequestAsync(Login(Provider with { Name = "other", Idp = Provider.Idp with { EntityId = "https://other.example" } }));
        Assert.Equal((null, SamlRefusals.MixUp), await Login(Provider).AcceptAsync(Post(new TestResponse { InResponseTo = id }.Xml()), id, default));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("_of_somebody_else")]
    public async Task An_answer_planted_in_another_browser_is_refused_and_uses_up_nothing(string? begunHere)
    {
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login), response = Post(new TestResponse { InResponseTo = id }.Xml());
        Assert.Equal((null, SamlRefusals.OtherBrowser), await login.AcceptAsync(response, begunHere, default));
        Assert.NotNull((await login.AcceptAsync(response, id, default)).Assertion);
    }

    [Fact]
    public async Task A_refused_answer_does_not_use_up_the_request()
    {
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login);
        Assert.Equal((null, SamlRefusals.Unsigned), await login.AcceptAsync(Post(new TestResponse { InResponseTo = id, AssertionSigner = null }.Xml()), id, default));
        Assert.NotNull((await login.AcceptAsync(Post(new TestResponse { InResponseTo = id }.Xml()), id, default)).Assertion);
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_refused()
    {
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login);
        _time.Now += SamlLimits.RequestLifetime;
        Assert.Equal((null, SamlRefusals.RequestUnknown), await login.AcceptAsync(Post(new TestResponse { InResponseTo = id, ConfirmedUntil = At(3600), NotOnOrAfter = At(3600) }.Xml()), id, default));
    }

    [Fact]
    public async Task What_nobody_asked_for_is_refused_unless_the_provider_may_begin()
    {
        string response = Post(new TestResponse { InResponseTo = null }.Xml());
        Assert.Equal((null, SamlRefusals.Unsolicited), await Login(Provider).AcceptAsync(response, null, default));
        SamlLogin open = Login(Provider with { AllowIdpInitiated = true });
        Assert.NotNull((await open.AcceptAsync(response, null, default)).Assertion);
        Assert.Equal((null, SamlRefusals.Replayed), await open.AcceptAsync(response, null, default));
        // Being allowed to begin does not make answers to unknown requests welcome.
        Assert.Equal((null, SamlRefusals.RequestUnknown), await open.AcceptAsync(Post(new TestResponse { AssertionId = "_2" }.Xml()), "_request", default));
    }

    [Fact]
    public async Task An_assertion_is_remembered_as_long_as_it_is_accepted()
    {
        SamlLogin login = Login(Provider with { AllowIdpInitiated = true });
        string response = Post(new TestResponse { InResponseTo = null }.Xml());
        Assert.NotNull((await login.AcceptAsync(response, null, default)).Assertion);
        _time.Now += TimeSpan.FromSeconds(300 + 60) - TimeSpan.FromTicks(1);
        Assert.Equal((null, SamlRefusals.Replayed), await login.AcceptAsync(response, null, default));
        _time.Now += TimeSpan.FromTicks(1);
        Assert.Equal((null, SamlRefusals.Expired), await login.AcceptAsync(response, null, default));
    }

    [Fact]
    public async Task A_step_up_must_be_answered_with_what_was_asked()
    {
        const string Mfa = "https://refeds.org/profile/mfa";
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login, new SamlLoginOptions { AuthnContexts = [Mfa] });
        Assert.Equal((null, SamlRefusals.AuthnContext), await login.AcceptAsync(Post(new TestResponse { InResponseTo = id }.Xml()), id, default));

        id = await RequestAsync(login, new SamlLoginOptions { AuthnContexts = [Mfa] });
        string stronger = Post(new TestResponse { InResponseTo = id, AssertionId = "_2", Assertion = a => a.Replace(Password, Mfa) }.Xml());
        Assert.Equal(Mfa, (await login.AcceptAsync(stronger, id, default)).Assertion!.AuthnContext);
    }

    [Fact]
    public async Task Contexts_of_the_settings_are_insisted_on_without_a_request_too()
    {
        SamlLogin login = Login(Provider with { AllowIdpInitiated = true, AuthnContexts = ["urn:mfa"] });
        Assert.Equal((null, SamlRefusals.AuthnContext), await login.AcceptAsync(Post(new TestResponse { InResponseTo = null }.Xml()), null, default));
        Assert.NotNull((await login.AcceptAsync(Post(new TestResponse { InResponseTo = null, AssertionId = "_2", Assertion = a => a.Replace(Password, "urn:mfa") }.Xml()), null, default)).Assertion);
    }

    [Fact]
    public async Task A_forced_login_must_be_newer_than_the_request()
    {
        SamlLogin login = Login(Provider);
        string id = await RequestAsync(login, new SamlLoginOptions { ForceAuthn = true });
        Assert.Equal((null, SamlRefusals.AuthnContext), await login.AcceptAsync(Post(new TestResponse { InResponseTo = id, AuthnInstant = At(-3600) }.Xml()), id, default));
        id = await RequestAsync(login, new SamlLoginOptions { ForceAuthn = true });
        Assert.NotNull((await login.AcceptAsync(Post(new TestResponse { InResponseTo = id, AssertionId = "_2", AuthnInstant = At(1) }.Xml()), id, default)).Assertion);
    }

    [Fact]
    public async Task Memory_is_bounded_and_forgets_what_has_expired()
    {
        var small = new SamlLocalMemory(_time, capacity: 2);
        Assert.True(await small.TryAddAsync("i", "1", _time.Now.AddSeconds(10), default));
        Assert.True(await small.TryAddAsync("j", "1", _time.Now.AddSeconds(20), default));
        Assert.False(await small.TryAddAsync("i", "2", _time.Now.AddSeconds(20), default));
        _time.Now += TimeSpan.FromSeconds(10);
        Assert.True(await small.TryAddAsync("i", "2", _time.Now.AddSeconds(20), default));
        Assert.False(await small.TryAddAsync("j", "1", _time.Now.AddSeconds(20), default));

        var login = new SamlLogin(Provider, small, small, _time);
        await login.RedirectAsync(new SamlLoginOptions(), default);
        await login.RedirectAsync(new SamlLoginOptions(), default);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await login.RedirectAsync(new SamlLoginOptions(), default));
        _time.Now += SamlLimits.RequestLifetime;
        await login.RedirectAsync(new SamlLoginOptions(), default);
    }

    private SamlLogin Login(SamlProvider provider) => new(provider, _memory, _memory, _time);

    private static async Task<string> RequestAsync(SamlLogin login, SamlLoginOptions? options = null) =>
        (await login.RedirectAsync(options ?? new SamlLoginOptions(), default)).RequestId;
}
