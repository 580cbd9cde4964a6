using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>
/// Finds the end of a head in a buffer that grows: lines that end in CR LF, up to an empty one (RFC 9112 2.1). Bytes are looked at once, however they come.
/// RFC 9112 2.2 lets a recipient take a bare LF for a line end and a bare CR for a space; both are refused, because two parsers that differ in it are a
/// hole. What is said of a buffer does not depend on how it came: bounds are compared with positions, never with what has arrived.
/// </summary>
internal struct H1Lines
{
    private int _at;
    private int _line;
    private bool _hasStart;
    private bool _hasSkipped;

    /// <summary>Where the start line begins: behind one empty line, which a server ignores (RFC 9112 2.2).</summary>
    public readonly int Start => _hasSkipped ? 2 : 0;

    /// <summary>A section without a start line: trailers.</summary>
    public static H1Lines OfTrailers() => new() { _hasStart = true };

    /// <param name="maySkip">One empty line may precede the start line.</param>
    /// <param name="end">Behind the empty line that ends the section.</param>
    public ParseStatus Find(ReadOnlySpan<byte> buffer, H1Limits limits, bool maySkip, out int end, out HttpViolation? fault)
    {
        end = 0;
        while (true)
        {
            int most = _hasStart ? limits.FieldLine : limits.StartLine;
            int bound = Math.Min(_line + most, limits.Head);
            int found = buffer[_at..].IndexOfAny(H1Bytes.Controls);
            int at = found < 0 ? buffer.Length : _at + found;
            if (at > bound)
            {
                fault = bound < _line + most ? H1Faults.HeadTooLarge : _hasStart ? H1Faults.LineTooLong : H1Faults.StartLineTooLong;
                return ParseStatus.Malformed;
            }

            _at = at;
            fault = null;
            if (found < 0 || (buffer[at] == '\r' && at + 1 == buffer.Length))
                return ParseStatus.NeedMore;
            if (buffer[at] != '\r' || buffer[at + 1] != '\n')
            {
                fault = H1Faults.Control;
                return ParseStatus.Malformed;
            }

            ReadOnlySpan<byte> line = buffer[_line..at];
            _at = _line = at + 2;
            if (line.IsEmpty && _hasStart)
            {
                end = _at;
                return ParseStatus.Done;
            }

            fault = Check(line, maySkip);
            if (fault is not null)
                return ParseStatus.Malformed;
        }
    }

    /// <summary>Takes the next line off a section whose end was found.</summary>
    public static ReadOnlySpan<byte> Next(scoped ref ReadOnlySpan<byte> lines)
    {
        int end = lines.IndexOf((byte)'\r');
        ReadOnlySpan<byte> line = lines[..end];
        lines = lines[(end + 2)..];
        return line;
    }

    private HttpViolation? Check(ReadOnlySpan<byte> line, bool maySkip)
    {
        if (line.IsEmpty)
        {
            if (!maySkip || _hasSkipped)
                return H1Faults.EmptyLine;
            _hasSkipped = true;
            return null;
        }

        if (_hasStart && line[0] is (byte)' ' or (byte)'\t')
            return H1Faults.Fold;
        _hasStart = true;
        return null;
    }
}
