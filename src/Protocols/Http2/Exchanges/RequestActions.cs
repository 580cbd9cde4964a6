using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;
using Sallyport.Protocols.Http2.Grpc;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;
using Sallyport.Protocols.Http2.Mcp;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A request as policy sees it, from its head and, where that matters, its body. One request at a time: whoever uses it holds its lock.</summary>
internal sealed class RequestActions
{
    private readonly HttpActions _actions = new();
    private readonly KubeBody _body = new();
    private byte[] _scratch = new byte[4096];

    /// <summary>The action; its spans are valid until the next call.</summary>
    /// <param name="body">The whole body, where it was collected.</param>
    public ActionView View(HttpHead head, HttpRequest request, ReadOnlyMemory<byte> body = default)
    {
        ReadOnlySpan<byte> method = head.Value(":method"u8);
        ReadOnlySpan<byte> path = request.Path(head);
        if (request.Target.IsKubernetes)
            _body.Begin(_actions, method, Info(method, path, request), head, body.Span);
        else if (McpPaths.IsPost(head) && McpPaths.Has(request, head))
            // Whatever it says that it is: servers need not look at that.
            McpActions.Describe(_actions, head, path, body);
        else if (GrpcCall.Is(head))
            GrpcCall.Describe(_actions, head, path);
        else
            _actions.Http(method, path);
        if (request.IsUpgrade && !(request.Target.IsKubernetes && Info(method, path, request).IsResource))
            _actions.Upgrade(path, head.Value("upgrade"u8));
        if (head.Has("content-type"u8))
            _actions.ContentType(head.Value("content-type"u8));
        HeaderDetails.Add(_actions, head);
        return _actions.View();
    }

    /// <summary>Whether rules can look into the body of such a request: it is collected before it is judged.</summary>
    public bool NeedsBody(HttpHead head, HttpRequest request)
    {
        if (McpPaths.IsPost(head) && McpPaths.Has(request, head))
            return true;
        if (!request.Target.IsKubernetes || request.IsUpgrade)
            return false;
        return KubeBody.HasObject(Info(head.Value(":method"u8), request.Path(head), request));
    }

    /// <summary>What is wrong with a request to an API server that could be read in two ways.</summary>
    public RequestProblem Problem(HttpHead head, HttpRequest request) =>
        request.Target.IsKubernetes ? Info(head.Value(":method"u8), request.Path(head), request).Problem : RequestProblem.None;

    /// <summary>What a request to an API server is about.</summary>
    public KubeTarget About(HttpHead head, HttpRequest request) => KubeTarget.Of(Info(head.Value(":method"u8), request.Path(head), request));

    /// <summary>The same, for a person to decide on.</summary>
    /// <param name="head">As the client sent it.</param>
    /// <param name="request">Where it leads.</param>
    /// <param name="body">All of it.</param>
    /// <param name="context">Whose it is.</param>
    /// <param name="patience">How long the client is kept waiting.</param>
    public HeldAction Held(HttpHead head, HttpRequest request, ReadOnlyMemory<byte> body, SessionContext context, TimeSpan patience)
    {
        ActionView action = View(head, request, body);
        var effects = new List<HeldEffect>();
        var details = new List<HeldParameter>();
        bool hides = KubeSecrets.AreIn(action);
        foreach (ref readonly ObjectRef part in action.Objects)
        {
            string name = Encoding.UTF8.GetString(action.Names.Slice(part.Start, part.Length));
            int end = name.IndexOf('\0', StringComparison.Ordinal);
            if (part.Verb != Verb.HttpDetail)
            {
                effects.Add(new HeldEffect(part.Verb, name.Replace('\0', ' ').TrimEnd()));
                continue;
            }

            bool isShown = part.Qualifier(action.Names) is var attribute && (!attribute.StartsWith("header:"u8) || HeaderDetails.IsShown(head, attribute["header:".Length..]));
            string shown = !isShown ? Encoding.ASCII.GetString(SecretFields.Blank) : hides && KubeSecrets.Has(name[..end]) ? KubeSecrets.Hidden : name[(end + 1)..];
            details.Add(new HeldParameter(name[..end], shown));
        }

        return new HeldAction
        {
            Kind = action.Kind,
            Verb = action.Verb,
            Text = Encoding.UTF8.GetString(action.Text),
            Rules = context.HoldingRules(action),
            Effects = effects,
            Parameters = details,
            Patience = patience,
            Digest = RequestDigest.Of(head, request, body.Span),
        };
    }

    private RequestInfo Info(ReadOnlySpan<byte> method, ReadOnlySpan<byte> path, HttpRequest request)
    {
        if (_scratch.Length < path.Length * 2)
            _scratch = new byte[path.Length * 2];
        return RequestInfo.Parse(method, path, request.IsUpgrade, _scratch);
    }
}
