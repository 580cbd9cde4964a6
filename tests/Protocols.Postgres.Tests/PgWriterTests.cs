using System.Text;
using CsCheck;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgWriterTests
{
    [Fact]
    public void A_message_gets_its_length_at_its_end()
    {
        using var writer = new PgWriter();
        writer.Begin((byte)'P').CString("a").Int16(-2).Int32(258).Byte(9).Bytes([1, 2]).End();
        writer.Empty((byte)'S');
        writer.BeginUntyped().Int32(StartupCode.SslRequest).End();
        Assert.Equal(
            [(byte)'P', 0, 0, 0, 15, (byte)'a', 0, 0xFF, 0xFE, 0, 0, 1, 2, 9, 1, 2, (byte)'S', 0, 0, 0, 4, 0, 0, 0, 8, 4, 210, 22, 47],
            writer.Written.ToArray());
    }

    [Fact]
    public void A_zero_inside_a_string_is_dropped_so_that_it_cannot_end_it()
    {
        using var writer = new PgWriter();
        writer.CString("a\0b").CString("\0"u8).CString(new string('é', 200) + "\0x");
        Assert.Equal("ab\0\0" + new string('é', 200) + "x\0", Encoding.UTF8.GetString(writer.Written.Span));
    }

    [Fact]
    public void Truncate_and_patch_change_what_was_written_and_nothing_else()
    {
        using var writer = new PgWriter();
        writer.Int32(1).Int32(2).Int32(3).Truncate(8);
        writer.PatchInt32(0, 7);
        Assert.Equal([0, 0, 0, 7, 0, 0, 0, 2], writer.Written.ToArray());
        writer.Clear();
        Assert.Equal(0, writer.Length);
    }

    [Fact]
    public void It_can_be_used_again_after_its_buffer_was_given_back()
    {
        using var writer = new PgWriter();
        writer.Bytes(new byte[100_000]);
        writer.Clear();
        writer.Byte(5);
        Assert.Equal([5], writer.Written.ToArray());
        writer.Dispose();
        writer.Byte(6);
        Assert.Equal([6], writer.Written.ToArray());
    }

    [Fact]
    public void Messages_of_any_length_frame_back_to_what_was_written() =>
        Gen.Select(Gen.Byte[1, 255], Gen.Byte.Array[0, 5000]).Array[0, 12].Sample(messages =>
        {
            using var writer = new PgWriter();
            foreach ((byte type, byte[] body) in messages)
                writer.Begin(type).Bytes(body).End();
            ReadOnlySpan<byte> rest = writer.Written.Span;
            foreach ((byte type, byte[] body) in messages)
            {
                if (PgFrame.TryParse(rest, int.MaxValue, out PgFrame frame) != ParseStatus.Done || frame != new PgFrame(type, body.Length))
                    return false;
                if (!rest.Slice(PgFrame.HeaderLength, body.Length).SequenceEqual(body))
                    return false;
                rest = rest[frame.TotalLength..];
            }

            return rest.IsEmpty;
        });
}
