using System.Text;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>The server's messages, as the client was shown them, handed to the matcher.</summary>
internal sealed class PgTranscriptServer : IPgTranscriptMessages
{
    private const int SmallBytes = 16 << 10;
    private const int MaxColumns = 1664;

    private readonly PgTranscriptLimits _limits;
    private readonly PgTranscriptMatcher _matcher;
    private readonly PgTranscriptHead _head = new();
    private readonly PgTranscriptValues _values = new();
    private byte _type;
    private int _length;
    private bool _keepRow;

    public PgTranscriptServer(PgTranscriptLimits limits, PgTranscriptMatcher matcher)
    {
        _limits = limits;
        _matcher = matcher;
    }

    public bool Begin(byte type, int length)
    {
        _type = type;
        _length = length;
        _matcher.Began(type);
        switch (type)
        {
            case (byte)'D':
                _keepRow = _matcher.WantsRow;
                if (_keepRow)
                    _values.Reset(isBind: false, MaxColumns, _limits.FieldBytes, _limits.ValuesBytes);
                return true;
            case (byte)'T' or (byte)'t' or (byte)'E' or (byte)'N':
                _head.Reset(_limits.ServerMessageBytes);
                return true;
            case (byte)'C' or (byte)'A' or (byte)'Z':
                _head.Reset(SmallBytes);
                return true;
            case (byte)'1' or (byte)'2' or (byte)'3' or (byte)'n' or (byte)'s' or (byte)'I' or (byte)'c':
                return length == 0;
            case (byte)'d' or (byte)'G' or (byte)'H' or (byte)'W' or (byte)'V' or (byte)'R' or (byte)'S' or (byte)'K' or (byte)'v':
                return true;
            default:
                return false;
        }
    }

    public void Body(ReadOnlySpan<byte> bytes)
    {
        switch (_type)
        {
            case (byte)'D':
                if (_keepRow)
                    _values.Add(bytes);
                break;
            case (byte)'T' or (byte)'t' or (byte)'E' or (byte)'N' or (byte)'C' or (byte)'A' or (byte)'Z':
                _head.Add(bytes);
                break;
        }
    }

    public bool End(DateTimeOffset time)
    {
        switch (_type)
        {
            case (byte)'D': return Row();
            case (byte)'T': return RowDescription();
            case (byte)'t': return ParameterDescription();
            case (byte)'E': return Message(time, isError: true);
            case (byte)'N': return Message(time, isError: false);
            case (byte)'C': return CommandComplete(time);
            case (byte)'A': return Notification(time);
            case (byte)'Z': return ReadyForQuery(time);
            case (byte)'d': _matcher.CopyOut(_length); return true;
            case (byte)'R' or (byte)'K' or (byte)'v' or (byte)'S': return true;
            default: _matcher.Reply(_type, time); return true;
        }
    }

    private bool Row()
    {
        if (!_keepRow)
        {
            _matcher.Row(null);
            return true;
        }

        PgTranscriptBound? row = _values.Take();
        if (row is null)
            return false;
        _matcher.Row(row);
        return true;
    }

    // Int16 n, n × (String name | Int32 table | Int16 attribute | Int32 type | Int16 size | Int32 modifier | Int16 format)
    private bool RowDescription()
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        int count = fields.Int16();
        var columns = new List<PgTranscriptColumn>();
        for (int i = 0; i < count && fields.Ok; i++)
        {
            string name = fields.String();
            fields.Int32();
            fields.Int16();
            uint type = (uint)fields.Int32();
            fields.Int16();
            fields.Int32();
            bool binary = fields.Int16() == 1;
            if (fields.Ok)
                columns.Add(new PgTranscriptColumn(name, type, binary));
        }

        _matcher.Columns([.. columns]);
        return _head.Truncated || fields.Done;
    }

    private bool ParameterDescription()
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        uint[] types = new uint[Math.Min(fields.Int16(), fields.Rest.Length / 4)];
        for (int i = 0; i < types.Length; i++)
            types[i] = (uint)fields.Int32();
        _matcher.ParameterTypes(types);
        return _head.Truncated || fields.Done;
    }

    // (Byte1 code | String value)…, then a zero byte (PostgreSQL 55.8).
    private bool Message(DateTimeOffset time, bool isError)
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        string severity = "", code = "", message = "", detail = "", hint = "";
        for (byte field = fields.Byte1(); field != 0; field = fields.Byte1())
        {
            string value = fields.String();
            switch (field)
            {
                case (byte)'S': severity = value; break;
                case (byte)'C': code = value; break;
                case (byte)'M': message = value; break;
                case (byte)'D': detail = value; break;
                case (byte)'H': hint = value; break;
            }
        }

        var error = new PgError(severity, code, message, detail, hint);
        if (isError)
            _matcher.Error(error, time);
        else
            _matcher.Notice(error, time);
        return _head.Truncated || fields.Done;
    }

    private bool CommandComplete(DateTimeOffset time)
    {
        int end = _head.Bytes.IndexOf((byte)0);
        if (end < 0 || end != _length - 1)
            return false;
        _matcher.Complete(Encoding.UTF8.GetString(_head.Bytes[..Math.Min(end, 256)]), time);
        return true;
    }

    private bool Notification(DateTimeOffset time)
    {
        var fields = new PgTranscriptFields(_head.Bytes);
        int process = fields.Int32();
        string channel = fields.String();
        string payload = fields.String();
        if (!fields.Done)
            return false;
        _matcher.Emit(new PgNotificationEntry { At = time, ProcessId = process, Channel = channel, Payload = payload });
        return true;
    }

    private bool ReadyForQuery(DateTimeOffset time)
    {
        if (_length != 1)
            return false;
        _matcher.Ready(_head.Bytes[0], time);
        return true;
    }
}
