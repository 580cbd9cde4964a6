using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Sallyport.Shared.KubernetesServer.Objects;
using Sallyport.Shared.KubernetesServer.Requests;
using Sallyport.Shared.KubernetesServer.Streams;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>
/// What a kubelet serves: commands, ports and logs of its containers. The API in memory calls it; a real kube-apiserver, and
/// <c>nodes/NAME/proxy</c>, reach it by the kubelet's own paths.
/// </summary>
internal sealed class NodeRequests(TestNode node)
{
    /// <summary>Answers a request by a kubelet's path.</summary>
    /// <exception cref="ApiException">There is nothing at that path.</exception>
    public async Task HandleAsync(HttpContext context, string path)
    {
        string[] parts = path.Trim('/').Split('/');
        IQueryCollection query = context.Request.Query;
        switch (parts)
        {
            case [("exec" or "attach") and var verb, var space, var pod, var container]:
                var asked = new CommandRequest(verb == "attach", [.. query["command"].Select(c => c ?? "")], Truth("input"), Truth("output"), Truth("error"), Truth("tty"));
                await CommandAsync(context, space, pod, container, asked);
                break;
            case ["portForward", var space, var pod]:
                await PortForwardAsync(context, space, pod);
                break;
            case ["containerLogs", var space, var pod, var container]:
                await LogAsync(context, space, pod, container);
                break;
            case ["healthz"]:
                await Answers.WriteTextAsync(context, "ok");
                break;
            case ["pods"]:
                await Answers.WriteAsync(context, new JsonObject { ["kind"] = "PodList", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["items"] = new JsonArray() });
                break;
            default:
                throw new ApiException(404, "NotFound", "404 page not found");
        }

        bool Truth(string name) => ApiRequest.IsTrue(query[name]);
    }

