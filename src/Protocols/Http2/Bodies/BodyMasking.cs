using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// One exchange whose answer is masked. The target is asked for JSON that is not compressed; an answer in another form is refused where fields are masked by path, since nobody
/// can tell where they are in it. Detectors alone look into JSON, and let what is no object (files, pages) pass.
/// </summary>
internal sealed class BodyMasking : IExchangePlan
{
    private static readonly HttpRefusal Unreadable = new(502, "", "The target's answer has fields that are masked for you, and is in a form that cannot be masked: ask for JSON.");

    private static readonly HttpRefusal Upgraded = new(502, "", "The answer has fields that are masked for you, so it cannot come over an upgraded connection: watch without WebSocket.");

    // Compressed answers and parts of them cannot be masked.
    private static readonly byte[][] NotAsked = [.. new[] { "accept-encoding", "range", "if-range" }.Select(Encoding.ASCII.GetBytes)];

    private static readonly byte[][] Accept = ["accept"u8.ToArray()];

    private static readonly byte[][] Warning = ["warning"u8.ToArray()];

    private readonly MaskPlan _plan;
    private readonly string? _resource;
    private readonly bool _isHead;
    private readonly bool _masksCells;

    private BodyMasking(MaskPlan plan, string? resource, HttpHead head)
    {
        _plan = plan;
        _resource = resource;
        _isHead = head.Value(":method"u8).SequenceEqual("HEAD"u8);
        _masksCells = MasksFields && resource is not null && KubeTables.ShowsMasked(resource, plan);
        if (MasksFields && resource is not null && IsJson(BodyFields.MediaType(head.Value("content-type"u8))))
            RequestBody = new SentBackFilter(Paths(0));
    }

    public IBodyFilter? RequestBody { get; }

    private bool MasksFields => _plan.Computed is not null;

    /// <summary>The plan of an exchange; null: nothing of it is masked.</summary>
    /// <param name="head">As the client sent it.</param>
    public static BodyMasking? Of(HttpScope scope, HttpRequest request, HttpHead head) =>
        scope.Context.Masks is { } masks ? Of(masks, request, head) : null;

    /// <summary>The same by the masks of a session.</summary>
    public static BodyMasking? Of(MaskPlan masks, HttpRequest request, HttpHead head)
    {
        var actions = new RequestActions();
        if (masks.Of(actions.View(head, request)) is not { } plan)
            return null;
        KubeTarget? about = request.Target.IsKubernetes ? actions.About(head, request) : null;
        if (about is null)
            return new BodyMasking(plan, null, head);
        // Discovery and schemas have no data of anybody's.
        if (about.Resource.Length == 0)
            return plan.Computed is null ? null : new BodyMasking(plan, null, head);
        // Tunnels and logs are streams of bytes, and no objects.
        if (KubeNames.Connects(Encoding.ASCII.GetBytes(about.Subresource)) || about.Subresource == "log")
            return null;
        return new BodyMasking(plan, about.Group.Length == 0 ? about.Resource : $"{about.Resource}.{about.Group}", head);
    }

    public void OnRequest(HttpHead head)
    {
        Remove(head, NotAsked);
        head.TryAdd("accept-encoding"u8, "identity"u8);
        if (_resource is null)
            return;
        byte[] accept = KubeAccept.AsJson(head, tables: !_masksCells);
        Remove(head, Accept);
        head.TryAdd("accept"u8, accept);
    }

    public IBodyFilter? OnResponse(HttpHead head)
    {
        int status = HeadValues.Status(head);
        if (status == 101)
            return new RefusedResponse(Upgraded);
        // They may quote the object, as messages do.
        if (head.Has("warning"u8))
            Remove(head, Warning);
        // These have no body (RFC 9110 6.4.1).
        if (_isHead || status is 204 or 304 || head.Value("content-length"u8).SequenceEqual("0"u8))
            return null;
        int at = head.IndexOf("content-type"u8);
        ReadOnlySpan<byte> type = at < 0 ? default : BodyFields.MediaType(head[at].Value);
        bool isPlain = !head.Has("content-encoding"u8) || Ascii.EqualsIgnoreCase(head.Value("content-encoding"u8), "identity"u8);
        bool isOne = (at < 0 || head.IndexOf("content-type"u8, at + 1) < 0) && status != 206;
        // Without a type clients take it for what they asked for.
        if (type.IsEmpty || IsJson(type))
        {
            if (!isPlain || !isOne || (at >= 0 && !IsUtf8(head[at].Value)))
                return new RefusedResponse(Unreadable);
            var json = new JsonMasker(Paths(status), _plan);
            return type.IsEmpty && !MasksFields && _resource is null ? new UntypedFilter(json) : json;
        }

        return MasksFields || IsObject(type) ? new RefusedResponse(Unreadable) : null;
    }

    public void OnEnd()
    {
    }

    private static void Remove(HttpHead head, byte[][] names)
    {
        HttpHead whole = new(int.MaxValue, int.MaxValue);
        whole.TryCopyFrom(head);
        head.Clear();
        for (int i = 0; i < whole.Count; i++)
        {
            HttpField field = whole[i];
            if (!Contains(names, field.Name))
                head.TryAdd(field.Name, field.Value, field.NeverIndexed);
        }
    }

    private static bool Contains(byte[][] names, ReadOnlySpan<byte> name)
    {
        foreach (byte[] other in names)
        {
            if (name.SequenceEqual(other))
                return true;
        }

        return false;
    }

    private MaskedPaths Paths(int status)
    {
        string[] base64 = _resource switch
        {
            "secrets" => ["data"],
            "configmaps" => ["binaryData"],
            _ => [],
        };
        // An object is quoted in what is said against it, by whatever admits objects too; that nobody has logged in or that it does not exist quotes nothing.
        bool masksMessages = MasksFields && _resource is not null && status is >= 400 and not (401 or 404);
        return new MaskedPaths(MasksFields ? _plan : null, base64) { MasksCells = _masksCells, MasksMessages = masksMessages };
    }

    private static bool IsJson(ReadOnlySpan<byte> type) =>
        Ascii.EqualsIgnoreCase(type, "application/json"u8) || Ascii.EqualsIgnoreCase(type, "text/json"u8) || Ascii.EqualsIgnoreCase(type, "application/x-ndjson"u8) || (type.Length > 5 && Ascii.EqualsIgnoreCase(type[^5..], "+json"u8));

    // What Kubernetes writes objects in besides JSON.
    private bool IsObject(ReadOnlySpan<byte> type) =>
        _resource is not null
        && (type.IndexOf("protobuf"u8) >= 0 || type.IndexOf("cbor"u8) >= 0 || type.IndexOf("yaml"u8) >= 0);

    private static bool IsUtf8(ReadOnlySpan<byte> type)
    {
        int at = type.IndexOf("charset="u8);
        return at < 0 || Ascii.EqualsIgnoreCase(type[(at + 8)..].Trim("\" "u8), "utf-8"u8);
    }
}
