using System.Buffers.Binary;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>Parse (PostgreSQL 55.7): String name, String query, Int16 n, n x Int32 type OIDs.</summary>
public readonly ref struct PgParse
{
    public ReadOnlySpan<byte> Name { get; private init; }

    public ReadOnlySpan<byte> Query { get; private init; }

    /// <summary>The type OIDs, big-endian; 0 leaves a type to the target.</summary>
    public ReadOnlySpan<byte> Types { get; private init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out PgParse message)
    {
        var reader = new SpanReader(body);
        ReadOnlySpan<byte> name = reader.ReadCString(), query = reader.ReadCString();
        int types = (ushort)reader.ReadInt16();
        message = new PgParse { Name = name, Query = query, Types = reader.ReadBytes(types * 4) };
        return reader.AtEnd;
    }
}

/// <summary>OIDs one behind the other: those of Parse and of ParameterDescription (PostgreSQL 55.7).</summary>
internal static class PgOids
{
    public static uint[] Read(ReadOnlySpan<byte> bytes)
    {
        uint[] oids = bytes.IsEmpty ? [] : new uint[bytes.Length / 4];
        for (int i = 0; i < oids.Length; i++)
            oids[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * 4)..]);
        return oids;
    }

    /// <summary>ParameterDescription: Int16 n, n x Int32 type OID; null when it is malformed.</summary>
    public static uint[]? TryDescription(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body);
        ReadOnlySpan<byte> types = reader.ReadBytes((ushort)reader.ReadInt16() * 4);
        return reader.AtEnd ? Read(types) : null;
    }
}

/// <summary>The head of Bind (PostgreSQL 55.7): String portal, String statement; the values behind it are never needed whole.</summary>
public readonly ref struct PgBindHead
{
    public ReadOnlySpan<byte> Portal { get; private init; }

    public ReadOnlySpan<byte> Statement { get; private init; }

    /// <summary>Reads from as much of the body as there is: NeedMore until both names have ended.</summary>
    public static ParseStatus TryRead(ReadOnlySpan<byte> head, bool isWhole, out PgBindHead message)
    {
        var reader = new SpanReader(head);
        message = new PgBindHead { Portal = reader.ReadCString(), Statement = reader.ReadCString() };
        if (!reader.Failed)
            return ParseStatus.Done;
        return isWhole ? ParseStatus.Malformed : ParseStatus.NeedMore;
    }
}

/// <summary>Describe and Close (PostgreSQL 55.7): Byte1 'S' or 'P', String name.</summary>
public readonly ref struct PgNamed
{
    public bool IsStatement { get; private init; }

    public ReadOnlySpan<byte> Name { get; private init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out PgNamed message)
    {
        var reader = new SpanReader(body);
        byte kind = reader.ReadByte();
        message = new PgNamed { IsStatement = kind == (byte)'S', Name = reader.ReadCString() };
        return reader.AtEnd && kind is (byte)'S' or (byte)'P';
    }
}

/// <summary>Execute (PostgreSQL 55.7): String portal, Int32 most rows (0: all).</summary>
public readonly ref struct PgExecute
{
    public ReadOnlySpan<byte> Portal { get; private init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out PgExecute message)
    {
        var reader = new SpanReader(body);
        message = new PgExecute { Portal = reader.ReadCString() };
        reader.ReadInt32();
        return reader.AtEnd;
    }
}

/// <summary>Query (PostgreSQL 55.7): String text. A zero before the end would hide what follows it, so it is Malformed.</summary>
public readonly ref struct PgQuery
{
    public ReadOnlySpan<byte> Text { get; private init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out PgQuery message)
    {
        var reader = new SpanReader(body);
        message = new PgQuery { Text = reader.ReadCString() };
        return reader.AtEnd;
    }
}

/// <summary>ParameterStatus (PostgreSQL 55.7): String name, String value.</summary>
public readonly ref struct PgParameterStatus
{
    public ReadOnlySpan<byte> Name { get; private init; }

    public ReadOnlySpan<byte> Value { get; private init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out PgParameterStatus message)
    {
        var reader = new SpanReader(body);
        message = new PgParameterStatus { Name = reader.ReadCString(), Value = reader.ReadCString() };
        return reader.AtEnd;
    }
}

/// <summary>One field of a RowDescription (PostgreSQL 55.7).</summary>
/// <param name="TableOid">The table the column comes from; 0 when it is computed.</param>
/// <param name="AttributeNumber">Its attribute number there; 0 when it is computed, negative for a system column.</param>
/// <param name="TypeOid">Its type; a domain shows as its base type.</param>
/// <param name="Format">0 text, 1 binary; 0 in the description of a statement, which knows no formats yet.</param>
public readonly record struct PgField(uint TableOid, short AttributeNumber, uint TypeOid, short Format);

/// <summary>
/// RowDescription (PostgreSQL 55.7): Int16 n, then n fields of String name, Int32 table, Int16 attribute, Int32 type, Int16 size, Int32 modifier, Int16 format.
/// </summary>
public ref struct PgRowDescription(ReadOnlySpan<byte> body)
{
    private SpanReader _reader = new(body[2..]);
    private int _left = (ushort)BinaryPrimitives.ReadInt16BigEndian(body);

    /// <summary>Fields still to come.</summary>
    public readonly int Remaining => _left;

    /// <summary>True when every field was read and nothing was left over.</summary>
    public readonly bool IsComplete => _left == 0 && _reader.AtEnd;

    /// <summary>Starts reading; false when not even the count is there.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> body, out PgRowDescription fields)
    {
        fields = body.Length < 2 ? default : new PgRowDescription(body);
        return body.Length >= 2;
    }

    /// <summary>The next field; false at the end or when the message is malformed (<see cref="IsComplete"/> tells them apart).</summary>
    public bool TryNext(out PgField field)
    {
        field = default;
        if (_left == 0)
            return false;

        _reader.ReadCString();
        uint table = (uint)_reader.ReadInt32();
        short attribute = _reader.ReadInt16();
        uint type = (uint)_reader.ReadInt32();
        _reader.ReadInt16();
        _reader.ReadInt32();
        short format = _reader.ReadInt16();
        if (_reader.Failed)
            return false;

        _left--;
        field = new PgField(table, attribute, type, format);
        return true;
    }
}

/// <summary>The fields of an ErrorResponse or NoticeResponse (PostgreSQL 55.8): Byte1 code, String value, …, a zero byte.</summary>
public ref struct PgErrorFields(ReadOnlySpan<byte> body)
{
    private SpanReader _reader = new(body);

    /// <summary>True when the list was ended by its zero byte and nothing followed.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The next field; false at the end or when the message is malformed.</summary>
    public bool TryNext(out byte code, out ReadOnlySpan<byte> value)
    {
        value = default;
        code = _reader.ReadByte();
        if (code == 0)
        {
            IsComplete = _reader.AtEnd;
            return false;
        }

        value = _reader.ReadCString();
        return !_reader.Failed;
    }

    /// <summary>The value of the first field with that code; empty when there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> body, byte code)
    {
        var fields = new PgErrorFields(body);
        while (fields.TryNext(out byte next, out ReadOnlySpan<byte> value))
        {
            if (next == code)
                return value;
        }

        return default;
    }
}
