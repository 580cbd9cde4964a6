namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>The target has answered, but nothing of it may be let through: the client is refused instead.</summary>
internal sealed class RefusedResponse(HttpRefusal refusal) : IBodyFilter
{
    public HttpRefusal Refusal => refusal;

    public bool Changes => true;

    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refused)
    {
        refused = refusal;
        return default;
    }
}
