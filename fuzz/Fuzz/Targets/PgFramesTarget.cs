using System.Buffers.Binary;
using Sallyport.Protocols.Postgres;
using Sallyport.Protocols.Wire;

namespace Sallyport.Fuzz.Targets;

/// <summary>Message headers, one after the other, as a session walks over them; held against a slow reading of the same bytes in 64 bits.</summary>
internal sealed class PgFramesTarget : ITarget
{
    private const int MaxLength = 0x3fffffff;

    public string Name => "PgFrames";

    public long MaxAllocation(int inputLength) => 0;

    public void Run(ReadOnlySpan<byte> input)
    {
        Untyped(input);
        for (ReadOnlySpan<byte> rest = input; ;)
        {
            ParseStatus status = PgFrame.TryParse(rest, MaxLength, out PgFrame frame);
            OracleException.Require(status == Expected(rest, PgFrame.HeaderLength, 1, 4), "wrong status of a typed frame");
            if (status != ParseStatus.Done)
                return;
            OracleException.Require(frame.Type == rest[0] && frame.BodyLength == Length(rest[1..]) - 4, "wrong frame");
            OracleException.Require(frame.TotalLength > 0, "a total length that wrapped");
            if (frame.TotalLength > rest.Length)
                return;
            rest = rest[frame.TotalLength..];
        }
    }

    private static void Untyped(ReadOnlySpan<byte> input)
    {
        ParseStatus status = PgFrame.TryParseUntyped(input, MaxLength, out int body);
        OracleException.Require(status == Expected(input, 4, 0, 8), "wrong status of an untyped frame");
        if (status == ParseStatus.Done)
            OracleException.Require(body == Length(input) - 4, "wrong untyped frame");
    }

    private static ParseStatus Expected(ReadOnlySpan<byte> buffer, int header, int at, long shortest)
    {
        if (buffer.Length < header)
            return ParseStatus.NeedMore;
        return Length(buffer[at..]) is var length && (length < shortest || length > MaxLength) ? ParseStatus.Malformed : ParseStatus.Done;
    }

    private static long Length(ReadOnlySpan<byte> buffer) => BinaryPrimitives.ReadUInt32BigEndian(buffer);
}
