using CsCheck;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Frames;

/// <summary>What we write, we would take.</summary>
public sealed class H2FrameWriterTests
{
    [Fact]
    public void Section_6_10_a_block_of_any_length_is_split_and_reads_as_it_was() =>
        Gen.Select(Gen.Int[0, 400], Gen.Int[1, 100], Gen.Bool).Sample((length, maxFrame, end) =>
        {
            byte[] block = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
            byte[] buffer = new byte[H2FrameWriter.HeadersSize(length, maxFrame)];
            block.CopyTo(buffer.AsSpan(H2FrameHeader.Size));
            Assert.Equal(buffer.Length, H2FrameWriter.FrameHeaders(buffer, length, 5, end, maxFrame));

            var read = new List<byte>();
            for (int at = 0, i = 0; at < buffer.Length; i++)
            {
                Assert.Equal(ParseStatus.Done, H2Frames.TryRead(buffer.AsSpan(at), maxFrame, out H2FrameHeader header, out ReadOnlySpan<byte> payload, out _));
                at += header.TotalLength;
                Assert.Equal((i == 0 ? H2FrameType.HEADERS : H2FrameType.CONTINUATION, 5), (header.Type, header.StreamId));
                Assert.Equal(at == buffer.Length, header.Has(H2Flags.END_HEADERS));
                Assert.Equal(i == 0 && end, header.EndsStream);
                read.AddRange(payload);
            }

            Assert.Equal(block, read);
        });

    [Fact]
    public void Frames_of_the_connection_are_what_the_sections_say()
    {
        byte[] buffer = new byte[64];
        Assert.Equal("000000040100000000", Hex(H2FrameWriter.WriteSettingsAck(buffer)));
        Assert.Equal("000008060100000000" + "0102030405060708", Hex(H2FrameWriter.WritePing(buffer, [1, 2, 3, 4, 5, 6, 7, 8], ack: true)));
        Assert.Equal("000008070000000000" + "0000000b" + "0000000b", Hex(H2FrameWriter.WriteGoAway(buffer, 11, H2ErrorCode.ENHANCE_YOUR_CALM)));
        Assert.Equal("000004030000000007" + "00000008", Hex(H2FrameWriter.WriteReset(buffer, 7, H2ErrorCode.CANCEL)));
        Assert.Equal("000004080000000007" + "7fffffff", Hex(H2FrameWriter.WriteWindowUpdate(buffer, 7, int.MaxValue)));
        Assert.Equal("004000000100000009", Hex(H2FrameWriter.WriteDataHeader(buffer, 9, 16_384, endStream: true)));
        H2Payloads.ReadGoAway([0x80, 0, 0, 5, 0, 0, 0, 1, 77], out int last, out H2ErrorCode code);
        Assert.Equal((5, H2ErrorCode.PROTOCOL_ERROR), (last, code));
        Assert.Equal((H2ErrorCode)99, H2Payloads.ReadResetCode([0, 0, 0, 99]));

        string Hex(int length) => Convert.ToHexStringLower(buffer.AsSpan(0, length));
    }

    [Fact]
    public void Reading_and_writing_frames_allocates_nothing()
    {
        byte[] buffer = new byte[100];
        Assert.Equal(0, Allocation.Least(200, () =>
        {
            int length = H2FrameWriter.FrameHeaders(buffer, 50, 1, true, 20) + H2FrameWriter.WriteWindowUpdate(buffer.AsSpan(80), 1, 5);
            if (length == 0 || H2Frames.TryRead(buffer, 20, out H2FrameHeader header, out ReadOnlySpan<byte> payload, out _) != ParseStatus.Done || H2Payloads.TryReadHeaders(header, payload, out _) is not null)
                throw new InvalidOperationException();
        }));
    }
}
