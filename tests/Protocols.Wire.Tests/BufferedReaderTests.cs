using System.Buffers;
using System.IO.Pipelines;
using CsCheck;

namespace Sallyport.Protocols.Wire.Tests;

public sealed class BufferedReaderTests
{
    /// <summary>A peer whose bytes come in the pieces a test says, and which tells how much room it was offered.</summary>
    private sealed class ScriptedReader(byte[] bytes, int[] pieces) : BufferedReader
    {
        private int _at;
        private int _piece;
        private int _received;

        public List<int> Offered { get; } = [];

        protected override bool BeginReceive(Memory<byte> buffer, CancellationToken cancel)
        {
            Assert.NotEqual(0, buffer.Length);
            Offered.Add(buffer.Length);
            int piece = pieces.Length == 0 ? int.MaxValue : pieces[_piece++ % pieces.Length];
            int count = Math.Min(Math.Min(piece, buffer.Length), bytes.Length - _at);
            bytes.AsMemory(_at, count).CopyTo(buffer);
            _at += count;
            _received = count;
            return true;
        }

        protected override void OnReceived(Action ended) => throw new InvalidOperationException("Every receive ends at once.");

        protected override int EndReceive() => _received;
    }

    private static byte[] Numbered(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)(i * 31 + (i >> 8));
        return bytes;
    }

    [Fact]
    public void Whatever_the_pieces_and_whatever_is_consumed_the_bytes_come_in_order_in_one_segment() =>
        Gen.Select(Gen.Int[0, 200_000], Gen.Int[1, 90_000].Array[1, 6], Gen.Int[0, 40_000].Array[1, 8]).Sample((length, pieces, consumes) =>
        {
            byte[] bytes = Numbered(length);
            var reader = new ScriptedReader(bytes, pieces);
            int at = 0, turn = 0;
            while (true)
            {
                ReadResult read = Read(reader);
                if (!read.Buffer.IsSingleSegment && !read.Buffer.IsEmpty)
                    return false;
                ReadOnlySpan<byte> got = read.Buffer.FirstSpan;
                if (!bytes.AsSpan(at, got.Length).SequenceEqual(got))
                    return false;
                if (read.IsCompleted && at + got.Length != length)
                    return false;
                int consumed = Math.Min(consumes[turn++ % consumes.Length], got.Length);
                at += consumed;
                bool all = turn % 2 == 0 || consumed == 0;
                reader.AdvanceTo(read.Buffer.GetPosition(consumed), all ? read.Buffer.End : read.Buffer.GetPosition(consumed));
                if (read.IsCompleted)
                    break;
            }

            reader.Complete();
            return true;
        }, iter: 200);

    [Fact]
    public void A_first_read_offers_a_small_buffer_and_a_full_receive_earns_a_large_one()
    {
        var reader = new ScriptedReader(Numbered(200_000), []);
        ConsumeAll(reader);
        ConsumeAll(reader);
        Assert.Equal([BufferedReader.SmallBuffer, BufferedReader.LargeBuffer], reader.Offered);
    }

    [Fact]
    public void A_silent_peer_is_waited_for_with_a_small_buffer_again()
    {
        var reader = new ScriptedReader(Numbered(200_000), [4096, 100]);
        ConsumeAll(reader);
        ConsumeAll(reader);
        ConsumeAll(reader);
        Assert.Equal([BufferedReader.SmallBuffer, BufferedReader.LargeBuffer, BufferedReader.SmallBuffer], reader.Offered);
    }

    [Fact]
    public void It_grows_while_everything_is_examined_and_nothing_consumed_and_shrinks_afterwards()
    {
        var reader = new ScriptedReader(Numbered(1_000_000), []);
        int most = 0;
        for (int length = 0; length < 500_000;)
        {
            ReadResult read = Read(reader);
            Assert.True(read.Buffer.Length > length);
            length = (int)read.Buffer.Length;
            most = Math.Max(most, length);
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        ReadResult last = Read(reader);
        Assert.True(bytesAreRight(last.Buffer));
        reader.AdvanceTo(last.Buffer.End);
        int before = reader.Offered.Count;
        ConsumeAll(reader);
        Assert.InRange(reader.Offered[before], 1, BufferedReader.LargeBuffer);

        static bool bytesAreRight(ReadOnlySequence<byte> buffer) => buffer.FirstSpan.SequenceEqual(Numbered(1_000_000).AsSpan(0, (int)buffer.Length));
    }

    [Fact]
    public void It_does_not_grow_while_frames_are_consumed()
    {
        // A frame cut in two at every turn: what is left is moved to the front, however long this goes on.
        var reader = new ScriptedReader(Numbered(5_000_000), []);
        int most = 0;
        while (true)
        {
            ReadResult read = Read(reader);
            most = Math.Max(most, (int)read.Buffer.Length);
            long left = read.IsCompleted ? 0 : Math.Min(read.Buffer.Length, 700);
            reader.AdvanceTo(read.Buffer.GetPosition(read.Buffer.Length - left), read.Buffer.End);
            if (read.IsCompleted)
                break;
        }

        Assert.InRange(most, 1, BufferedReader.LargeBuffer);
    }

    [Fact]
    public void What_was_not_examined_is_given_again_without_receiving()
    {
        var reader = new ScriptedReader(Numbered(100), []);
        Assert.False(reader.TryRead(out _));
        ReadResult read = Read(reader);
        reader.AdvanceTo(read.Buffer.GetPosition(10), read.Buffer.GetPosition(20));
        Assert.True(reader.TryRead(out read));
        Assert.Equal(90, read.Buffer.Length);
        Assert.Equal(Numbered(100)[10..], read.Buffer.ToArray());
        Assert.Single(reader.Offered);
        reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void After_the_end_it_completes_at_once_with_what_was_left()
    {
        var reader = new ScriptedReader(Numbered(10), []);
        ReadResult read = Read(reader);
        reader.AdvanceTo(read.Buffer.GetPosition(4), read.Buffer.End);
        read = Read(reader);
        Assert.True(read.IsCompleted);
        Assert.Equal(Numbered(10)[4..], read.Buffer.ToArray());
        reader.AdvanceTo(read.Buffer.End);
        Assert.True(reader.TryRead(out read));
        Assert.True(read.IsCompleted && read.Buffer.IsEmpty);
    }

    private static ReadResult Read(BufferedReader reader)
    {
        ValueTask<ReadResult> read = reader.ReadAsync();
        Assert.True(read.IsCompletedSuccessfully);
        return read.Result;
    }

    private static void ConsumeAll(BufferedReader reader)
    {
        ReadResult read = Read(reader);
        reader.AdvanceTo(read.Buffer.End);
    }
}
