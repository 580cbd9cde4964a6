using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>A bound value as an approver can read it. Binary values of the common types are decoded (their send functions in PostgreSQL's utils/adt); all others are shown in hexadecimal.</summary>
internal static class PgParameterText
{
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);

    /// <summary>One value with its type, by name where it is a common one (pg_type.dat), else by OID.</summary>
    public static HeldParameter Read(uint type, PgBoundValues values, int i) =>
        new(Name(type), values.IsNull(i) ? null : values.Format(i) == 0 ? Readable(values.Value(i)) : Binary(type, values.Value(i)));

    /// <summary>UTF-8 as text; what is not, with its odd bytes as \xNN.</summary>
    public static string Readable(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length * 2);
        foreach (byte b in bytes)
        {
            if (b < 0x80)
                text.Append((char)b);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }

        return text.ToString();
    }

    private static string Name(uint type) => type switch
    {
        0 => "",
        16 => "bool",
        17 => "bytea",
        19 => "name",
        20 => "int8",
        21 => "int2",
        23 => "int4",
        25 => "text",
        26 => "oid",
        114 => "json",
        700 => "float4",
        701 => "float8",
        1042 => "bpchar",
        1043 => "varchar",
        1082 => "date",
        1114 => "timestamp",
        1184 => "timestamptz",
        1700 => "numeric",
        2950 => "uuid",
        3802 => "jsonb",
        _ => type.ToString(CultureInfo.InvariantCulture),
    };

    private static string Binary(uint type, ReadOnlySpan<byte> value) => (type, value.Length) switch
    {
        (16, 1) => value[0] != 0 ? "true" : "false",
        (20, 8) => Number(BinaryPrimitives.ReadInt64BigEndian(value)),
        (21, 2) => Number(BinaryPrimitives.ReadInt16BigEndian(value)),
        (23, 4) => Number(BinaryPrimitives.ReadInt32BigEndian(value)),
        (26, 4) => Number(BinaryPrimitives.ReadUInt32BigEndian(value)),
        (700, 4) => BinaryPrimitives.ReadSingleBigEndian(value).ToString("R", CultureInfo.InvariantCulture),
        (701, 8) => BinaryPrimitives.ReadDoubleBigEndian(value).ToString("R", CultureInfo.InvariantCulture),
        (19 or 25 or 114 or 1042 or 1043, _) => Readable(value),
        (3802, > 0) when value[0] == 1 => Readable(value[1..]),
        (1082, 4) => Date(BinaryPrimitives.ReadInt32BigEndian(value)),
        (1114, 8) => Time(BinaryPrimitives.ReadInt64BigEndian(value), ""),
        (1184, 8) => Time(BinaryPrimitives.ReadInt64BigEndian(value), "+00"),
        (2950, 16) => new Guid(value, bigEndian: true).ToString(),
        _ => "\\x" + Convert.ToHexStringLower(value),
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Days since 2000-01-01.</summary>
    private static string Date(int days) => days switch
    {
        int.MaxValue => "infinity",
        int.MinValue => "-infinity",
        > -730_000 and < 2_900_000 => Epoch.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"2000-01-01 + {days} days"),
    };

    /// <summary>Microseconds since 2000-01-01.</summary>
    private static string Time(long microseconds, string zone) => microseconds switch
    {
        long.MaxValue => "infinity",
        long.MinValue => "-infinity",
        > -63_000_000_000_000_000 and < 250_000_000_000_000_000 =>
            Epoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture) + zone,
        _ => string.Create(CultureInfo.InvariantCulture, $"2000-01-01 + {microseconds} microseconds"),
    };
}
