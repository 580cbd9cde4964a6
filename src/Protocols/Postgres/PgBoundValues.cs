using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// The values of a Bind, kept because they may have to be shown to an approver (PostgreSQL 55.7: String portal, String statement, Int16 c,
/// c x Int16 format, Int16 n, n x (Int32 length or -1, value), Int16 r, r x Int16 result format; c is 0, 1 or n). Immutable.
/// </summary>
internal sealed class PgBoundValues
{
    private readonly byte[] _body;
    private readonly short[] _formats;
    private readonly (int Start, int Length)[] _values;

    private PgBoundValues(byte[] body, short[] formats, (int Start, int Length)[] values, short[] resultFormats)
    {
        _body = body;
        _formats = formats;
        _values = values;
        ResultFormats = resultFormats;
    }

    public int Count => _values.Length;

    /// <summary>Bytes it holds.</summary>
    public int Size => _body.Length;

    /// <summary>As the client sent them: none (all text), one for all columns, or one for each.</summary>
    public short[] ResultFormats { get; }

    /// <summary>0 text, 1 binary.</summary>
    public short Format(int i) => _formats.Length switch { 0 => 0, 1 => _formats[0], _ => _formats[i] };

    public bool IsNull(int i) => _values[i].Length < 0;

    /// <summary>A value that is not NULL.</summary>
    public ReadOnlySpan<byte> Value(int i) => _body.AsSpan(_values[i].Start, _values[i].Length);

    /// <summary>Reads the whole body of a Bind; null when it is malformed.</summary>
    public static PgBoundValues? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body);
        reader.ReadCString();
        reader.ReadCString();
        short[] formats = ReadFormats(ref reader);
        int count = (ushort)reader.ReadInt16();
        // Each takes four bytes at least, so a count cannot ask for more room than there are bytes.
        if (reader.Failed || count > reader.Rest.Length / 4 || (formats.Length > 1 && formats.Length != count))
            return null;
        var values = new (int, int)[count];
        for (int i = 0; i < count; i++)
        {
            int length = reader.ReadInt32();
            values[i] = (body.Length - reader.Rest.Length, length);
            if (length < -1)
                return null;
            reader.ReadBytes(Math.Max(length, 0));
        }

        short[] resultFormats = ReadFormats(ref reader);
        return reader.AtEnd ? new PgBoundValues(body.ToArray(), formats, values, resultFormats) : null;
    }

    private static short[] ReadFormats(ref SpanReader reader)
    {
        int count = (ushort)reader.ReadInt16();
        if (reader.Failed || count > reader.Rest.Length / 2)
            count = 0;
        short[] formats = count == 0 ? [] : new short[count];
        for (int i = 0; i < count; i++)
            formats[i] = reader.ReadInt16();
        return formats;
    }
}