    /// <summary>The log of a container, each line sent as it is written.</summary>
    public async Task LogAsync(HttpContext context, string space, string pod, string container)
    {
        IQueryCollection query = context.Request.Query;
        ContainerLog log = node.Container(space, pod, container).Log;
        if (query["previous"] == "true")
            throw ApiException.BadRequest($"previous terminated container \"{container}\" in pod \"{pod}\" not found");
        int? tail = int.TryParse(query["tailLines"], CultureInfo.InvariantCulture, out int lines) ? lines : null;
        DateTimeOffset? since = int.TryParse(query["sinceSeconds"], CultureInfo.InvariantCulture, out int seconds) ? TimeProvider.System.GetUtcNow().AddSeconds(-seconds) : null;
        long left = long.TryParse(query["limitBytes"], CultureInfo.InvariantCulture, out long limit) ? limit : long.MaxValue;
        context.Response.ContentType = "text/plain";
        await context.Response.StartAsync(context.RequestAborted);
        await foreach (string line in log.ReadAsync(log.Start(tail, since), query["follow"] == "true", query["timestamps"] == "true", context.RequestAborted))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(line);
            int count = (int)Math.Min(left, bytes.Length);
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, count), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            left -= count;
            if (left == 0)
                return;
        }
    }

    /// <summary>exec and attach, over whichever of the protocols the client speaks.</summary>
    public async Task CommandAsync(HttpContext context, string space, string pod, string container, CommandRequest asked)
    {
        if (!asked.Attach && asked.Command.Length == 0)
            throw ApiException.BadRequest("you must specify at least 1 command for the container");
        if (asked is { Input: false, Output: false, Error: false })
            throw ApiException.BadRequest("you must specify at least 1 of stdin, stdout, stderr");
        TestContainer inside = node.Container(space, pod, container);
        IEnumerable<KeyValuePair<string, string>> environment = Environment(space, pod, container);

        if (context.WebSockets.IsWebSocketRequest)
        {
            string? protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(p => p is "v5.channel.k8s.io" or "v4.channel.k8s.io");
            if (protocol is null && context.WebSockets.WebSocketRequestedProtocols.Count > 0)
                throw ApiException.BadRequest("unable to upgrade: none of the protocols offered is supported");
            using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
            await using var remote = new WebSocketCommand(socket, protocol == "v5.channel.k8s.io", context.RequestAborted);
            await ContainerCommand.RunAsync(remote, inside, environment, asked);
            return;
        }

        (Stream stream, _) = await UpgradeAsync(context, "v5.channel.k8s.io", "v4.channel.k8s.io");
        await using (stream)
        await using (var remote = new SpdyCommand(stream, asked.Streams, context.RequestAborted))
            await ContainerCommand.RunAsync(remote, inside, environment, asked);
    }

    /// <summary>Ports, over SPDY, SPDY in a WebSocket, or WebSocket channels.</summary>
    public async Task PortForwardAsync(HttpContext context, string space, string pod)
    {
        const string Tunnel = "SPDY/3.1+portforward.k8s.io", Channels = "v4.channel.k8s.io";
        if (context.WebSockets.IsWebSocketRequest)
        {
            string? protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(p => p is Tunnel or Channels)
                ?? throw ApiException.BadRequest("unable to upgrade: none of the protocols offered is supported");
            // A slash is no character of a token (RFC 9110 5.6.2), so the framework would not say this protocol: the header is written here.
            context.Response.Headers.SecWebSocketProtocol = protocol;
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            if (protocol == Channels)
            {
                using var ports = new WebSocketPorts(node, socket, space, pod);
                // A client asks the API for "ports", and the API a kubelet for "port".
                StringValues asked = context.Request.Query[context.Request.Query.ContainsKey("port") ? "port" : "ports"];
                await ports.RunAsync([.. asked.SelectMany(p => (p ?? "").Split(',')).Select(p => int.Parse(p, CultureInfo.InvariantCulture))], context.RequestAborted);
                return;
            }

            await using var tunnel = new WebSocketStream(socket);
            await new SpdyPorts(node, space, pod).RunAsync(tunnel, context.RequestAborted);
            return;
        }

        (Stream stream, _) = await UpgradeAsync(context, "portforward.k8s.io");
        await using (stream)
            await new SpdyPorts(node, space, pod).RunAsync(stream, context.RequestAborted);
    }

    private IEnumerable<KeyValuePair<string, string>> Environment(string space, string pod, string container)
    {
        JsonObject? spec = node.Pods(space, pod);
        yield return new("HOSTNAME", pod);
        yield return new("KUBERNETES_SERVICE_HOST", "10.96.0.1");
        foreach (JsonObject variable in spec.Items("spec.containers").Where(c => c.Text("name") == container).SelectMany(c => c.Items("env")))
            yield return new(variable.Text("name")!, variable.Text("value") ?? "");
    }

    /// <summary>Leaves HTTP for SPDY/3.1, with the first of our protocols that the client also speaks.</summary>
    private static async Task<(Stream Stream, string Protocol)> UpgradeAsync(HttpContext context, params string[] protocols)
    {
        IHttpUpgradeFeature? upgrade = context.Features.Get<IHttpUpgradeFeature>();
        if (upgrade is not { IsUpgradableRequest: true } || !context.Request.Headers.Upgrade.ToString().Equals("SPDY/3.1", StringComparison.OrdinalIgnoreCase))
            throw ApiException.BadRequest("Upgrade request required");
        string[] offered = [.. context.Request.Headers["X-Stream-Protocol-Version"].SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries))];
        string? protocol = Array.Find(protocols, offered.Contains);
        if (protocol is null)
        {
            context.Response.Headers["X-Accepted-Stream-Protocol-Versions"] = protocols;
            throw new ApiException(403, "Forbidden", $"unable to upgrade: unable to negotiate protocol: client supports [{string.Join(' ', offered)}], server accepts [{string.Join(' ', protocols)}]");
        }

        context.Response.Headers["X-Stream-Protocol-Version"] = protocol;
        context.Response.Headers.Upgrade = "SPDY/3.1";
        return (await upgrade.UpgradeAsync(), protocol);
    }
}
