using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Transcript;

/// <summary>What a recording of HTTP holds, and what it must not.</summary>
public sealed class HttpTapeTests
{
    [Theory]
    [InlineData("authorization", "Bearer hush")]
    [InlineData("proxy-authorization", "Basic hush")]
    [InlineData("cookie", "a=hush")]
    [InlineData("set-cookie", "a=hush; Path=/")]
    [InlineData("sec-websocket-protocol", "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.hush")]
    [InlineData("x-api-key", "hush")]
    [InlineData("x_api_key", "hush")]
    [InlineData("ocp-apim-subscription-key", "hush")]
    [InlineData("x-amz-security-token", "hush")]
    [InlineData("private-token", "hush")]
    [InlineData("x-goog-iap-jwt-assertion", "hush")]
    [InlineData("mcp-session-id", "hush")]
    [InlineData("!x-anything", "hush")]
    [InlineData(":path", "/login?user=ada&password=hush&x=1")]
    [InlineData(":path", "/cb?code=hush")]
    [InlineData(":path", "/x;v=1?a=1;api_key=hush")]
    [InlineData(":path", "/x?%61ccess_tok%65n=hush#id_token=hush")]
    [InlineData("location", "https://app.example.com/#access_token=hush&token_type=bearer")]
    [InlineData("location", "https://ada:hush@app.example.com/x")]
    [InlineData("referer", "https://app.example.com/?sid=hush")]
    public void Secrets_are_not_recorded(string name, string value)
    {
        var recorder = new TapeRecorder();
        new HttpTape(recorder).Head(Direction.FromClient, 1, TapeRecorder.Head((name, value), ("accept", "*/*")));
        Assert.DoesNotContain("hush", recorder.Text, StringComparison.Ordinal);
        Assert.Contains(name.TrimStart('!'), recorder.Text, StringComparison.Ordinal);
        Assert.Contains("*/*", recorder.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(":path", "/api/v1/pods?limit=500&labelSelector=app%3Dweb")]
    [InlineData(":path", "/a//b@c?x=1&&y&z=")]
    [InlineData(":method", "GET")]
    [InlineData("user-agent", "kubectl/v1.30.0 (linux/amd64) kubernetes/7c48c2b")]
    [InlineData("kubectl-session", "0d2c5b2e-0c5c-4a3b-9a1e-000000000000")]
    [InlineData("www-authenticate", "Bearer realm=\"x\"")]
    [InlineData("idempotency-key", "1")]
    [InlineData("x-team", "blue")]
    [InlineData("!:path", "/hidden")]
    [InlineData("!user-agent", "sneaky/1.0")]
    public void What_a_request_is_cannot_be_kept_out(string name, string value)
    {
        var recorder = new TapeRecorder();
        new HttpTape(recorder).Head(Direction.FromClient, 1, TapeRecorder.Head((name, value)));
        Assert.Contains(value, recorder.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_url_is_shown_no_longer_than_it_may_grow()
    {
        foreach (string url in (string[])["", "?", "#", "//@", "?%=x", "?%=x&%=x&%=x&%=x", "x://a:b@", "/?sid=1&sig=2&key=3", string.Concat(Enumerable.Repeat("&%=x", 1000))])
        {
            byte[] into = new byte[(url.Length * ShownUrl.Growth) + HttpSecrets.Blank.Length];
            Assert.InRange(ShownUrl.Write(Encoding.ASCII.GetBytes("/?" + url)[2..], into), 0, into.Length);
        }
    }

    [Fact]
    public void A_body_is_cut_into_messages()
    {
        var recorder = new TapeRecorder();
        new HttpTape(recorder).Data(Direction.FromClient, 1, new byte[200_000]);
        Assert.Equal(4, recorder.Records.Count);
        Assert.Equal(200_000 + (4 * 9), recorder.Records.Sum(record => record.Bytes.Length));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var tape = new HttpTape(new TapeRecorder { Keeps = false });
        HttpHead head = TapeRecorder.Head((":method", "GET"), (":path", "/api/v1/pods?limit=5&token=x"), ("user-agent", "x"), ("authorization", "y"), ("x-unheard-of", "z"), ("x-some-token", "q"));
        byte[] data = new byte[1000];
        for (int warm = 0; warm < 2; warm++)
            Record();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Record();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Record()
        {
            tape.Request(1, head, TapeRoute.Kubernetes, 0);
            tape.Data(Direction.ToClient, 1, data);
            tape.Tunnel(Direction.ToClient, 1, TapeChannel.Output, data);
            tape.End(1, 200, 1, 2, 3);
        }
    }
}
