using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Sallyport.Proxy.Cli.Client;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.ClientCommands;

/// <summary>Logins of the command line against a provider that may be wrong in every way.</summary>
public sealed class ClientLoginTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StringWriter _error = new();
    private readonly HttpClient _browser = new();
    private readonly QuickTime _time = new();
    private ScriptedBroker _broker = null!;
    private SavedLogins _logins = null!;

    public async Task InitializeAsync()
    {
        _broker = await ScriptedBroker.StartAsync();
        _logins = new SavedLogins(_directory["logins"]);
    }

    public async Task DisposeAsync()
    {
        _browser.Dispose();
        await _broker.DisposeAsync();
        _directory.Dispose();
    }

    private ClientSession Session => new(new ClientConfig { Broker = new Uri(_broker.Issuer) }, _logins, _time);

    [Fact]
    public async Task A_login_in_the_browser_proves_that_it_began_it()
    {
        Dictionary<string, StringValues> asked = [];
        _broker.Next(form => _broker.Tokens(_time.GetUtcNow(), asked["nonce"]));
        SavedLogin login = await LoginAsync(query =>
        {
            asked = query;
            return new() { ["code"] = "code-1", ["state"] = query["state"], ["iss"] = _broker.Issuer };
        });

        Assert.Equal("pat", login.Subject);
        (_, Dictionary<string, string> form) = Assert.Single(_broker.Asked);
        Assert.Equal(("authorization_code", "code-1", "sallyport-cli"), (form["grant_type"], form["code"], form["client_id"]));
        Assert.Equal(asked["code_challenge"].ToString(), Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"]))));
        Assert.Equal("S256", asked["code_challenge_method"].ToString());
        Assert.Equal(asked["redirect_uri"].ToString(), form["redirect_uri"]);
        Assert.StartsWith("http://127.0.0.1:", form["redirect_uri"], StringComparison.Ordinal);

        string file = Assert.Single(Directory.GetFiles(_directory["logins"], "*.json"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory["logins"]));
        Assert.DoesNotContain("refresh-1", login.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("refresh-1", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_logs_in_only_where_somebody_is_there()
    {
        Dictionary<string, StringValues> asked = [];
        bool opened = false;
        bool Open(string address)
        {
            opened = true;
            asked = Query(address);
            _ = Task.Run(() => _browser.GetAsync($"{asked["redirect_uri"]}?code=code-1&state={asked["state"]}&iss={Uri.EscapeDataString(_broker.Issuer)}"));
            return true;
        }

        await Assert.ThrowsAsync<NotLoggedInException>(() => KubeTokenCommand.TokenAsync(Session, null, interactive: false, device: false, _error, Open, default));
        Assert.False(opened);
        _broker.Next(form => _broker.Tokens(_time.GetUtcNow(), asked["nonce"]));
        _broker.Next(form => _broker.Tokens(_time.GetUtcNow(), asked["nonce"]));
        SavedToken token = await KubeTokenCommand.TokenAsync(Session, null, interactive: true, device: false, _error, Open, default);
        Assert.True(opened);
        Assert.True(token.ExpiresAt > _time.GetUtcNow());
        Assert.Equal("openid offline_access sallyport", _broker.Asked[^1].Form["scope"]);
    }

    [Fact]
    public async Task An_answer_with_another_state_is_refused_and_the_wait_goes_on()
    {
        Dictionary<string, StringValues> asked = [];
        _broker.Next(form => _broker.Tokens(_time.GetUtcNow(), asked["nonce"]));
        var statuses = new List<HttpStatusCode>();
        Task<SavedLogin> login = Session.LoginAsync(null, false, _error, address =>
        {
            asked = Query(address);
            _ = Task.Run(async () =>
            {
                string callback = asked["redirect_uri"]!;
                foreach (string query in new[] { "?code=evil&state=other", "?code=evil", $"?code=evil&state={asked["state"]}&state={asked["state"]}", $"?code=a&code=b&state={asked["state"]}" })
                    statuses.Add((await _browser.GetAsync(callback + query)).StatusCode);
                statuses.Add((await _browser.GetAsync(callback.Replace("/callback", "/", StringComparison.Ordinal))).StatusCode);
                await _browser.GetAsync($"{callback}?code=code-1&state={asked["state"]}&iss={Uri.EscapeDataString(_broker.Issuer)}");
            });
            return true;
        }, default);
        Assert.Equal("pat", (await login).Subject);
        Assert.Equal([HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.NotFound], statuses);
        Assert.Equal("code-1", Assert.Single(_broker.Asked).Form["code"]);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData(null)]
    public async Task An_answer_of_another_server_is_not_redeemed(string? issuer)
    {
        ClientException wrong = await Assert.ThrowsAsync<ClientException>(() => LoginAsync(query =>
        {
            Dictionary<string, StringValues> answer = new() { ["code"] = "code-1", ["state"] = query["state"] };
            if (issuer is not null)
                answer["iss"] = issuer;
            return answer;
        }));
        Assert.Contains("another server", wrong.Message, StringComparison.Ordinal);
        Assert.Empty(_broker.Asked);
        Assert.Empty(_logins.All());
    }

    [Fact]
    public async Task A_refusal_is_told_without_what_a_terminal_would_obey()
    {
        ClientException wrong = await Assert.ThrowsAsync<ClientException>(() => LoginAsync(query =>
            new() { ["error"] = "access_denied", ["error_description"] = "no \u001b[2Jway", ["state"] = query["state"], ["iss"] = _broker.Issuer }));
        Assert.Contains("access_denied", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', wrong.Message);
    }

    [Theory]
    [InlineData("nonce", "\"other\"")]
    [InlineData("nonce", null)]
    [InlineData("iss", "\"https://evil.example\"")]
    [InlineData("aud", "\"another\"")]
    [InlineData("aud", "[\"another\"]")]
    [InlineData("azp", "\"another\"")]
    [InlineData("exp", "1")]
    [InlineData("sub", null)]
    public async Task An_ID_token_that_answers_something_else_logs_nobody_in(string claim, string? value)
    {
        Dictionary<string, StringValues> asked = [];
        _broker.Next(form => _broker.Tokens(_time.GetUtcNow(), asked["nonce"], change: claims => claims[claim] = value is null ? null : JsonNode.Parse(value)));
        await Assert.ThrowsAsync<ClientException>(() => LoginAsync(query => Good(asked = query)));
        Assert.Empty(_logins.All());
    }

    [Theory]
    [InlineData("""{"error":"invalid_grant","error_description":"code used"}""", 400)]
    [InlineData("""{"error":"invalid_client"}""", 401)]
    [InlineData("""{"access_token":"a","token_type":"DPoP"}""", 200)]
    [InlineData("""{"token_type":"Bearer"}""", 200)]
    [InlineData("""{"access_token":"a","token_type":"Bearer"}""", 200)]
    [InlineData("""["a"]""", 200)]
    [InlineData("<html>", 200)]
    [InlineData("{}", 302)]
    [InlineData("{}", 500)]
    public async Task A_token_endpoint_that_makes_no_sense_logs_nobody_in(string body, int status)
    {
        _broker.Next(body, status);
        await Assert.ThrowsAsync<ClientException>(() => LoginAsync(Good));
        Assert.Empty(_logins.All());
    }

    [Theory]
    [InlineData("issuer", "https://evil.example/")]
    [InlineData("token_endpoint", "http://evil.example/token")]
    [InlineData("authorization_endpoint", "javascript:alert(1)")]
    public async Task A_provider_that_points_elsewhere_is_not_used(string member, string value)
    {
        _broker.Metadata[member] = value;
        await Assert.ThrowsAsync<ClientException>(() => LoginAsync(Good));
        Assert.Empty(_broker.Asked);
    }

    [Fact]
    public async Task A_login_on_another_device_waits_as_it_is_told()
    {
        _broker.Next("""{"device_code":"d-1","user_code":"WDJB-MJHT","verification_uri":"https://b.example/device","interval":2,"expires_in":600}""");
        _broker.Next("""{"error":"authorization_pending"}""", 400);
        _broker.Next("""{"error":"slow_down"}""", 400);
        _broker.Next("""{"error":"authorization_pending"}""", 400);
        _broker.Next(form => _broker.Tokens(_time.GetUtcNow(), nonce: null));
        SavedLogin login = await Session.LoginAsync(null, device: true, _error, _ => false, default);
        Assert.Equal("pat", login.Subject);
        Assert.Equal([2, 2, 7, 7], _time.Waits);
        Assert.Contains("WDJB-MJHT", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("d-1", _broker.Asked[^1].Form["device_code"]);
    }

    [Theory]
    [InlineData("access_denied", "refused")]
    [InlineData("expired_token", "in time")]
    [InlineData("server_error", "server_error")]
    public async Task A_device_login_that_fails_says_why(string error, string said)
    {
        _broker.Next("""{"device_code":"d-1","user_code":"W","verification_uri":"https://b.example/device"}""");
        _broker.Next($$"""{"error":"{{error}}"}""", 400);
        ClientException wrong = await Assert.ThrowsAsync<ClientException>(() => Session.LoginAsync(null, device: true, _error, _ => false, default));
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_login_does_not_wait_for_ever()
    {
        _broker.Next("""{"device_code":"d-1","user_code":"W","verification_uri":"https://b.example/device","interval":5,"expires_in":9}""");
        _broker.Next("""{"error":"authorization_pending"}""", 400);
        _broker.Next("""{"error":"authorization_pending"}""", 400);
        ClientException wrong = await Assert.ThrowsAsync<ClientException>(() => Session.LoginAsync(null, device: true, _error, _ => false, default));
        Assert.Contains("in time", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_kept_until_it_is_nearly_over_and_a_refresh_token_is_spent_once()
    {
        await LogInAsync();
        _broker.Next(_ => _broker.Tokens(_time.GetUtcNow(), null, "access-2", "refresh-2"));
        Task<(SavedLogin, SavedToken Token)>[] both = [Session.TokenAsync(null, ClientSession.DataScope, default), Session.TokenAsync(null, ClientSession.DataScope, default)];
        Assert.All(await Task.WhenAll(both), got => Assert.Equal("access-2", got.Token.Token));
        Assert.Equal("refresh-1", _broker.Asked[^1].Form["refresh_token"]);
        Assert.Contains("sallyport", _broker.Asked[^1].Form["scope"], StringComparison.Ordinal);

        _time.Now += TimeSpan.FromMinutes(14.5);
        _broker.Next(_ => _broker.Tokens(_time.GetUtcNow(), null, "access-3", refresh: null));
        Assert.Equal("access-3", (await Session.TokenAsync(null, ClientSession.DataScope, default)).Token.Token);
        Assert.Equal("refresh-2", _broker.Asked[^1].Form["refresh_token"]);
        Assert.Equal("refresh-2", _logins.Find(_broker.Issuer)!.RefreshToken);
    }

    [Fact]
    public async Task When_the_login_is_over_one_is_told_to_log_in_and_the_file_is_gone()
    {
        await LogInAsync();
        _broker.Next("""{"error":"invalid_grant"}""", 400);
        ClientException wrong = await Assert.ThrowsAnyAsync<ClientException>(() => Session.TokenAsync(null, ClientSession.DataScope, default));
        Assert.Contains("sallyport login --url", wrong.Message, StringComparison.Ordinal);
        Assert.Empty(_logins.All());
    }

    [Fact]
    public async Task A_logout_tells_the_broker_and_forgets_even_if_it_cannot()
    {
        await LogInAsync();
        _broker.Next("{}");
        Assert.Null(await Session.LogoutAsync(null, default));
        Assert.Equal(("/revoke", "refresh-1"), (_broker.Asked[^1].Path, _broker.Asked[^1].Form["token"]));
        Assert.Empty(_logins.All());

        await LogInAsync();
        _broker.Next("{}", 503);
        Assert.NotNull(await Session.LogoutAsync(null, default));
        Assert.Empty(_logins.All());
        await Assert.ThrowsAnyAsync<ClientException>(() => Session.LogoutAsync(null, default));
    }

    private Task LogInAsync()
    {
        Dictionary<string, StringValues> asked = [];
        _broker.Next(form => _broker.Tokens(_time.GetUtcNow(), asked["nonce"]));
        return LoginAsync(query => Good(asked = query));
    }

    private Dictionary<string, StringValues> Good(Dictionary<string, StringValues> query) => new() { ["code"] = "code-1", ["state"] = query["state"], ["iss"] = _broker.Issuer };

    /// <summary>A browser whose person does what the provider says.</summary>
    private Task<SavedLogin> LoginAsync(Func<Dictionary<string, StringValues>, Dictionary<string, StringValues>> answer) => Session.LoginAsync(null, false, _error, address =>
    {
        Dictionary<string, StringValues> query = Query(address);
        string back = QueryHelpers.AddQueryString(query["redirect_uri"]!, answer(query));
        _ = Task.Run(() => _browser.GetAsync(back));
        return true;
    }, default);

    private static Dictionary<string, StringValues> Query(string address) => QueryHelpers.ParseQuery(new Uri(address).Query);

    /// <summary>A clock on which waiting takes no time, but is remembered.</summary>
    private sealed class QuickTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public List<int> Waits { get; } = [];

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // A person's five minutes in the browser are not waited for; locks and polls are.
            if (dueTime >= TimeSpan.FromMinutes(5))
                return System.CreateTimer(callback, state, dueTime, period);
            if (dueTime >= TimeSpan.FromSeconds(1))
            {
                Waits.Add((int)dueTime.TotalSeconds);
                Now += dueTime;
            }

            return System.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : TimeSpan.FromMilliseconds(1), period);
        }
    }
}
