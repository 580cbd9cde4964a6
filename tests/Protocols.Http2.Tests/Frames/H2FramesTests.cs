using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Frames;

/// <summary>Frames by their headers (RFC 9113 4, 6), named by section.</summary>
public sealed class H2FramesTests
{
    private const int MaxFrame = H2Settings.LeastFrame;

    [Fact]
    public void Section_4_1_a_header_reads_as_it_was_written_and_the_reserved_bit_is_ignored()
    {
        byte[] bytes = new byte[H2FrameHeader.Size];
        var header = new H2FrameHeader(0x123456, H2FrameType.CONTINUATION, 0xa5, int.MaxValue);
        header.Write(bytes);
        Assert.Equal("123456" + "09" + "a5" + "7fffffff", Convert.ToHexStringLower(bytes));
        bytes[5] |= 0x80;
        Assert.True(H2FrameHeader.TryRead(bytes, out H2FrameHeader read));
        Assert.Equal(header, read);
    }

    [Fact]
    public void Section_4_1_a_frame_is_found_when_it_is_whole()
    {
        byte[] bytes = [0, 0, 5, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 9, 9];
        for (int length = 0; length < 14; length++)
            Assert.Equal(ParseStatus.NeedMore, H2Frames.TryRead(bytes.AsSpan(0, length), MaxFrame, out _, out _, out _));
        Assert.Equal(ParseStatus.Done, H2Frames.TryRead(bytes, MaxFrame, out H2FrameHeader header, out ReadOnlySpan<byte> payload, out H2Fault? fault));
        Assert.Null(fault);
        Assert.Equal(new H2FrameHeader(5, H2FrameType.DATA, H2Flags.END_STREAM, 3), header);
        Assert.True(header.EndsStream);
        Assert.Equal([1, 2, 3, 4, 5], payload.ToArray());
    }

    [Theory]
    [InlineData(0x0a)]
    [InlineData(0x10)]
    [InlineData(0xff)]
    public void Section_4_1_unknown_types_and_flags_are_no_fault(byte type)
    {
        Assert.Null(H2Frames.Check(new H2FrameHeader(8, (H2FrameType)type, 0xff, 0), MaxFrame));
        Assert.Null(H2Frames.Check(new H2FrameHeader(8, H2FrameType.PING, 0xfe, 0), MaxFrame));
        Assert.Null(H2Frames.Check(new H2FrameHeader(6, H2FrameType.SETTINGS, 0xfe, 0), MaxFrame));
    }

