using Sallyport.Contract;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests;

/// <summary>Requests that nobody sends, for explanations.</summary>
public sealed class HttpProbeTests
{
    [Theory]
    [InlineData("GET /api/v1/namespaces/shop/pods", true, Verb.KubeList, 2)]
    [InlineData("GET /api/v1/namespaces/shop/pods", false, Verb.HttpGet, 1)]
    [InlineData("POST /api/v1/namespaces/shop/pods/web/exec?command=ls", true, Verb.KubeConnect, 3)]
    [InlineData("GET /version", true, Verb.HttpGet, 1)]
    [InlineData("GET /a/../b", false, Verb.HttpGet, 1)]
    public void A_request_is_judged_as_a_session_would(string request, bool kubernetes, Verb verb, int objects)
    {
        Assert.Null(HttpProbe.Unfit(request, kubernetes));
        ActionView view = new HttpProbe().Request(request, kubernetes);
        Assert.Equal((verb, objects), (view.Verb, view.Objects.Length));
    }

    [Theory]
    [InlineData("GET", false, "METHOD /PATH")]
    [InlineData("GET pods", false, "METHOD /PATH")]
    [InlineData("GET /a b", false, "METHOD /PATH")]
    [InlineData(" /a", false, "METHOD /PATH")]
    [InlineData("GET /ä", false, "METHOD /PATH")]
    [InlineData("GET /a\nb", false, "METHOD /PATH")]
    [InlineData("GET /api/v1/namespaces/../pods", true, "DotSegment")]
    public void What_is_no_request_is_told(string request, bool kubernetes, string reason)
    {
        Assert.Contains(reason, HttpProbe.Unfit(request, kubernetes), StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => { new HttpProbe().Request(request, kubernetes); });
    }

    [Fact]
    public void A_request_longer_than_a_listener_takes_is_told() =>
        Assert.Contains("longer", HttpProbe.Unfit($"GET /{new string('a', 1 << 14)}", kubernetes: false), StringComparison.Ordinal);
}
