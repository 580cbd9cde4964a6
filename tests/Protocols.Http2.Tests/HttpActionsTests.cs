using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Kubernetes;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests;

/// <summary>Requests as actions.</summary>
public sealed class HttpActionsTests
{
    private readonly HttpActions _actions = new();

    [Theory]
    [InlineData("GET", "/a/b?x=1", "HttpGet None GET /a/b?x=1: HttpGet /a/b")]
    [InlineData("POST", "/a/../b", "HttpPost Unparsed POST /a/../b: HttpPost /b")]
    [InlineData("OPTIONS", "*", "HttpOptions None OPTIONS *: HttpOptions *")]
    [InlineData("PROPFIND", "/a", "HttpOther None PROPFIND /a: HttpOther /a")]
    [InlineData("get", "/a", "HttpOther None get /a: HttpOther /a")]
    [InlineData("CONNECT", "db:5432", "HttpConnect Unparsed CONNECT db:5432: HttpConnect db:5432")]
    public void A_plain_request_is_a_method_on_a_path(string method, string target, string expected)
    {
        _actions.Http(Encoding.ASCII.GetBytes(method), Encoding.ASCII.GetBytes(target));
        Assert.Equal(expected, Text(_actions.View()));
    }

    [Fact]
    public void An_upgrade_is_an_effect_of_its_own_on_the_path()
    {
        _actions.Http("GET"u8, "/live?x=1"u8);
        _actions.Upgrade("/live?x=1"u8, "websocket"u8);
        string text = Text(_actions.View());
        Assert.StartsWith("HttpGet None GET /live?x=1: HttpGet /live", text, StringComparison.Ordinal);
        Assert.Contains("HttpConnect /live", text, StringComparison.Ordinal);
        Assert.Contains("websocket", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?token=abc&x=1", "?token=[redacted]&x=1")]
    [InlineData("?x=1&ACCESS_TOKEN=abc", "?x=1&ACCESS_TOKEN=[redacted]")]
    [InlineData("?%74oken=abc", "?%74oken=[redacted]")]
    [InlineData("?X-Amz-Signature=abc&X-Amz-Security-Token=d&X-Amz-Date=e", "?X-Amz-Signature=[redacted]&X-Amz-Security-Token=[redacted]&X-Amz-Date=e")]
    [InlineData("?client.secret=a&code=b&newPassword=c&sig=d&api-key=e&authToken=f", "?client.secret=[redacted]&code=[redacted]&newPassword=[redacted]&sig=[redacted]&api-key=[redacted]&authToken=[redacted]")]
    [InlineData("?token", "?token")]
    [InlineData("?%zz=abc", "?%zz=[redacted]")]
    [InlineData("?secretary=abc&keyboard=b&decode=c", "?secretary=abc&keyboard=b&decode=c")]
    [InlineData("?", "")]
    public void Secrets_of_the_query_are_blanked_in_the_text(string query, string text)
    {
        _actions.Http("GET"u8, Encoding.ASCII.GetBytes($"/a{query}"));
        Assert.Equal($"GET /a{text}", Encoding.UTF8.GetString(_actions.View().Text));
    }

    [Theory]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web", false, "KubeGet None: KubeGet pods|shop|web, version=v1")]
    [InlineData("GET", "/apis/apps/v1/deployments?labelSelector=a%3Db", false, "KubeList None: KubeList deployments.apps||, version=v1, label-selector=a=b")]
    [InlineData("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All&force=true&fieldManager=ci", false, "KubePatch None: KubePatch deployments.apps/scale|shop|web, version=v1, dry-run=All, force=true, field-manager=ci")]
    [InlineData("POST", "/api/v1/namespaces/shop/pods/web/exec?command=ls&command=-l&command=%2Fa+b&container=app&tty=true", true, "KubeConnect None: KubeConnect pods/exec|shop|web, Exec ls|-l|/a b, version=v1, container=app, tty=true")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/exec?command=sh&tty=1&stdin=False", true, "KubeConnect None: KubeConnect pods/exec|shop|web, Exec sh, version=v1, tty=true, stdin=false")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/exec?command=sh&tty&stdin=0", true, "KubeConnect None: KubeConnect pods/exec|shop|web, Exec sh, version=v1, tty=true, stdin=false")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/log?follow=t&previous=fal%C5%BFE", false, "KubeGet None: KubeGet pods/log|shop|web, version=v1, follow=true, previous=false")]
    [InlineData("GET", "/api/v1/pods?watch=fal%C5%BFe", false, "KubeList None: KubeList pods||, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/exec?command=sh", true, "KubeConnect None: KubeConnect pods/exec|shop|web, Exec sh, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/exec", true, "KubeConnect Unparsed: KubeConnect pods/exec|shop|web, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/exec?command=&command=x", true, "KubeConnect Unparsed: KubeConnect pods/exec|shop|web, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/exec?command=a%00b", true, "KubeConnect Unparsed: KubeConnect pods/exec|shop|web, Exec a|b, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/portforward?ports=80,443&ports=5432", true, "KubeConnect None: KubeConnect pods/portforward|shop|web, ForwardLocal web.shop:80, ForwardLocal web.shop:443, ForwardLocal web.shop:5432, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web/portforward?ports=80,x", true, "KubeConnect Unparsed: KubeConnect pods/portforward|shop|web, ForwardLocal web.shop:80, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/services/https:web:443/proxy/x?command=y&dryRun=All", false, "KubeConnect None: KubeConnect services/proxy|shop|web, version=v1, port=443")]
    [InlineData("GET", "/api/v1/namespaces/shop/services/ftp:web:443/proxy/x", false, "KubeConnect Unparsed: KubeConnect services/proxy|shop|ftp:web:443, version=v1")]
    [InlineData("GET", "/api/v1/namespaces/shop/secrets?watch=1", true, "KubeWatch None: KubeWatch secrets|shop|, KubeConnect secrets|shop|, version=v1")]
    [InlineData("OPTIONS", "/api/v1/pods", false, "Unknown Unparsed: Unknown pods||, version=v1")]
    [InlineData("GET", "/healthz/", false, "HttpGet None: HttpGet /healthz")]
    [InlineData("GET", "//api/v1/secrets", false, "HttpGet Unparsed: HttpGet /api/v1/secrets")]
    [InlineData("GET", "/api/v1//secrets", false, "Unknown Unparsed: Unknown /api/v1/secrets")]
    [InlineData("GET", "/api/v1/pods?watch=0&watch=1", false, "Unknown Unparsed: Unknown /api/v1/pods")]
    public void A_request_to_an_api_server_is_a_verb_on_a_resource(string method, string target, bool upgrades, string expected)
    {
        byte[] name = Encoding.ASCII.GetBytes(method);
        _actions.Kubernetes(name, RequestInfo.Parse(name, Encoding.ASCII.GetBytes(target), upgrades, new byte[1024]));
        ActionView view = _actions.View();
        Assert.Equal(expected, $"{view.Verb} {view.Flags}:{Effects(view)}");
        Assert.Equal($"{method} {target}", Encoding.UTF8.GetString(view.Text));
    }

    [Fact]
    public void What_is_created_is_named_by_its_body()
    {
        RequestInfo info = RequestInfo.Parse("POST"u8, "/api/v1/namespaces/shop/pods"u8, false, new byte[1024]);
        _actions.Kubernetes("POST"u8, info, "web-1"u8);
        Assert.Equal(" KubeCreate pods|shop|web-1, version=v1", Effects(_actions.View()));
        _actions.Kubernetes("POST"u8, info, "a\0b"u8);
        Assert.Equal(" KubeCreate pods|shop|, version=v1", Effects(_actions.View()));
        Assert.Equal(ActionFlags.Unparsed, _actions.View().Flags);
        _actions.Kubernetes("GET"u8, RequestInfo.Parse("GET"u8, "/api/v1/namespaces/shop/pods"u8, false, new byte[1024]), "web-1"u8);
        Assert.Equal(" KubeList pods|shop|, version=v1", Effects(_actions.View()));
    }

    [Fact]
    public void Effects_stand_before_details_whatever_the_order_they_come_in()
    {
        _actions.Http("POST"u8, "/mcp"u8);
        _actions.ContentType("application/json; charset=utf-8"u8);
        _actions.Header("x-team"u8, "red"u8);
        _actions.Effect(Verb.McpTool, [], 0, "search"u8);
        _actions.Effect(Verb.GrpcCall, "shop.v1.Orders"u8, (byte)'.', "Get"u8);
        _actions.Field("spec.replicas"u8, "3"u8);
        _actions.Flag(ActionFlags.MultiStatement);
        ActionView view = _actions.View();
        Assert.Equal(" HttpPost /mcp, McpTool search, GrpcCall shop.v1.Orders.Get, content-type=application/json, header:x-team=red, field:spec.replicas=3", Effects(view));
        Assert.Equal(ActionFlags.MultiStatement, view.Flags);
        Assert.Equal("shop.v1.Orders", Encoding.UTF8.GetString(view.Objects[2].Qualifier(view.Names)));
    }

    [Theory]
    [InlineData("application/json-patch+json", "json")]
    [InlineData("Application/Merge-Patch+JSON ; x=y", "merge")]
    [InlineData("application/strategic-merge-patch+json", "strategic-merge")]
    [InlineData("application/apply-patch+yaml", "apply")]
    [InlineData("text/plain", "text/plain")]
    public void A_patch_has_a_type(string contentType, string type)
    {
        _actions.Kubernetes("PATCH"u8, RequestInfo.Parse("PATCH"u8, "/api/v1/nodes/n"u8, false, new byte[1024]));
        _actions.ContentType(Encoding.ASCII.GetBytes(contentType));
        Assert.EndsWith($", patch-type={type}", Effects(_actions.View()), StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_of_too_many_fields_is_truncated_and_the_next_action_is_not()
    {
        _actions.Http("POST"u8, "/a"u8);
        for (int i = 0; i < HttpActionArena.MostObjects - 1; i++)
            _actions.Field("a"u8, "b"u8);
        Assert.Equal(ActionFlags.None, _actions.View().Flags);
        _actions.Field("a"u8, "b"u8);
        Assert.Equal(ActionFlags.Truncated, _actions.View().Flags);
        Assert.Equal(HttpActionArena.MostObjects, _actions.View().Objects.Length);
        _actions.Http("POST"u8, "/a"u8);
        Assert.Equal(ActionFlags.None, _actions.View().Flags);
        _actions.Field("a"u8, new byte[HttpActionArena.MostBytes]);
        Assert.Equal(ActionFlags.Truncated, _actions.View().Flags);
        Assert.Equal(1, _actions.View().Objects.Length);
    }

    [Fact]
    public void Actions_allocate_nothing_once_the_buffers_have_grown()
    {
        byte[] scratch = new byte[1024];
        void Round()
        {
            _actions.Kubernetes("POST"u8, RequestInfo.Parse("POST"u8, "/api/v1/namespaces/shop/pods/web/exec?command=ls&command=-l&container=app"u8, true, scratch));
            _actions.Detail("upgrade"u8, "websocket"u8);
            _actions.View();
            _actions.Http("GET"u8, "/a/b%20c?token=x&y=z"u8);
            for (int i = 0; i < 50; i++)
                _actions.Field("spec.template.spec.containers[*].image"u8, "registry.example.com/shop"u8);
            _actions.View();
        }

        Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Round();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static string Text(in ActionView view) => $"{view.Verb} {view.Flags} {Encoding.UTF8.GetString(view.Text)}:{Effects(view)}";

    private static string Effects(in ActionView view)
    {
        List<string> parts = [];
        foreach (ObjectRef effect in view.Objects)
        {
            string whole = Encoding.UTF8.GetString(view.Names.Slice(effect.Start, effect.Length));
            parts.Add(effect.Verb == Verb.HttpDetail ? whole.Replace('\0', '=') : $"{effect.Verb} {whole.Replace('\0', '|')}");
        }

        return $" {string.Join(", ", parts)}";
    }
}