    [Theory]
    [InlineData("4.2", (byte)H2FrameType.DATA, MaxFrame + 1, 0, 1, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("4.2", (byte)H2FrameType.HEADERS, MaxFrame + 1, 0, 1, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("4.2", 0x77, MaxFrame + 1, 0, 1, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.1", (byte)H2FrameType.DATA, 0, 0, 0, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.2", (byte)H2FrameType.HEADERS, 1, 0, 0, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.3", (byte)H2FrameType.PRIORITY, 5, 0, 0, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.4", (byte)H2FrameType.RST_STREAM, 4, 0, 0, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.4", (byte)H2FrameType.RST_STREAM, 3, 0, 1, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.5", (byte)H2FrameType.SETTINGS, 0, 0, 1, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.5", (byte)H2FrameType.SETTINGS, 6, H2Flags.ACK, 0, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.5", (byte)H2FrameType.SETTINGS, 7, 0, 0, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.6", (byte)H2FrameType.PUSH_PROMISE, 20, 0, 1, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.7", (byte)H2FrameType.PING, 8, 0, 1, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.7", (byte)H2FrameType.PING, 6, 0, 0, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.8", (byte)H2FrameType.GOAWAY, 8, 0, 1, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.8", (byte)H2FrameType.GOAWAY, 7, 0, 0, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.9", (byte)H2FrameType.WINDOW_UPDATE, 3, 0, 0, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.9", (byte)H2FrameType.WINDOW_UPDATE, 5, 0, 1, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.10", (byte)H2FrameType.CONTINUATION, 1, 0, 0, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    public void What_ends_the_connection_before_its_payload_has_come(string section, byte type, int length, byte flags, int stream, uint code)
    {
        byte[] bytes = new byte[H2FrameHeader.Size];
        new H2FrameHeader(length, (H2FrameType)type, flags, stream).Write(bytes);
        Assert.Equal(ParseStatus.Malformed, H2Frames.TryRead(bytes, MaxFrame, out _, out _, out H2Fault? fault));
        Assert.True((H2FaultScope.Connection, (H2ErrorCode)code) == (fault!.Scope, fault.Code), section);
    }

    [Fact]
    public void Section_6_3_a_PRIORITY_of_another_length_is_an_error_of_its_stream()
    {
        H2Fault fault = H2Frames.Check(new H2FrameHeader(4, H2FrameType.PRIORITY, 0, 1), MaxFrame)!;
        Assert.Equal((H2FaultScope.Stream, H2ErrorCode.FRAME_SIZE_ERROR), (fault.Scope, fault.Code));
    }

    [Theory]
    [InlineData("6.1 none", (byte)H2FrameType.DATA, 0, "010203", "010203", null)]
    [InlineData("6.1 empty", (byte)H2FrameType.DATA, 0, "", "", null)]
    [InlineData("6.1 two bytes", (byte)H2FrameType.DATA, H2Flags.PADDED, "0201020000", "0102", null)]
    [InlineData("6.1 of length 0", (byte)H2FrameType.DATA, H2Flags.PADDED, "00", "", null)]
    [InlineData("6.1 all padding", (byte)H2FrameType.DATA, H2Flags.PADDED, "020000", "", null)]
    [InlineData("6.1 padding as long as the payload", (byte)H2FrameType.DATA, H2Flags.PADDED, "030000", null, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.1 padded and empty", (byte)H2FrameType.DATA, H2Flags.PADDED, "", null, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.2 padding beyond the payload", (byte)H2FrameType.HEADERS, H2Flags.PADDED, "ff8286", null, (uint)H2ErrorCode.PROTOCOL_ERROR)]
    [InlineData("6.2 plain", (byte)H2FrameType.HEADERS, 0, "8286", "8286", null)]
    [InlineData("6.2 priority", (byte)H2FrameType.HEADERS, H2Flags.PRIORITY, "8000000bff8286", "8286", null)]
    [InlineData("6.2 priority and padding", (byte)H2FrameType.HEADERS, H2Flags.PRIORITY | H2Flags.PADDED, "018000000bff828600", "8286", null)]
    [InlineData("6.2 no room for the priority", (byte)H2FrameType.HEADERS, H2Flags.PRIORITY, "8000000b", null, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    [InlineData("6.2 padding takes the priority", (byte)H2FrameType.HEADERS, H2Flags.PRIORITY | H2Flags.PADDED, "030000000b000000", null, (uint)H2ErrorCode.FRAME_SIZE_ERROR)]
    public void Padding_and_priorities_are_taken_away(string why, byte type, byte flags, string payload, string? content, uint? code)
    {
        byte[] bytes = Convert.FromHexString(payload);
        var header = new H2FrameHeader(bytes.Length, (H2FrameType)type, flags, 1);
        H2Fault? fault = header.Type == H2FrameType.DATA ? H2Payloads.TryReadData(header, bytes, out ReadOnlySpan<byte> found) : H2Payloads.TryReadHeaders(header, bytes, out found);
        Assert.True((uint?)fault?.Code == code, why);
        if (content is not null)
            Assert.Equal(content, Convert.ToHexStringLower(found));
        else
            Assert.Equal(H2FaultScope.Connection, fault!.Scope);
    }

    [Fact]
    public void Section_5_3_1_a_stream_that_depends_on_itself_is_reset_and_its_block_still_decoded()
    {
        H2Fault fault = H2Payloads.TryReadHeaders(new H2FrameHeader(7, H2FrameType.HEADERS, H2Flags.PRIORITY, 11), Convert.FromHexString("8000000bff8286"), out ReadOnlySpan<byte> fragment)!;
        Assert.Equal((H2FaultScope.Stream, H2ErrorCode.PROTOCOL_ERROR), (fault.Scope, fault.Code));
        Assert.Equal(2, fragment.Length);
        Assert.NotNull(H2Payloads.TryReadPriority(new H2FrameHeader(5, H2FrameType.PRIORITY, 0, 11), Convert.FromHexString("0000000b10")));
        Assert.Null(H2Payloads.TryReadPriority(new H2FrameHeader(5, H2FrameType.PRIORITY, 0, 13), Convert.FromHexString("0000000b10")));
    }

    [Fact]
    public void Section_6_9_credit_of_nothing_is_an_error_of_whom_it_was_given()
    {
        byte[] zero = Convert.FromHexString("80000000"), most = Convert.FromHexString("ffffffff");
        Assert.Equal((H2FaultScope.Stream, H2ErrorCode.PROTOCOL_ERROR), Of(H2Payloads.TryReadWindowUpdate(new H2FrameHeader(4, H2FrameType.WINDOW_UPDATE, 0, 1), zero, out _)));
        Assert.Equal((H2FaultScope.Connection, H2ErrorCode.PROTOCOL_ERROR), Of(H2Payloads.TryReadWindowUpdate(new H2FrameHeader(4, H2FrameType.WINDOW_UPDATE, 0, 0), zero, out _)));
        Assert.Null(H2Payloads.TryReadWindowUpdate(new H2FrameHeader(4, H2FrameType.WINDOW_UPDATE, 0, 0), most, out int increment));
        Assert.Equal(int.MaxValue, increment);

        static (H2FaultScope, H2ErrorCode) Of(H2Fault? fault) => (fault!.Scope, fault.Code);
    }
}
