using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>nghttp2's own programs through the daemon: HTTP/2 by those who wrote its library.</summary>
[Collection(HttpGateways.Name)]
public sealed class CommandTests(HttpFixture gateway)
{
    [Fact]
    public async Task Nghttp_gets_a_page_and_multiplexes()
    {
        string url = $"https://localhost:{gateway.TlsPort}/http/app/echo";
        // Options of nghttp's: every frame it sees, no upgrade, each address twice on one connection.
        string output = await RunAsync("nghttp", "-v", "--no-verify-peer", "-m", "2", "-H", $"authorization: Bearer {gateway.Token}", url);
        Assert.Equal(2, output.Split(":status: 200").Length - 1);
        Assert.Contains("SETTINGS_MAX_CONCURRENT_STREAMS", output, StringComparison.Ordinal);
        Assert.DoesNotContain("RST_STREAM", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--npn-list=h2", "-m", "10")]
    [InlineData("--h1", "-m", "1")]
    public async Task H2load_has_every_answer(params string[] arguments)
    {
        string output = await RunAsync(
            ["h2load", "-n", "500", "-c", "5", .. arguments, "-H", $"authorization: Bearer {gateway.Token}", $"https://localhost:{gateway.TlsPort}/http/app/echo"]);
        Assert.Contains("500 succeeded, 0 failed, 0 errored, 0 timeout", output, StringComparison.Ordinal);
        Assert.Contains("status codes: 500 2xx", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client", "200")]
    [InlineData("stranger", "000")]
    [InlineData("server", "000")]
    [InlineData(null, "000")]
    public async Task A_listener_that_asks_for_a_certificate_lets_nobody_in_without(string? whose, string status)
    {
        foreach (string version in new[] { "--http2", "--http1.1" })
        {
            await using ChildProcess curl = ChildProcess.Start(
            [
                "curl", "-s", version, "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "30", "--cacert", gateway.CaFile, "-H", $"Authorization: Bearer {gateway.Token}",
                .. whose is null ? Array.Empty<string>() : ["--cert", gateway.Certificate(whose)], $"https://localhost:{gateway.MutualPort}/http/app/echo",
            ]);
            int code = await curl.WaitForExitAsync();
            Assert.Equal((status, status == "200"), (curl.Output.Trim(), code == 0));
        }
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        await using ChildProcess program = ChildProcess.Start(command);
        int code = await program.WaitForExitAsync();
        Assert.True(code == 0, $"{command[0]}: {code}\n{program.Output}\n{program.Error}");
        return program.Output;
    }
}
