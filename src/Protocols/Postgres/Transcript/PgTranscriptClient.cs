using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>The client's messages, turned into requests.</summary>
internal sealed class PgTranscriptClient : IPgTranscriptMessages
{
    // Names are at most 63 bytes to PostgreSQL, but the protocol lets a client send longer ones.
    private const int NameBytes = 2048;

    private readonly PgTranscriptLimits _limits;
    private readonly PgTranscriptMatcher _matcher;
    private readonly PgTranscriptHead _head = new();
    private readonly PgTranscriptValues _values = new();
    private byte _type;
    private int _length;

    public PgTranscriptClient(PgTranscriptLimits limits, PgTranscriptMatcher matcher)
    {
        _limits = limits;
        _matcher = matcher;
    }

    public bool Begin(byte type, int length)
    {
        _type = type;
        _length = length;
        switch (type)
        {
            case (byte)'Q': _head.Reset(_limits.TextBytes + 1); return true;
            case (byte)'P': _head.Reset(_limits.TextBytes + NameBytes); return true;
            case (byte)'B': _values.Reset(isBind: true, _limits.Parameters, _limits.ParameterBytes, _limits.ValuesBytes); return true;
            case (byte)'E' or (byte)'D' or (byte)'C' or (byte)'F': _head.Reset(NameBytes); return true;
            case (byte)'S' or (byte)'H' or (byte)'c' or (byte)'X': return length == 0;
            case (byte)'d' or (byte)'f' or (byte)'p': return true;
            default: return false;
        }
    }

    public void Body(ReadOnlySpan<byte> bytes)
    {
        switch (_type)
        {
            case (byte)'B': _values.Add(bytes); break;
            case (byte)'Q' or (byte)'P' or (byte)'E' or (byte)'D' or (byte)'C' or (byte)'F': _head.Add(bytes); break;
        }
    }

    public bool End(DateTimeOffset time)
    {
        switch (_type)
        {
            case (byte)'Q': return Query(time);
            case (byte)'P': return Parse(time);
            case (byte)'B': return Bind(time);
            case (byte)'E': return Execute(time);
            case (byte)'D': return Named(time, PgTranscriptKind.DescribeStatement, PgTranscriptKind.DescribePortal);
            case (byte)'C': return Named(time, PgTranscriptKind.CloseStatement, PgTranscriptKind.ClosePortal);
            case (byte)'F': return FunctionCall(time);
            case (byte)'S': return _matcher.Add(new PgTranscriptRequest { Kind = PgTranscriptKind.Sync, At = time });
            case (byte)'d': _matcher.CopyIn(_length, ended: false); return true;
            case (byte)'c' or (byte)'f': _matcher.CopyIn(0, ended: true); return true;
            default: return true;
        }
    }

    private bool Query(DateTimeOffset time)
    {
        if (!TryText(_head.Bytes, out string text))
            return false;
        var statement = new PgTranscriptStatement { Text = text, TextTruncated = _head.Truncated };
        return _matcher.Add(new PgTranscriptRequest { Kind = PgTranscriptKind.Query, At = time, Statement = statement });
    }

    private bool Parse(DateTimeOffset time)
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        string name = fields.String();
        if (!fields.Ok)
            return false;
        uint[] types = [];
        string text;
        if (_head.Truncated)
        {
            if (!TryText(fields.Rest, out text))
                return false;
        }
        else
        {
            text = fields.String();
            types = new uint[Math.Min(fields.Int16(), fields.Rest.Length / 4)];
            for (int i = 0; i < types.Length; i++)
                types[i] = (uint)fields.Int32();
            if (!fields.Done)
                return false;
        }

        var statement = new PgTranscriptStatement { Name = name, Text = text, TextTruncated = _head.Truncated, Types = types };
        return _matcher.Add(new PgTranscriptRequest { Kind = PgTranscriptKind.Parse, At = time, Name = name, Statement = statement });
    }

    private bool Bind(DateTimeOffset time) =>
        _values.Take() is { } bound
        && _matcher.Add(new PgTranscriptRequest { Kind = PgTranscriptKind.Bind, At = time, Name = bound.Portal, Bound = bound });

    private bool Execute(DateTimeOffset time)
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        string portal = fields.String();
        fields.Int32();
        return fields.Done && _matcher.Add(new PgTranscriptRequest { Kind = PgTranscriptKind.Execute, At = time, Name = portal });
    }

    private bool Named(DateTimeOffset time, PgTranscriptKind statement, PgTranscriptKind portal)
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        byte what = fields.Byte1();
        string name = fields.String();
        return fields.Done && what is (byte)'S' or (byte)'P'
            && _matcher.Add(new PgTranscriptRequest { Kind = what == 'S' ? statement : portal, At = time, Name = name });
    }

    private bool FunctionCall(DateTimeOffset time)
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        var request = new PgTranscriptRequest { Kind = PgTranscriptKind.FunctionCall, At = time, FunctionOid = (uint)fields.Int32() };
        return fields.Ok && _matcher.Add(request);
    }

    // A text whose end was not kept has no zero byte, nor has it to.
    private bool TryText(ReadOnlySpan<byte> bytes, out string text)
    {
        int end = bytes.IndexOf((byte)0);
        bool good = _head.Truncated ? end < 0 || end == bytes.Length - 1 : end >= 0 && end == bytes.Length - 1;
        text = good ? System.Text.Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]) : "";
        return good;
    }
}
