using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>Values as text. Binary forms are those of PostgreSQL's send functions (src/backend/utils/adt); OIDs are those of pg_type.dat.</summary>
internal static class PgTranscriptText
{
    // PostgreSQL counts dates and timestamps from here.
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The value as text; null for NULL; in hex when its binary form is not understood.</summary>
    public static string? Of(in PgTranscriptValue value, uint type, bool binary)
    {
        if (value.Head is not { } bytes)
            return null;
        if (!binary)
            return Encoding.UTF8.GetString(bytes);
        return (value.Truncated ? Cut(type, bytes) : Binary(type, bytes)) ?? Hex(bytes);
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => "\\x" + Convert.ToHexStringLower(bytes);

    // A head still tells something where the binary form is the text itself.
    private static string? Cut(uint type, ReadOnlySpan<byte> bytes) => type is 19 or 25 or 114 or 1042 or 1043 ? Encoding.UTF8.GetString(bytes) : null;

    private static string? Binary(uint type, ReadOnlySpan<byte> bytes) => (type, bytes.Length) switch
    {
        (16, 1) => bytes[0] == 0 ? "f" : "t",
        (20, 8) => Text(BinaryPrimitives.ReadInt64BigEndian(bytes)),
        (21, 2) => Text(BinaryPrimitives.ReadInt16BigEndian(bytes)),
        (23, 4) => Text(BinaryPrimitives.ReadInt32BigEndian(bytes)),
        (26, 4) => Text(BinaryPrimitives.ReadUInt32BigEndian(bytes)),
        (700, 4) => BinaryPrimitives.ReadSingleBigEndian(bytes).ToString("R", CultureInfo.InvariantCulture),
        (701, 8) => BinaryPrimitives.ReadDoubleBigEndian(bytes).ToString("R", CultureInfo.InvariantCulture),
        (1082, 4) => Date(BinaryPrimitives.ReadInt32BigEndian(bytes)),
        (1114, 8) => Timestamp(BinaryPrimitives.ReadInt64BigEndian(bytes), ""),
        (1184, 8) => Timestamp(BinaryPrimitives.ReadInt64BigEndian(bytes), "+00"),
        (2950, 16) => new Guid(bytes, bigEndian: true).ToString("D"),
        (1700, >= 8) => Numeric(bytes),
        (3802, >= 1) when bytes[0] == 1 => Encoding.UTF8.GetString(bytes[1..]),
        (19 or 25 or 114 or 1042 or 1043, _) => Encoding.UTF8.GetString(bytes),
        _ => null,
    };

    private static string Text<T>(T number) where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);

    private static string? Date(int days) => days switch
    {
        int.MinValue => "-infinity",
        int.MaxValue => "infinity",
        >= -730_119 and <= 2_921_939 => Epoch.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string? Timestamp(long micros, string zone)
    {
        if (micros is long.MinValue or long.MaxValue)
            return micros < 0 ? "-infinity" : "infinity";
        long earliest = (DateTime.MinValue.Ticks - Epoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        long latest = (DateTime.MaxValue.Ticks - Epoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        if (micros < earliest || micros > latest)
            return null;
        DateTime moment = Epoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);
        return moment.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture) + zone;
    }

    // numeric_send: Int16 ndigits | Int16 weight | Int16 sign | Int16 dscale | ndigits × Int16 digit of base 10000.
    // The value is the sum of digit[i] × 10000^(weight - i).
    private static string? Numeric(ReadOnlySpan<byte> bytes)
    {
        const int MaxGroups = 1000;
        int count = BinaryPrimitives.ReadInt16BigEndian(bytes);
        int weight = BinaryPrimitives.ReadInt16BigEndian(bytes[2..]);
        int sign = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        int scale = BinaryPrimitives.ReadInt16BigEndian(bytes[6..]);
        if (sign >= 0xc000)
            return sign switch { 0xc000 => "NaN", 0xd000 => "Infinity", 0xf000 => "-Infinity", _ => null };
        bool sane = count is >= 0 and <= MaxGroups && bytes.Length == 8 + (2 * count)
            && weight is >= -MaxGroups and <= MaxGroups && scale is >= 0 and <= MaxGroups && sign is 0 or 0x4000;
        if (!sane)
            return null;

        var text = new StringBuilder(sign == 0x4000 ? "-" : "");
        for (int power = Math.Max(weight, 0); power >= 0; power--)
            text.Append(CultureInfo.InvariantCulture, $"{Digit(bytes, weight - power):0000}");
        int leading = sign == 0x4000 ? 1 : 0;
        while (text.Length > leading + 1 && text[leading] == '0')
            text.Remove(leading, 1);
        if (scale == 0)
            return text.ToString();

        text.Append('.');
        int end = text.Length + scale;
        for (int power = -1; text.Length < end; power--)
            text.Append(CultureInfo.InvariantCulture, $"{Digit(bytes, weight - power):0000}");
        text.Length = end;
        return text.ToString();

        static int Digit(ReadOnlySpan<byte> bytes, int index) =>
            index >= 0 && 8 + (2 * index) < bytes.Length ? BinaryPrimitives.ReadUInt16BigEndian(bytes[(8 + (2 * index))..]) % 10_000 : 0;
    }
}
