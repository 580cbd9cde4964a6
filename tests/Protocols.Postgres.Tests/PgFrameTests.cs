using System.Buffers.Binary;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgFrameTests
{
    private const int Max = 1000;

    [Theory]
    [InlineData(0u, ParseStatus.Malformed)]
    [InlineData(1u, ParseStatus.Malformed)]
    [InlineData(2u, ParseStatus.Malformed)]
    [InlineData(3u, ParseStatus.Malformed)]
    [InlineData(4u, ParseStatus.Done)]
    [InlineData(5u, ParseStatus.Done)]
    [InlineData(999u, ParseStatus.Done)]
    [InlineData(1000u, ParseStatus.Done)]
    [InlineData(1001u, ParseStatus.Malformed)]
    [InlineData(0x7FFFFFFFu, ParseStatus.Malformed)]
    [InlineData(0x80000000u, ParseStatus.Malformed)]
    [InlineData(0x80000004u, ParseStatus.Malformed)]
    [InlineData(0xFFFFFFFFu, ParseStatus.Malformed)]
    public void A_length_is_legal_from_four_to_the_limit(uint length, ParseStatus expected)
    {
        Assert.Equal(expected, PgFrame.TryParse(Header('Q', length), Max, out PgFrame frame));
        Assert.Equal(expected == ParseStatus.Done ? new PgFrame((byte)'Q', (int)length - 4) : default, frame);
        if (expected == ParseStatus.Done)
            Assert.Equal((int)length + 1, frame.TotalLength);
    }

    [Theory]
    [InlineData(0u, ParseStatus.Malformed)]
    [InlineData(4u, ParseStatus.Malformed)]
    [InlineData(7u, ParseStatus.Malformed)]
    [InlineData(8u, ParseStatus.Done)]
    [InlineData(1000u, ParseStatus.Done)]
    [InlineData(1001u, ParseStatus.Malformed)]
    [InlineData(0x80000008u, ParseStatus.Malformed)]
    [InlineData(0xFFFFFFFFu, ParseStatus.Malformed)]
    public void A_message_without_a_type_holds_at_least_its_code(uint length, ParseStatus expected)
    {
        Assert.Equal(expected, PgFrame.TryParseUntyped(Header('Q', length).AsSpan(1), Max, out int bodyLength));
        Assert.Equal(expected == ParseStatus.Done ? (int)length - 4 : 0, bodyLength);
    }

    [Fact]
    public void A_header_that_has_not_arrived_whole_is_waited_for()
    {
        byte[] header = Header('Q', 0xFFFFFFFF);
        for (int length = 0; length < header.Length; length++)
        {
            Assert.Equal(ParseStatus.NeedMore, PgFrame.TryParse(header.AsSpan(0, length), Max, out _));
            if (length < 4)
                Assert.Equal(ParseStatus.NeedMore, PgFrame.TryParseUntyped(header.AsSpan(1, length), Max, out _));
        }
    }

    [Fact]
    public void The_longest_frame_a_target_may_announce_fits_an_int()
    {
        Assert.Equal(ParseStatus.Done, PgFrame.TryParse(Header('D', int.MaxValue - 5), int.MaxValue - PgFrame.HeaderLength, out PgFrame frame));
        Assert.Equal(int.MaxValue - 4, frame.TotalLength);
    }

    private static byte[] Header(char type, uint length)
    {
        byte[] header = new byte[5];
        header[0] = (byte)type;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(1), length);
        return header;
    }
}
