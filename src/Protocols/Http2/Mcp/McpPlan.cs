using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>An exchange with an MCP server: remembers whom a session is given to, and masks what the server says.</summary>
/// <param name="fields">What is masked by path; null: nothing.</param>
internal sealed class McpPlan(HttpScope scope, string target, MaskPlan? masks, MaskPlan? fields) : IExchangePlan
{
    // Asked now: what a mask is made of may change while the response comes.
    private readonly Func<IStreamMask>? _open = masks?.OpenStream() is null ? null : () => masks.OpenStream()!;

    /// <inheritdoc/>
    public IBodyFilter? RequestBody => null;

    private bool Masks => _open is not null || fields is not null;

    /// <inheritdoc/>
    public void OnRequest(HttpHead head)
    {
        // What is packed cannot be masked.
        if (!Masks || !head.Has("accept-encoding"u8))
            return;
        var plain = new HttpHead(int.MaxValue, int.MaxValue);
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            if (!field.Name.SequenceEqual("accept-encoding"u8))
                plain.TryAdd(field.Name, field.Value, field.NeverIndexed);
        }

        head.TryCopyFrom(plain);
    }

    /// <inheritdoc/>
    public IBodyFilter? OnResponse(HttpHead head)
    {
        if (HeadValues.Status(head) is >= 200 and < 300 && head.Has(McpGuard.SessionField))
            scope.McpSessions.Begin(target, scope.Context.Facts.Identity, head.Value(McpGuard.SessionField));
        if (!Masks || HeadValues.ContentLength(head) == 0)
            return null;
        if (head.Has("content-encoding"u8) && !FieldRules.EqualsIgnoringCase(head.Value("content-encoding"u8), "identity"u8))
            return new UnmaskableFilter();
        ReadOnlySpan<byte> type = head.Value("content-type"u8);
        int end = type.IndexOf((byte)';');
        type = (end < 0 ? type : type[..end]).Trim(" \t"u8);
        if (FieldRules.EqualsIgnoringCase(type, "application/json"u8))
            return new McpJsonFilter(new McpMask(_open, fields));
        if (FieldRules.EqualsIgnoringCase(type, "text/event-stream"u8))
            return new McpEventFilter(new McpMask(_open, fields));
        // Where the fields are in another form, nobody knows.
        return fields is null ? new McpTextFilter(_open!()) : new UnmaskableFilter();
    }

    /// <inheritdoc/>
    public void OnEnd()
    {
    }

    /// <summary>Lets nothing through.</summary>
    private sealed class UnmaskableFilter : IBodyFilter
    {
        public bool Changes => true;

        public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
        {
            refusal = data.IsEmpty ? null : McpMask.Unmaskable;
            return default;
        }
    }
}
