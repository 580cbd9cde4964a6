using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

public sealed class RemoteKeysTests : IDisposable
{
    private readonly TestIssuer _issuer = TestIssuer.Shared;
    private readonly FakeTime _time = new();
    private readonly Logs _logs = new();
    private readonly RemoteKeysTimes _times = new();
    private int _fetches;
    private bool _reachable = true;

    public void Dispose() => _logs.Dispose();

    [Fact]
    public async Task A_storm_of_unknown_key_ids_causes_one_fetch_per_interval()
    {
        using RemoteKeys keys = Keys();
        var rules = new IssuerRules { Name = "corp", Issuer = TestIssuer.Address, Audiences = [TestIssuer.Audience] };
        var login = new TokenLogin([new Issuer(rules, keys)], _time, _logs.Log);
        Assert.Equal(Refusals.KeyUnknown, await RefusalAsync(login, "first"));
        Assert.Equal(1, _fetches);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => RefusalAsync(login, $"unknown-{i}")));
        Assert.Equal(1, _fetches);

        _time.Now += _times.BetweenFetches;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => RefusalAsync(login, $"other-{i}")));
        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task A_new_key_is_found_by_its_id_at_once()
    {
        using RemoteKeys keys = Keys();
        KeySet? first = await keys.GetAsync(default);
        _time.Now += _times.BetweenFetches;
        KeySet? second = await keys.LookAgainAsync(default);
        Assert.NotSame(first, second);
    }

    [Fact]
    public async Task Without_any_keys_logins_are_refused()
    {
        _reachable = false;
        using RemoteKeys keys = Keys();
        Assert.Null(await keys.GetAsync(default));
        Assert.Null(await keys.GetAsync(default));
        Assert.Equal(1, _fetches);
        _reachable = true;
        _time.Now += _times.BetweenFetches;
        Assert.NotNull(await keys.GetAsync(default));
    }

    [Fact]
    public async Task When_the_issuer_is_gone_the_last_keys_hold_but_not_for_ever()
    {
        using RemoteKeys keys = Keys();
        KeySet? last = await keys.GetAsync(default);
        Assert.NotNull(last);
        _reachable = false;
        _time.Now += _times.BelievedFor - TimeSpan.FromMinutes(2);
        Assert.Same(last, await keys.LookAgainAsync(default));
        Assert.Same(last, await keys.GetAsync(default));
        _time.Now += TimeSpan.FromMinutes(2);
        Assert.Null(await keys.GetAsync(default));
    }

    [Fact]
    public async Task Discovery_takes_keys_only_from_metadata_that_names_the_very_issuer()
    {
        await using var server = new HttpStub();
        using var fetcher = new KeyFetcher();
        string issuer = server.Address.ToString().TrimEnd('/');
        server.Pages["/.well-known/openid-configuration"] = $$"""{"issuer":"{{issuer}}","jwks_uri":"{{issuer}}/keys"}""";
        server.Pages["/keys"] = _issuer.Jwks;
        Assert.Equal(2, (await fetcher.DiscoverAsync(issuer, server.Address, default)).Count);

        server.Pages["/.well-known/openid-configuration"] = $$"""{"issuer":"{{issuer}}/","jwks_uri":"{{issuer}}/keys"}""";
        await Assert.ThrowsAsync<FormatException>(() => fetcher.DiscoverAsync(issuer, server.Address, default));
        server.Pages["/.well-known/openid-configuration"] = $$"""{"issuer":"{{issuer}}","jwks_uri":"http://192.0.2.1/keys"}""";
        await Assert.ThrowsAsync<FormatException>(() => fetcher.DiscoverAsync(issuer, server.Address, default));
        server.Pages["/.well-known/openid-configuration"] = "<html>";
        await Assert.ThrowsAsync<FormatException>(() => fetcher.DiscoverAsync(issuer, server.Address, default));
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_an_endless_document_is_not_read()
    {
        await using var server = new HttpStub();
        using var fetcher = new KeyFetcher();
        server.Pages["/keys"] = _issuer.Jwks;
        server.Pages["/moved"] = "=> /keys";
        await Assert.ThrowsAsync<HttpRequestException>(() => fetcher.FetchAsync(new Uri(server.Address, "/moved"), default));
        Assert.Equal(["/moved"], server.Asked);
        server.Pages["/large"] = new string(' ', KeySet.LargestDocument + 1) + _issuer.Jwks;
        await Assert.ThrowsAsync<HttpRequestException>(() => fetcher.FetchAsync(new Uri(server.Address, "/large"), default));
    }

    [Theory]
    [InlineData("https://issuer.example", true)]
    [InlineData("http://127.0.0.1:8080/x", true)]
    [InlineData("http://[::1]/x", true)]
    [InlineData("http://localhost/x", true)]
    [InlineData("http://issuer.example", false)]
    [InlineData("http://localhost.evil.example", false)]
    [InlineData("https://user:secret@issuer.example", false)]
    [InlineData("file:///etc/passwd", false)]
    public void Keys_are_fetched_over_https_or_on_this_machine(string address, bool accepted) =>
        Assert.Equal(accepted, KeyFetcher.IsAcceptable(new Uri(address)));

    private async Task<string?> RefusalAsync(TokenLogin login, string kid)
    {
        string token = _issuer.Sign(TestIssuer.Header(kid: kid), TestIssuer.Claims(_time.Now));
        return (await login.LoginAsync(new LoginProof(token, "", new IPEndPoint(IPAddress.Loopback, 1)), default)).Refusal;
    }

    private RemoteKeys Keys() => new("corp", FetchAsync, _times, _time, _logs.Log);

    private async Task<KeySet> FetchAsync(CancellationToken cancel)
    {
        Interlocked.Increment(ref _fetches);
        await Task.Yield();
        return _reachable ? KeySet.Parse(_issuer.Jwks) : throw new HttpRequestException("unreachable");
    }

    /// <summary>Serves fixed pages on loopback; a page "=&gt; path" redirects.</summary>
    private sealed class HttpStub : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _loop;

        public HttpStub()
        {
            _listener.Start();
            Address = new Uri($"http://{_listener.LocalEndpoint}/");
            _loop = ServeAsync();
        }

        public Uri Address { get; }

        public Dictionary<string, string> Pages { get; } = [];

        public List<string> Asked { get; } = [];

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _loop;
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync();
                    await AnswerAsync(client.GetStream());
                }
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Disposed.
            }
        }

        private async Task AnswerAsync(NetworkStream stream)
        {
            using var reader = new StreamReader(stream, leaveOpen: true);
            string path = (await reader.ReadLineAsync())!.Split(' ')[1];
            Asked.Add(path);
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
            }

            string page = Pages[path];
            string head = page.StartsWith("=> ", StringComparison.Ordinal)
                ? $"HTTP/1.1 302 Found\r\nLocation: {page[3..]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                : $"HTTP/1.1 200 OK\r\nContent-Length: {page.Length}\r\nConnection: close\r\n\r\n{page}";
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
            }
            catch (IOException)
            {
                // The client had read enough.
            }
        }
    }
}
