using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Bodies;

/// <summary>Requests with objects, as actions.</summary>
public sealed class KubeBodyTests
{
    [Theory]
    [InlineData("POST", "/api/v1/namespaces/shop/pods", """{"metadata":{"name":"web"}}""", "None KubeCreate pods|shop|web; version=v1; field:metadata.name=web")]
    [InlineData("POST", "/api/v1/namespaces/shop/pods", """{"metadata":{"generateName":"web-"}}""", "None KubeCreate pods|shop|; version=v1; field:metadata.generateName=web-")]
    [InlineData("POST", "/api/v1/namespaces/shop/pods", """{"metadata":{"name":"web"}""", "Unparsed KubeCreate pods|shop|; version=v1; field:metadata.name=web")]
    [InlineData("POST", "/api/v1/namespaces/shop/pods/web/eviction", """{"metadata":{"name":"other"}}""", "None KubeCreate pods/eviction|shop|web; version=v1; field:metadata.name=other")]
    [InlineData("PUT", "/api/v1/namespaces/shop/pods/web", "", "None KubeUpdate pods|shop|web; version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web", "{}}", "None KubeGet pods|shop|web; version=v1")]
    [InlineData("DELETE", "/api/v1/namespaces/shop/pods/web", """{"kind":"DeleteOptions","dryRun":["All"],"gracePeriodSeconds":0}""", "None KubeDelete pods|shop|web; version=v1; field:kind=DeleteOptions; field:dryRun[*]=All; dry-run=All; field:gracePeriodSeconds=0; grace-period=0")]
    [InlineData("DELETE", "/api/v1/namespaces/shop/pods/web?dryRun=All", "{}", "Unparsed KubeDelete pods|shop|web; version=v1; dry-run=All")]
    [InlineData("DELETE", "/api/v1/namespaces/shop/pods/web?dryRun=All", "", "None KubeDelete pods|shop|web; version=v1; dry-run=All")]
    public void A_request_has_the_fields_of_its_object(string method, string target, string body, string expected) => Assert.Equal(expected, Judge(method, target, body, upgrades: false));

    [Fact]
    public void A_body_that_nobody_sees_is_not_understood() =>
        Assert.Equal("Unparsed KubeCreate pods|shop|; KubeConnect pods|shop|; version=v1", Judge("POST", "/api/v1/namespaces/shop/pods", "", upgrades: true));

    private static string Judge(string method, string target, string body, bool upgrades)
    {
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd("content-type"u8, "application/json"u8);
        var actions = new HttpActions();
        RequestInfo info = RequestInfo.Parse(Encoding.ASCII.GetBytes(method), Encoding.ASCII.GetBytes(target), upgrades, new byte[1024]);
        new KubeBody().Begin(actions, Encoding.ASCII.GetBytes(method), info, head, Encoding.UTF8.GetBytes(body));
        ActionView view = actions.View();
        var text = new List<string>();
        foreach (ref readonly ObjectRef part in view.Objects)
        {
            string name = Encoding.UTF8.GetString(view.Names.Slice(part.Start, part.Length));
            text.Add(part.Verb == Verb.HttpDetail ? name.Replace('\0', '=') : $"{part.Verb} {name.Replace('\0', '|')}");
        }

        return $"{view.Flags} {string.Join("; ", text)}";
    }
}
