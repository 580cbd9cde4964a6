using System.Buffers;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>
/// Masks a stream of events (HTML Living Standard 9.2, Server-sent events), wherever it is cut. An event is kept until its empty line has come, which is when a client sees it, and
/// goes on whole: fields first, then its data. Comments keep connections alive and go on at once, without their words.
/// </summary>
internal sealed class McpEventFilter(McpMask mask) : IBodyFilter
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _fields = new();
    private readonly ArrayBufferWriter<byte> _data = new();
    private readonly ArrayBufferWriter<byte> _shown = new();
    private readonly ArrayBufferWriter<byte> _out = new();
    private bool _hasData;
    private bool _afterReturn;
    private bool _isFirst = true;

    /// <inheritdoc/>
    public bool Changes => true;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = null;
        _out.ResetWrittenCount();
        while (!data.IsEmpty)
        {
            // A line ends with CR, LF or both.
            if (_afterReturn && data[0] == (byte)'\n')
                data = data[1..];
            _afterReturn = false;
            int at = data.IndexOfAny((byte)'\r', (byte)'\n');
            _line.Write(at < 0 ? data : data[..at]);
            bool fits = _line.WrittenCount + _fields.WrittenCount + _data.WrittenCount <= McpMask.MostBytes;
            if (fits && at < 0)
                break;
            if (!fits || !TryTakeLine())
            {
                refusal = McpMask.Unmaskable;
                return default;
            }

            _afterReturn = data[at] == (byte)'\r';
            data = data[(at + 1)..];
        }

        // What has no empty line behind it is no event: clients drop it, too.
        return _out.WrittenSpan;
    }

    private bool TryTakeLine()
    {
        ReadOnlySpan<byte> line = _line.WrittenSpan;
        if (_isFirst && line.StartsWith("\uFEFF"u8))
            line = line[3..];
        _isFirst = false;
        bool taken = true;
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? line : line[..colon];
        if (line.IsEmpty)
        {
            taken = TryDispatch();
        }
        else if (colon == 0)
        {
            _out.Write(":\n"u8);
        }
        else if (name.SequenceEqual("data"u8))
        {
            ReadOnlySpan<byte> value = colon < 0 ? default : line[(colon + 1)..];
            if (_hasData)
                _data.Write("\n"u8);
            _hasData = true;
            _data.Write(value is [(byte)' ', ..] ? value[1..] : value);
        }
        else if (name.SequenceEqual("event"u8) || name.SequenceEqual("id"u8) || name.SequenceEqual("retry"u8))
        {
            _fields.Write(line);
            _fields.Write("\n"u8);
        }

        _line.ResetWrittenCount();
        return taken;
    }

    private bool TryDispatch()
    {
        if (!_hasData && _fields.WrittenCount == 0)
            return true;
        _out.Write(_fields.WrittenSpan);
        _fields.ResetWrittenCount();
        if (_hasData && !TryWriteData())
            return false;
        _data.ResetWrittenCount();
        _hasData = false;
        _out.Write("\n"u8);
        return true;
    }

    private bool TryWriteData()
    {
        _shown.ResetWrittenCount();
        ReadOnlySpan<byte> data = _data.WrittenSpan;
        // The older transport tells its client by an event where to post: an address alone.
        if (data.TrimStart(" \t\n"u8) is [(byte)'{' or (byte)'[' or (byte)'"', ..])
        {
            if (!mask.TryMaskMessage(data, _shown))
                return false;
        }
        else
        {
            mask.MaskText(data, _shown);
        }

        ReadOnlySpan<byte> shown = _shown.WrittenSpan;
        foreach (Range line in shown.Split((byte)'\n'))
        {
            _out.Write("data: "u8);
            _out.Write(shown[line]);
            _out.Write("\n"u8);
        }

        return true;
    }
}
