using System.Buffers.Binary;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// The header of every message but the first (PostgreSQL 55.1.1):
/// <code>
///  Byte1  type
///  Int32  length of the message, itself included, the type excluded
/// </code>
/// </summary>
/// <param name="Type">The message type byte.</param>
/// <param name="BodyLength">Bytes behind the header: length - 4.</param>
public readonly record struct PgFrame(byte Type, int BodyLength)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 5;

    /// <summary>Header and body. Fits an int: no limit is above 2^30.</summary>
    public int TotalLength => HeaderLength + BodyLength;

    /// <summary>
    /// Reads a header without consuming it. A length below 4 or above <paramref name="maxLength"/> is Malformed; it is compared as the
    /// unsigned number it is on the wire, so 2^31 and above are just too long.
    /// </summary>
    public static ParseStatus TryParse(ReadOnlySpan<byte> buffer, int maxLength, out PgFrame frame)
    {
        frame = default;
        if (buffer.Length < HeaderLength)
            return ParseStatus.NeedMore;

        uint length = BinaryPrimitives.ReadUInt32BigEndian(buffer[1..]);
        if (length < 4 || length > (uint)maxLength)
            return ParseStatus.Malformed;

        frame = new PgFrame(buffer[0], (int)length - 4);
        return ParseStatus.Done;
    }

    /// <summary>
    /// Reads the length of a message without a type (StartupMessage, SSLRequest, GSSENCRequest, CancelRequest): Int32 length, itself included,
    /// then a body that begins with an Int32 code.
    /// </summary>
    public static ParseStatus TryParseUntyped(ReadOnlySpan<byte> buffer, int maxLength, out int bodyLength)
    {
        bodyLength = 0;
        if (buffer.Length < 4)
            return ParseStatus.NeedMore;

        uint length = BinaryPrimitives.ReadUInt32BigEndian(buffer);
        if (length < 8 || length > (uint)maxLength)
            return ParseStatus.Malformed;

        bodyLength = (int)length - 4;
        return ParseStatus.Done;
    }
}
