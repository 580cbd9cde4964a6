using System.Buffers;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>Masks a response of one JSON document: nobody can read it before it is whole, so it is kept until then.</summary>
internal sealed class McpJsonFilter(McpMask mask) : IBodyFilter
{
    private readonly ArrayBufferWriter<byte> _message = new();
    private readonly ArrayBufferWriter<byte> _out = new();

    /// <inheritdoc/>
    public bool Changes => true;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = null;
        _out.ResetWrittenCount();
        if (_message.WrittenCount + data.Length > McpMask.MostBytes)
        {
            refusal = McpMask.Unmaskable;
            return default;
        }

        _message.Write(data);
        if (!end || _message.WrittenCount == 0)
            return default;
        if (!mask.TryMaskMessage(_message.WrittenSpan, _out))
            refusal = McpMask.Unmaskable;
        _message.ResetWrittenCount();
        return refusal is null ? _out.WrittenSpan : default;
    }
}
