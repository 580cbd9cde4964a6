using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>Masks a response that is no message, such as the page of an error.</summary>
internal sealed class McpTextFilter(IStreamMask mask) : IBodyFilter
{
    private byte[] _out = [];

    /// <inheritdoc/>
    public bool Changes => true;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = null;
        int most = mask.MaxLength(data.Length);
        if (_out.Length < most)
            _out = new byte[most];
        return _out.AsSpan(0, mask.Mask(data, _out, flush: end));
    }
}
