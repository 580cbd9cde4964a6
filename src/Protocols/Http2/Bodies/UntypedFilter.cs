using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>An answer of no media type, where detectors alone apply: what begins as JSON does is masked as JSON, all else is no object, and passes.</summary>
internal sealed class UntypedFilter(JsonMasker json) : IBodyFilter
{
    private bool? _isJson;

    public bool Changes => true;

    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = null;
        ReadOnlySpan<byte> text = data.TrimStart(" \t\r\n"u8);
        // A mark of UTF-8 before it, which readers pass over, is no JSON: that ends the exchange.
        if (_isJson is null && !text.IsEmpty)
            _isJson = text[0] is (byte)'{' or (byte)'[' or (byte)'"' or 0xEF;
        return _isJson == true ? json.Take(data, end, out refusal) : data;
    }
}
