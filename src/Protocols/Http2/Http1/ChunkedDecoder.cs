using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>What a <see cref="ChunkedDecoder"/> has found in its buffer.</summary>
internal enum ChunkedPart : byte
{
    /// <summary>Nothing for now; more bytes are needed.</summary>
    None,

    /// <summary>Bytes of the body.</summary>
    Data,

    /// <summary>The body has ended, and its trailers are read.</summary>
    End,

    /// <summary>Not legal, whatever follows.</summary>
    Malformed,
}

/// <summary>
/// Undoes the chunked transfer coding (RFC 9112 7.1) in place: the bytes of the body are slices of the buffer they came in.
/// <code>
///  chunk        = 1*HEXDIG [ chunk-ext ] CRLF chunk-data CRLF
///  last-chunk   = 1*("0") [ chunk-ext ] CRLF
///  chunk-ext    = *( ";" token [ "=" ( token / quoted-string ) ] )
///  body         = *chunk last-chunk trailer-section CRLF
/// </code>
/// Every line ends in CR LF and nothing else. Extensions are read and dropped: what one parser takes for an extension's end and another does not is how
/// a request is hidden in a body. The whitespace that RFC 9112 7.1.1 lets a recipient endure is refused with it.
/// </summary>
internal sealed class ChunkedDecoder(H1Limits limits)
{
    private State _state;
    private long _left;
    private int _digits;
    private int _line;
    private int _extensions;
    private H1Lines _trailers = H1Lines.OfTrailers();

    private enum State : byte
    {
        Size,
        Extension,
        ExtensionName,
        Value,
        Token,
        Quoted,
        Escaped,
        AfterQuoted,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        Trailers,
        End,
    }

    /// <summary>For the body of the next message.</summary>
    public void Reset()
    {
        _state = State.Size;
        _left = 0;
        _digits = _line = _extensions = 0;
        _trailers = H1Lines.OfTrailers();
    }

    /// <summary>Takes bytes off the buffer up to the next bytes of the body, or its end.</summary>
    /// <param name="buffer">What was not consumed before, and what came since.</param>
    /// <param name="trailers">Gets the trailer fields, at the end.</param>
    /// <param name="consumed">Bytes that are done with, those of <paramref name="data"/> included.</param>
    /// <param name="data">The body's next bytes, in <paramref name="buffer"/>; empty unless the part is Data.</param>
    public ChunkedPart Read(ReadOnlySpan<byte> buffer, HttpHead trailers, out int consumed, out ReadOnlySpan<byte> data, out HttpViolation? violation)
    {
        data = default;
        violation = null;
        for (consumed = 0; consumed < buffer.Length; consumed++)
        {
            if (_state == State.Data)
            {
                data = buffer.Slice(consumed, (int)Math.Min(_left, buffer.Length - consumed));
                _left -= data.Length;
                _state = _left == 0 ? State.DataCr : State.Data;
                consumed += data.Length;
                return ChunkedPart.Data;
            }

            if (_state >= State.Trailers)
                break;
            violation = Step(buffer[consumed]);
            if (violation is not null)
                return ChunkedPart.Malformed;
        }

        if (_state == State.Trailers)
            return ReadTrailers(buffer[consumed..], trailers, ref consumed, out violation);
        return _state == State.End ? ChunkedPart.End : ChunkedPart.None;
    }

    private HttpViolation? Step(byte b)
    {
        switch (_state)
        {
            case State.Size:
                return StepSize(b);
            case State.SizeLf:
                if (b != '\n')
                    return H1Faults.ChunkSize;
                _state = _left == 0 ? State.Trailers : State.Data;
                _digits = _line = 0;
                return null;
            case State.DataCr:
                _state = State.DataLf;
                return b == '\r' ? null : H1Faults.ChunkEnd;
            case State.DataLf:
                _state = State.Size;
                return b == '\n' ? null : H1Faults.ChunkEnd;
            default:
                return StepExtension(b);
        }
    }

    /// <summary>At most 16 digits, and no more than fits: "Recipients MUST anticipate potentially large hexadecimal numerals" (RFC 9112 7.1).</summary>
    private HttpViolation? StepSize(byte b)
    {
        if (char.IsAsciiHexDigit((char)b))
        {
            if (++_digits > 16 || _left > long.MaxValue >> 4)
                return H1Faults.ChunkSize;
            _left = (_left << 4) | Digit(b);
            _line++;
            return null;
        }

        if (_digits == 0)
            return H1Faults.ChunkSize;
        return Ends(b) ? null : H1Faults.ChunkSize;
    }

    private HttpViolation? StepExtension(byte b)
    {
        if (++_line > limits.ChunkLine || ++_extensions > limits.ChunkExtensions)
            return H1Faults.ChunkExtension;
        bool isToken = FieldRules.TokenBytes.Contains(b);
        bool isLegal = _state switch
        {
            State.Extension => isToken && Go(State.ExtensionName),
            State.ExtensionName => isToken || (b == '=' ? Go(State.Value) : Ends(b)),
            State.Value => b == '"' ? Go(State.Quoted) : isToken && Go(State.Token),
            State.Token => isToken || Ends(b),
            State.Quoted => b switch
            {
                (byte)'"' => Go(State.AfterQuoted),
                (byte)'\\' => Go(State.Escaped),
                _ => IsText(b),
            },
            State.Escaped => IsText(b) && Go(State.Quoted),
            _ => Ends(b),
        };
        return isLegal ? null : H1Faults.ChunkExtension;
    }

    private static uint Digit(byte b) => b <= '9' ? (uint)(b - '0') : (uint)((b | 0x20) - 'a' + 10);

    private static bool IsText(byte b) => b == '\t' || (b >= 0x20 && b != 0x7f);

    /// <summary>What may end a size, an extension's name or its value.</summary>
    private bool Ends(byte b) => b switch
    {
        (byte)'\r' => Go(State.SizeLf),
        (byte)';' => Go(State.Extension),
        _ => false,
    };

    private bool Go(State state)
    {
        _state = state;
        return true;
    }

    private ChunkedPart ReadTrailers(ReadOnlySpan<byte> buffer, HttpHead trailers, ref int consumed, out HttpViolation? violation)
    {
        ParseStatus status = _trailers.Find(buffer, limits, maySkip: false, out int end, out violation);
        if (status == ParseStatus.NeedMore)
            return ChunkedPart.None;
        trailers.Clear();
        violation ??= AddTrailers(buffer[..end], trailers);
        if (violation is not null)
            return ChunkedPart.Malformed;
        consumed += end;
        _state = State.End;
        return ChunkedPart.End;
    }

    private static HttpViolation? AddTrailers(ReadOnlySpan<byte> lines, HttpHead trailers)
    {
        for (ReadOnlySpan<byte> line = H1Lines.Next(ref lines); !line.IsEmpty; line = H1Lines.Next(ref lines))
        {
            if (!H1Fields.TrySplit(line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
                return H1Faults.FieldName;
            if (!H1Bytes.TryAddLowered(trailers, name, value))
                return H1Faults.TooManyFields;
            if (TrailerFields.IsForbidden(trailers[trailers.Count - 1].Name))
                return H1Faults.Trailer;
        }

        return null;
    }
}
