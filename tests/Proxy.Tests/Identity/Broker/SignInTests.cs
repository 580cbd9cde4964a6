using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Identity.Local;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class SignInTests : IAsyncLifetime
{
    private BrokerRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice");
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_login_gives_a_new_cookie_that_no_script_reads()
    {
        using Browser browser = _rig.NewBrowser();
        Page page = await TryAsync(browser, "Alice", BrokerRig.Password);
        string cookie = page.Header("Set-Cookie");
        Assert.Contains("sallyport-login=", cookie, StringComparison.Ordinal);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/", cookie, StringComparison.Ordinal);
        Page again = await TryAsync(browser, "alice", BrokerRig.Password);
        Assert.NotEqual(Login(cookie), Login(again.Header("Set-Cookie")));
    }

    [Fact]
    public async Task A_planted_cookie_is_no_login()
    {
        using Browser browser = _rig.NewBrowser();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Cookie", $"sallyport-login={Guid.Empty:N}.{new string('A', 43)}");
        Assert.StartsWith("/sign-in", (await browser.SendAsync(request)).Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alice", "wrong password here")]
    [InlineData("nobody", BrokerRig.Password)]
    [InlineData("alice", "")]
    [InlineData("", BrokerRig.Password)]
    [InlineData("alice'--", "x")]
    public async Task A_wrong_login_is_refused_in_the_same_words(string name, string password)
    {
        using Browser browser = _rig.NewBrowser();
        Page page = await TryAsync(browser, name, password);
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Contains("The user name or password is not right", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("sallyport-login", page.Header("Set-Cookie"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_passwords_lock_a_user_for_longer_each_time_and_a_right_one_does_not_help()
    {
        using Browser browser = _rig.NewBrowser();
        for (int i = 0; i < 5; i++)
            await TryAsync(browser, "alice", "wrong password here");
        Assert.Equal(HttpStatusCode.BadRequest, (await TryAsync(browser, "alice", BrokerRig.Password)).Status);
        _rig.Time.Now += TimeSpan.FromSeconds(16);
        Assert.Equal(HttpStatusCode.BadRequest, (await TryAsync(browser, "alice", "wrong password here")).Status);
        _rig.Time.Now += TimeSpan.FromSeconds(16);
        Assert.Equal(HttpStatusCode.BadRequest, (await TryAsync(browser, "alice", BrokerRig.Password)).Status);
        _rig.Time.Now += TimeSpan.FromSeconds(16);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(browser, "alice", BrokerRig.Password)).Status);
        Assert.Equal(0, await FailuresAsync());
    }

    [Fact]
    public async Task A_source_that_tries_many_names_waits()
    {
        using Browser browser = _rig.NewBrowser();
        for (int i = 0; i < 20; i++)
            await TryAsync(browser, "user" + i, "wrong password here");
        Assert.Equal(HttpStatusCode.BadRequest, (await TryAsync(browser, "alice", BrokerRig.Password)).Status);
        Assert.Equal(0, await FailuresAsync());
        _rig.Time.Now += TimeSpan.FromSeconds(20);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(browser, "alice", BrokerRig.Password)).Status);
    }

    [Fact]
    public async Task Many_guesses_at_once_are_no_way_around()
    {
        using Browser browser = _rig.NewBrowser();
        Page form = await browser.GetAsync("/sign-in");
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => browser.SubmitAsync(form, ("name", "alice"), ("password", "wrong password here"))));
        Assert.Equal(5, await FailuresAsync());
    }

    [Fact]
    public async Task A_form_from_elsewhere_is_not_taken()
    {
        using Browser browser = _rig.NewBrowser();
        Page form = await browser.GetAsync("/sign-in");
        (string, string)[] fields = [("name", "alice"), ("password", BrokerRig.Password)];
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SubmitAsync(form, [.. fields, ("csrf", "")])).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync("/sign-in", fields)).Status);
        foreach (string? origin in (string?[])[null, "null", "https://evil.example", _rig.Config.Url.GetLeftPart(UriPartial.Authority) + ".evil.example"])
        {
            browser.Origin = origin;
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.SubmitAsync(form, fields)).Status);
        }

        // Login CSRF: a form that was made for another browser.
        using Browser victim = _rig.NewBrowser();
        await victim.GetAsync("/sign-in");
        Assert.Equal(HttpStatusCode.Forbidden, (await victim.SubmitAsync(form, fields)).Status);
    }

    [Fact]
    public async Task A_code_follows_the_password_and_is_good_once()
    {
        byte[] secret;
        using (Browser first = await _rig.SignedInAsync("alice"))
            secret = await _rig.EnrolAsync(first);
        using Browser browser = _rig.NewBrowser();
        Page password = await TryAsync(browser, "alice", BrokerRig.Password);
        Assert.DoesNotContain("sallyport-login", password.Header("Set-Cookie"), StringComparison.Ordinal);
        Page form = await browser.GetAsync("/second-factor");

        // The code of the enrolment is used up.
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync(form, ("code", _rig.CodeOf(secret)))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync(form, ("code", ""))).Status);
        _rig.Time.Now += TimeSpan.FromSeconds(30);
        string code = _rig.CodeOf(secret);
        Page done = await browser.SubmitAsync(form, ("code", code));
        Assert.Contains("sallyport-login", done.Header("Set-Cookie"), StringComparison.Ordinal);

        using Browser other = _rig.NewBrowser();
        await TryAsync(other, "alice", BrokerRig.Password);
        Assert.Equal(HttpStatusCode.BadRequest, (await other.SubmitAsync(await other.GetAsync("/second-factor"), ("code", code))).Status);
    }

    [Fact]
    public async Task A_code_without_the_password_is_worth_nothing()
    {
        using (Browser first = await _rig.SignedInAsync("alice"))
            await _rig.EnrolAsync(first);
        using Browser browser = _rig.NewBrowser();
        Page form = await browser.GetAsync("/second-factor");
        Page page = await browser.SubmitAsync(form, ("code", "123456"));
        Assert.Contains("This took too long", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guessing_codes_locks_too()
    {
        byte[] secret;
        using (Browser first = await _rig.SignedInAsync("alice"))
            secret = await _rig.EnrolAsync(first);
        using Browser browser = _rig.NewBrowser();
        await TryAsync(browser, "alice", BrokerRig.Password);
        Page form = await browser.GetAsync("/second-factor");
        _rig.Time.Now += TimeSpan.FromSeconds(30);
        for (int i = 0; i < 5; i++)
            await browser.SubmitAsync(form, ("code", "00000" + i));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync(form, ("code", _rig.CodeOf(secret)))).Status);
    }

    [Fact]
    public async Task An_invitation_is_good_once_and_for_some_days()
    {
        string invitation = await _rig.InviteAsync("bob");
        using Browser browser = _rig.NewBrowser();
        Page form = await browser.GetAsync(invitation);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync(form, ("password", "short"), ("again", "short"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync(form, ("password", BrokerRig.Password), ("again", "another password"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.SubmitAsync(form, ("password", BrokerRig.Password), ("again", BrokerRig.Password))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync(form, ("password", "another password"), ("again", "another password"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(invitation)).Status);

        string late = await _rig.InviteAsync("late");
        _rig.Time.Now += TimeSpan.FromDays(4);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(late)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(late[..^3] + "AAA")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync("/invitation?code=x")).Status);
    }

    [Fact]
    public async Task A_changed_password_ends_every_login_and_needs_the_old_one()
    {
        using Browser browser = await _rig.SignedInAsync("alice");
        Page form = await browser.GetAsync("/password");
        const string Next = "staple battery horse";
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync(form, ("current", "wrong password here"), ("password", Next), ("again", Next))).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.SubmitAsync(form, ("current", BrokerRig.Password), ("password", Next), ("again", Next))).Status);
        Assert.StartsWith("/sign-in", (await browser.GetAsync("/")).Location, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await TryAsync(browser, "alice", BrokerRig.Password)).Status);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(browser, "alice", Next)).Status);
    }

    [Fact]
    public async Task A_reset_takes_password_second_factor_and_logins()
    {
        using Browser browser = await _rig.SignedInAsync("alice");
        await _rig.EnrolAsync(browser);
        await _rig.Server.Users.InviteAsync("alice", null, null, [], again: true, null, CancellationToken.None);
        Assert.StartsWith("/sign-in", (await browser.GetAsync("/")).Location, StringComparison.Ordinal);
        UserView alice = (await _rig.Server.Users.ListAsync("", 10, CancellationToken.None)).Single();
        Assert.True(alice is { HasPassword: false, HasTotp: false, InvitationOpen: true });
        await Assert.ThrowsAsync<UserRefusedException>(() => _rig.InviteAsync("alice"));
    }

    [Fact]
    public async Task No_password_and_no_code_is_in_the_store_or_the_log()
    {
        using Browser browser = _rig.NewBrowser();
        await TryAsync(browser, "alice", BrokerRig.Password);
        await TryAsync(browser, "hunter2-canary!", "hunter3-canary-password");
        string? hash = await _rig.State.Store.ReadAsync((state, token) => state.Users.Select(user => user.PasswordHash).SingleAsync(token), CancellationToken.None);
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", hash, StringComparison.Ordinal);
        Assert.DoesNotContain(_rig.Audit.Events, told => System.Text.Json.JsonSerializer.Serialize(told, IpSafe).Contains("canary", StringComparison.Ordinal));
        Assert.DoesNotContain("canary", _rig.LogText(), StringComparison.Ordinal);
    }

    private static readonly System.Text.Json.JsonSerializerOptions IpSafe = new() { Converters = { new AddressConverter() } };

    private sealed class AddressConverter : System.Text.Json.Serialization.JsonConverter<IPAddress>
    {
        public override IPAddress? Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) => IPAddress.Parse(reader.GetString()!);

        public override void Write(System.Text.Json.Utf8JsonWriter writer, IPAddress value, System.Text.Json.JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private static async Task<Page> TryAsync(Browser browser, string name, string password) => await browser.SubmitAsync(await browser.GetAsync("/sign-in"), ("name", name), ("password", password));

    private Task<int> FailuresAsync() => _rig.State.Store.ReadAsync((state, token) => state.Users.Where(user => user.Subject == "alice").Select(user => user.FailedLogins).SingleAsync(token), CancellationToken.None);

    private static string Login(string cookies) => cookies.Split("sallyport-login=")[1].Split(';')[0];
}
