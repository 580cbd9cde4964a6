using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Http2.Kubernetes.TarManifest;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>Which requests to an API server lead to streams of a pod, and which of those are not let through however policy judges them.</summary>
internal static class KubeTunnels
{
    /// <summary>Browsers cannot set fields on a WebSocket: API servers take a token out of this.</summary>
    private const string BearerProtocol = "base64url.bearer.authorization.k8s.io.";

    private static readonly HttpRefusal NoUpgrade = new(
        400, "", "This needs an upgrade that is understood: a WebSocket of v4.channel.k8s.io or v5.channel.k8s.io, for ports also SPDY/3.1+portforward.k8s.io, or SPDY/3.1.");

    private static readonly HttpRefusal NotMasked = new(
        403, "", "What this shows is masked for you, which is not done over SPDY/3.1: use WebSockets (kubectl 1.31 and later, or KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true).");

    private static readonly HttpRefusal NotMaskedHere = new(403, "", "What this shows is masked for you, which is not done in this upgrade: ask without one.");

    /// <summary>Looks at a request that policy has let through.</summary>
    /// <param name="head">As the client sent it.</param>
    /// <returns>Null: it may pass.</returns>
    public static HttpRefusal? Check(HttpScope scope, HttpRequest request, HttpHead head) => Check(scope.Context.Masks, request, head);

    /// <summary>The same by the masks of a session.</summary>
    public static HttpRefusal? Check(MaskPlan? masks, HttpRequest request, HttpHead head)
    {
        bool upgrades = request.IsUpgrade || head.Has(":protocol"u8);
        if (!request.Target.IsKubernetes)
            return null;
        if (upgrades && HasBearer(head))
            return Refusals.IdentityField("sec-websocket-protocol");
        KubeStreamRequest? streams = Streams(request, head);
        if (streams is null or { Kind: KubeStreams.Log })
            return upgrades && MasksOf(masks, request, head) is not null ? NotMaskedHere : null;
        if (!TryOffer(request, head, streams, out IReadOnlyList<string> offered, out HttpRefusal? refusal))
            return refusal;
        bool isShown = streams.Kind != KubeStreams.PortForward && !(streams is { Kind: KubeStreams.Exec, IsTerminal: false } && TarCommand.Of(streams.Command) is { IsUpload: false });
        return isShown && offered.Count == 0 && MasksOf(masks, request, head)?.OpenStream() is not null ? NotMasked : null;
    }

    /// <summary>What is done to such an exchange; null: nothing.</summary>
    public static IExchangePlan? Plan(HttpScope scope, HttpRequest request, HttpHead head, uint exchange)
    {
        if (!request.Target.IsKubernetes || Streams(request, head) is not { } streams)
            return null;
        MaskPlan? masks = MasksOf(scope.Context.Masks, request, head);
        if (streams.Kind == KubeStreams.Log)
            return masks?.OpenStream() is { } mask ? new LogPlan(mask) : null;
        return TryOffer(request, head, streams, out IReadOnlyList<string> offered, out _) ? new TunnelPlan(scope, masks, streams, head, offered, exchange) : null;
    }

    /// <summary>Whether it asks for streams of a pod by an upgrade: exec, attach, port-forward.</summary>
    public static bool Leads(HttpRequest request, HttpHead head) =>
        request.IsUpgrade && request.Target.IsKubernetes && Streams(request, head) is not (null or { Kind: KubeStreams.Log });

    // What is shown of this request, as of every other: others' masks have nothing to do with it.
    private static MaskPlan? MasksOf(MaskPlan? session, HttpRequest request, HttpHead head) => session?.Of(new RequestActions().View(head, request));

    private static KubeStreamRequest? Streams(HttpRequest request, HttpHead head)
    {
        ReadOnlySpan<byte> path = request.Path(head);
        byte[]? large = path.Length > 1024 ? new byte[path.Length * 2] : null;
        Span<byte> scratch = large ?? stackalloc byte[2048];
        return KubeStreamRequest.Of(RequestInfo.Parse(head.Value(":method"u8), path, request.IsUpgrade, scratch));
    }

    /// <param name="offered">Subprotocols of a WebSocket; empty: it is SPDY/3.1.</param>
    private static bool TryOffer(HttpRequest request, HttpHead head, KubeStreamRequest streams, out IReadOnlyList<string> offered, out HttpRefusal? refusal)
    {
        offered = [];
        refusal = NoUpgrade;
        if (!request.IsUpgrade)
            return false;
        if (Ascii.EqualsIgnoreCase(head.Value("upgrade"u8), "SPDY/3.1"u8))
            return true;
        if (!Ascii.EqualsIgnoreCase(head.Value("upgrade"u8), "websocket"u8))
            return false;
        var facts = new H1RequestFacts(H1TargetForm.Origin, 1, default, KeepAlive: true, ExpectContinue: false, H1Upgrade.WebSocket);
        if (WebSocketHandshake.CheckRequest(head, facts, out IReadOnlyList<string> protocols) is { } violation)
        {
            refusal = new HttpRefusal(violation.Status, "", violation.Message);
            return false;
        }

        offered = KubeSubprotocols.Understood(protocols, streams.Kind == KubeStreams.PortForward);
        return offered.Count > 0;
    }

    private static bool HasBearer(HttpHead head)
    {
        for (int i = head.IndexOf("sec-websocket-protocol"u8); i >= 0; i = head.IndexOf("sec-websocket-protocol"u8, i + 1))
        {
            if (Encoding.ASCII.GetString(head[i].Value).Contains(BearerProtocol, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
