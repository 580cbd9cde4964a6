using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Recording;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>Pages, uploads and streams of events through the daemon, by HttpClient and curl, in both versions of HTTP on both sides.</summary>
[Collection(HttpGateways.Name)]
public sealed class RestTests(HttpFixture gateway)
{
    private const string Secret = "canary-of-the-target";

    [Theory]
    [InlineData("app", "2.0", true)]
    [InlineData("app", "1.1", true)]
    [InlineData("app", "2.0", false)]
    [InlineData("named", "2.0", true)]
    [InlineData("old", "2.0", true)]
    [InlineData("old", "1.1", false)]
    public async Task The_target_gets_its_own_credential_and_never_the_clients(string target, string version, bool tls)
    {
        using HttpClient client = gateway.Client(target, version, tls);
        client.DefaultRequestHeaders.Add("X-Api-Key", target == "named" ? "mine" : "passes");
        using HttpResponseMessage response = await client.GetAsync("echo?x=1");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Dictionary<string, string> seen = (await response.Content.ReadFromJsonAsync<Dictionary<string, string>>())!;
        Assert.Equal(target == "old" ? "HTTP/1.1" : "HTTP/2", seen[":protocol"]);
        string? expected = target switch
        {
            "app" => $"Bearer {Secret}",
            "old" => $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"gateway:{Secret}"))}",
            _ => null,
        };
        Assert.Equal(expected, seen.GetValueOrDefault("authorization"));
        Assert.Equal(target == "named" ? Secret : "passes", seen["x-api-key"]);
        Assert.DoesNotContain(gateway.Token, string.Join(' ', seen.Values), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, response.Headers.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2.0")]
    [InlineData("1.1")]
    public async Task A_redirect_is_passed_on_and_not_followed(string version)
    {
        // GHSA-hhq8-x2xc-95qx.
        using HttpClient client = gateway.Client(version: version);
        using HttpResponseMessage response = await client.GetAsync("redirect");
        Assert.Equal((HttpStatusCode.Found, $"http://127.0.0.1:{gateway.Server.PlainPort}/followed"), (response.StatusCode, response.Headers.Location!.OriginalString));
        Assert.Equal(0, gateway.Server.Followed);
    }

    [Theory]
    [InlineData("Impersonate-User")]
    [InlineData("IMPERSONATE_USER")]
    [InlineData("X-Remote-User")]
    [InlineData("x_remote_user")]
    [InlineData("X-Forwarded-User")]
    [InlineData("X.Forwarded.User")]
    [InlineData("X-Warpgate-Username")]
    [InlineData("X-Auth-Request-Email")]
    [InlineData("X-HTTP-Method-Override")]
    public async Task Nobody_says_who_they_are_but_by_their_login(string name)
    {
        // CVE-2026-63329.
        foreach (string version in (string[])["2.0", "1.1"])
        {
            using HttpClient client = gateway.Client(version: version);
            using var request = new HttpRequestMessage(HttpMethod.Get, "echo") { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            request.Headers.TryAddWithoutValidation(name, "root");
            using HttpResponseMessage response = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("secret/plan", HttpStatusCode.Forbidden, "Refused by policy rule web/secret: Ask somebody.")]
    [InlineData("%73ecret/plan", HttpStatusCode.Forbidden, "Refused by policy rule web/secret: Ask somebody.")]
    [InlineData("echo", HttpStatusCode.OK, "")]
    public async Task Paths_are_judged(string path, HttpStatusCode status, string words)
    {
        using HttpClient client = gateway.Client();
        using HttpResponseMessage response = await client.GetAsync(path);
        Assert.Equal(status, response.StatusCode);
        if (words.Length > 0)
            Assert.Contains(words, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_are_judged()
    {
        using HttpClient client = gateway.Client();
        client.DefaultRequestHeaders.Add("X-Team", "red");
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("echo")).StatusCode);
    }

    [Theory]
    [InlineData("2.0")]
    [InlineData("1.1")]
    public async Task Each_event_arrives_before_the_next_is_sent(string version)
    {
        using HttpClient client = gateway.Client(version: version);
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        gateway.Server.Events.Writer.TryWrite("0");
        using HttpResponseMessage response = await client.GetAsync("events", HttpCompletionOption.ResponseHeadersRead, time.Token);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(time.Token));
        foreach (string next in (string[])["1", "2", "3", "last", ""])
        {
            Assert.StartsWith("data: ", await lines.ReadLineAsync(time.Token), StringComparison.Ordinal);
            Assert.Equal("", await lines.ReadLineAsync(time.Token));
            if (next.Length > 0)
                gateway.Server.Events.Writer.TryWrite(next);
        }

        Assert.Null(await lines.ReadLineAsync(time.Token));
    }

    [Theory]
    [InlineData("app", "2.0")]
    [InlineData("old", "1.1")]
    public async Task A_hundred_megabytes_go_up_and_down_whole(string target, string version)
    {
        const int Length = 100_000_000;
        byte[] bytes = new byte[Length];
        HttpUpstreamServer.Fill(bytes, 0);
        string sum = Convert.ToHexStringLower(SHA256.HashData(bytes));
        using HttpClient client = gateway.Client(target, version);
        using HttpResponseMessage up = await client.PostAsync("upload", new ByteArrayContent(bytes));
        Assert.Equal(sum, await up.Content.ReadAsStringAsync());
        using Stream down = await client.GetStreamAsync($"download/{Length}");
        Assert.Equal(sum, Convert.ToHexStringLower(await SHA256.HashDataAsync(down)));
    }

    [Theory]
    [InlineData("--http2")]
    [InlineData("--http1.1")]
    public async Task Curl_gets_what_it_asks_for_and_reads_why_not(string version)
    {
        Assert.Contains("\":method\":\"PUT\"", await CurlAsync(version, "-X", "PUT", "-d", "x", Address("echo")), StringComparison.Ordinal);
        Assert.Contains("web/secret", await CurlAsync(version, Address("secret/plan")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_done_is_recorded_without_secrets_and_verifies()
    {
        string mark = $"mark-{Guid.NewGuid():N}";
        using (HttpClient client = gateway.Client())
        {
            client.DefaultRequestHeaders.UserAgent.ParseAdd(mark);
            await client.GetAsync($"echo?{mark}");
            await client.GetAsync("secret/plan");
        }

        Recorded recorded = await OfAsync(mark);
        Assert.Equal([VerdictKind.Allow, VerdictKind.Deny], recorded.Decisions.Select(decision => decision.Verdict));
        string all = Encoding.Latin1.GetString(recorded.Bytes);
        Assert.Contains(mark, all, StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Token, all, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, all, StringComparison.Ordinal);
        (int code, string output, string error) = await SallyportDaemon.ReplayAsync("verify", recorded.File);
        Assert.True(code == 0, output + error);
    }

    private async Task<Recorded> OfAsync(string mark)
    {
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (Directory.Exists(gateway.Recordings) && Recorded.In(gateway.Recordings).FirstOrDefault(recording => recording.Facts?.ClientApplication == mark) is { } found)
                return found;
            await Task.Delay(20, time.Token);
        }
    }

    private string Address(string path) => $"https://localhost:{gateway.TlsPort}/http/app/{path}";

    private async Task<string> CurlAsync(params string[] arguments)
    {
        await using ChildProcess curl = ChildProcess.Start(["curl", "-sS", "--max-time", "30", "--cacert", gateway.CaFile, "-H", $"Authorization: Bearer {gateway.Token}", .. arguments]);
        Assert.Equal(0, await curl.WaitForExitAsync());
        return curl.Output;
    }
}
