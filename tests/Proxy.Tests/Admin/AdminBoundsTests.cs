using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Configuration;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>Whoever sends too much, too slowly or too often gets an answer, and costs nobody memory (GHSA-vv47-j2gq-5g6g).</summary>
public sealed class AdminBoundsTests : IAsyncLifetime
{
    private static readonly string Author = AdminRig.Token("alice", AdminRole.PolicyAuthor, AdminRole.Administrator);

    private AdminHouse _house = null!;

    private AdminRig Rig => _house.Rig;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_endless_body_is_cut_off_and_memory_stays_flat(bool known)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long sent = 0;
        using Socket socket = await ConnectAsync();
        string authorization = known ? $"Authorization: Bearer {Author}\r\n" : "";
        await SendAsync(socket, $"POST /v1/policies/check HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        byte[] chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string('"', 0x10000) + "\r\n");
        try
        {
            // 10 GB, if it were let.
            for (; sent < 10L << 30; sent += 0x10000)
                await socket.SendAsync(chunk).WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (SocketException)
        {
            // Cut off, which is what is wanted.
        }

        Assert.InRange(sent, 0, 64L << 20);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 32L << 20);
    }

    [Fact]
    public async Task A_body_that_says_it_is_too_large_is_refused()
    {
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await Rig.SendAsync(HttpMethod.Post, "/v1/policies/stored/x/1/publish", Author, new { reason = new string('x', 70_000) })).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await Rig.SendAsync(HttpMethod.Post, "/v1/policies/stored/x", Author, new { yaml = new string('x', 2 << 20), comment = "x" })).Status);
    }

    [Fact]
    public async Task A_body_that_does_not_come_ends_the_request()
    {
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, $"POST /v1/policies/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {Author}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{");
        string answer = await ReadAsync(socket);
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain", "{}", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/x-www-form-urlencoded", "yaml=x", HttpStatusCode.UnsupportedMediaType)]
    public async Task Only_json_is_read(string type, string body, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/policies/check") { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Author);
        using HttpResponseMessage response = await Rig.Http.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Deep_json_is_refused() => Assert.Equal(
        HttpStatusCode.BadRequest,
        (await Rig.SendAsync(HttpMethod.Post, "/v1/policies/check", Author, "{\"name\":" + new string('[', 5000) + new string(']', 5000) + "}")).Status);

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("limit=-1")]
    [InlineData("limit=x")]
    [InlineData("after=x")]
    public async Task A_page_has_bounds(string query) => Assert.Equal(HttpStatusCode.BadRequest, (await Rig.SendAsync(HttpMethod.Get, $"/v1/sessions?{query}", Author)).Status);

    [Fact]
    public async Task Streams_are_bounded_and_given_back()
    {
        await using AdminHouse small = await AdminHouse.StartAsync(config: AdminRig.Config with { Streams = 1 });
        string auditor = AdminRig.Token("audrey", AdminRole.Auditor);
        TestSession session = await small.EnterAsync();
        using (HttpResponseMessage first = await FollowAsync(small, session, auditor))
        {
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
            using HttpResponseMessage second = await FollowAsync(small, session, auditor);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        }

        await Eventually.TrueAsync(async () =>
        {
            using HttpResponseMessage again = await FollowAsync(small, session, auditor);
            return again.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task Answers_are_kept_by_nobody_and_framed_by_nobody()
    {
        using HttpResponseMessage response = await Rig.Http.GetAsync("/healthz");
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("frame-ancestors 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
    }

    private static async Task<HttpResponseMessage> FollowAsync(AdminHouse house, TestSession session, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sessions/{session.Id}/follow?reason=x");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return await house.Rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Rig.Server.Address.Port);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes(text));

    private static async Task<string> ReadAsync(Socket socket)
    {
        byte[] buffer = new byte[4096];
        int read = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(60));
        return Encoding.ASCII.GetString(buffer, 0, read);
    }
}
