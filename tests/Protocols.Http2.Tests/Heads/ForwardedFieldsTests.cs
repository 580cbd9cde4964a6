using System.Text;
using CsCheck;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Tests.Hpack;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Heads;

/// <summary>What of a client's head reaches a target, and what it may not even try.</summary>
public sealed class ForwardedFieldsTests
{
    private const string Get = ":method: GET|:scheme: https|:authority: example.com|:path: /";

    [Theory]
    [InlineData("impersonate-user")]
    [InlineData("impersonate-group")]
    [InlineData("impersonate-uid")]
    [InlineData("impersonate-extra-scopes")]
    [InlineData("impersonate-extra-acme.com%2fproject")]
    [InlineData("x-remote-user")]
    [InlineData("x-remote-group")]
    [InlineData("x-remote-extra-a")]
    [InlineData("remote-user")]
    [InlineData("x-forwarded-user")]
    [InlineData("x-forwarded-email")]
    [InlineData("x-forwarded-preferred-username")]
    [InlineData("x-auth-request-user")]
    [InlineData("x-goog-authenticated-user-email")]
    [InlineData("x-amzn-oidc-data")]
    [InlineData("x-warpgate-username")]
    [InlineData("x-forwarded-client-cert")]
    [InlineData("client-cert")]
    [InlineData("x-http-method-override")]
    [InlineData("x-original-url")]
    [InlineData("x-sallyport-identity")]
    public void Fields_that_say_who_or_what_are_refused_in_every_spelling(string name) =>
        Gen.Select(Gen.Bool.Array[name.Length], Gen.Int[0, 3].Array[name.Length]).Sample(
            (upper, punctuation) =>
            {
                string spelled = new([.. name.Select((c, i) => c == '-' ? "-_.~"[punctuation[i]] : upper[i] ? char.ToUpperInvariant(c) : c)]);
                Assert.Equal(FieldVerdict.Refuse, ForbiddenFields.Judge(Encoding.ASCII.GetBytes(spelled)));
            },
            iter: 50);

    [Theory]
    [InlineData("forwarded")]
    [InlineData("x-forwarded-for")]
    [InlineData("X_Forwarded_For")]
    [InlineData("x-forwarded-proto")]
    [InlineData("x-real-ip")]
    [InlineData("true-client-ip")]
    [InlineData("proxy")]
    public void Fields_that_say_where_from_are_taken_away(string name) => Assert.Equal(FieldVerdict.Strip, ForbiddenFields.Judge(Encoding.ASCII.GetBytes(name)));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("accept")]
    [InlineData("authorization")]
    [InlineData("x-request-id")]
    [InlineData("x-forwardedish")]
    [InlineData("impersonate")]
    [InlineData("proxies")]
    [InlineData("forwarded-by-me")]
    [InlineData("~strange")]
    public void Others_pass(string name) => Assert.Equal(FieldVerdict.Pass, ForbiddenFields.Judge(Encoding.ASCII.GetBytes(name)));

    [Fact]
    public void A_name_longer_than_any_is_judged_by_its_beginning()
    {
        Assert.Equal(FieldVerdict.Refuse, ForbiddenFields.Judge(Encoding.ASCII.GetBytes("Impersonate_Extra_" + new string('x', 5000))));
        Assert.Equal(FieldVerdict.Pass, ForbiddenFields.Judge(Encoding.ASCII.GetBytes("x-" + new string('x', 5000))));
    }

    [Fact]
    public void What_is_of_one_connection_or_listed_is_not_forwarded_and_all_else_is()
    {
        HttpHead into = HpackText.Empty();
        Assert.Null(ForwardedFields.CopyRequest(
            Head(Get + "|connection: Keep-Alive, X-Mine ,,x-other|keep-alive: 5|x-mine: 1|x-other: 2|x-kept: 3|upgrade: h2c|http2-settings: AA|proxy-authorization: Basic x|te: trailers|x-forwarded-for: 1.2.3.4|!authorization: Bearer x"),
            into));
        Assert.Equal([.. Get.Split('|'), "x-kept: 3", "te: trailers", "!authorization: Bearer x"], HpackText.Lines(into));

        Assert.Null(ForwardedFields.CopyRequest(Head(Get + "|te: gzip"), into));
        Assert.Equal(4, into.Count);
    }

    [Theory]
    [InlineData("impersonate-user: root", 403)]
    [InlineData("Impersonate_User: root", 403)]
    [InlineData("x-remote-extra-a: b", 403)]
    [InlineData("connection: Impersonate-User", 400)]
    [InlineData("connection: close, x_remote_user", 400)]
    [InlineData("connection: x|connection: Authorization", 400)]
    [InlineData("connection: host", 400)]
    [InlineData("connection: Content-Length", 400)]
    [InlineData("connection: :path", 400)]
    [InlineData("connection: x-forwarded-for", 400)]
    public void What_a_client_may_not_try_is_refused(string lines, int status) => Assert.Equal(status, ForwardedFields.CopyRequest(Head(Get + "|" + lines), HpackText.Empty())?.Status);

    [Fact]
    public void A_response_says_what_it_likes_but_not_about_its_connection()
    {
        HttpHead into = HpackText.Empty();
        Assert.Null(ForwardedFields.CopyResponse(Head(":status: 200|x-forwarded-user: a|connection: close, x-a|x-a: 1|transfer-encoding: chunked|set-cookie: a=b"), into));
        Assert.Equal([":status: 200", "x-forwarded-user: a", "set-cookie: a=b"], HpackText.Lines(into));
        Assert.Equal(431, ForwardedFields.CopyResponse(Head(":status: 200"), new HttpHead(10, 10))?.Status);
    }

    private static HttpHead Head(string lines) => HpackText.Head(lines.Split('|'));
}
