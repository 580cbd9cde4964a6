using Sallyport.Contract;

namespace Sallyport.Recording.Tests;

/// <summary>Whatever is done to a file of six chunks, verification says so, and proves exactly what comes before it.</summary>
public sealed class DamageTests
{
    private static readonly byte[] File = MakeAsync().GetAwaiter().GetResult();
    private static readonly (int Start, int End)[] Chunks = Find(File);

    [Fact]
    public void The_file_is_intact_before_it_is_damaged()
    {
        VerifyReport report = Verify(File);
        Assert.Equal(VerifyOutcome.Intact, report.Outcome);
        Assert.Equal(6, report.ProvenChunks);
        Assert.Equal(File.Length, report.ProvenBytes);
        Assert.Empty(report.Damages);
    }

    [Fact]
    public void Every_single_flipped_bit_is_found()
    {
        byte[] copy = (byte[])File.Clone();
        for (int bit = 0; bit < File.Length * 8; bit++)
        {
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            VerifyReport report = Verify(copy);
            Assert.True(report.Outcome == VerifyOutcome.Damaged, $"bit {bit} of byte {bit / 8} flipped: {report.Outcome}");
            Assert.Equal(ProvenBefore(bit / 8), report.ProvenBytes);
            copy[bit / 8] = File[bit / 8];
        }
    }

    [Fact]
    public void Cut_anywhere_the_whole_chunks_before_the_cut_are_proven()
    {
        for (int length = FileHeader.Length; length < File.Length; length++)
        {
            VerifyReport report = Verify(File[..length]);
            Assert.Equal(VerifyOutcome.Incomplete, report.Outcome);
            Assert.Equal(ProvenBefore(length), report.ProvenBytes);
            Assert.Equal(length, report.FileBytes);
        }
    }

    [Fact]
    public void A_file_shorter_than_its_header_is_no_recording()
    {
        for (int length = 0; length < FileHeader.Length; length++)
            Assert.Equal(DamageKind.NotARecording, Assert.Single(Verify(File[..length]).Damages).Kind);
    }

    [Fact]
    public void A_removed_chunk_is_found()
    {
        for (int i = 0; i < Chunks.Length - 1; i++)
            AssertBroken(i, [.. File[..Chunks[i].Start], .. File[Chunks[i].End..]]);
    }

    [Fact]
    public void A_removed_trailer_leaves_the_recording_incomplete() =>
        Assert.Equal(VerifyOutcome.Incomplete, Verify(File[..Chunks[^1].Start]).Outcome);

    [Fact]
    public void A_repeated_chunk_is_found()
    {
        for (int i = 0; i < Chunks.Length; i++)
            AssertBroken(i + 1, [.. File[..Chunks[i].End], .. File[Chunks[i].Start..]]);
    }

    [Fact]
    public void Chunks_that_changed_places_are_found()
    {
        for (int i = 0; i < Chunks.Length - 1; i++)
        {
            ((int a, int b), (int _, int c)) = (Chunks[i], Chunks[i + 1]);
            AssertBroken(i, [.. File[..a], .. File[b..c], .. File[a..b], .. File[c..]]);
        }
    }

    [Fact]
    public async Task A_chunk_of_another_recording_is_found()
    {
        byte[] other = await MakeAsync(TimeSpan.FromSeconds(1));
        (int Start, int End)[] places = Find(other);
        for (int i = 0; i < Chunks.Length; i++)
            AssertBroken(i, [.. File[..Chunks[i].Start], .. other[places[i].Start..places[i].End], .. File[Chunks[i].End..]]);
    }

    [Fact]
    public void Bytes_put_in_anywhere_are_found()
    {
        for (int at = 0; at <= File.Length; at++)
        {
            VerifyReport report = Verify([.. File[..at], 0x53, .. File[at..]]);
            Assert.Equal(VerifyOutcome.Damaged, report.Outcome);
        }
    }

    [Fact]
    public void What_is_whole_after_damage_is_still_read_and_not_proven()
    {
        byte[] copy = (byte[])File.Clone();
        copy[Chunks[1].Start + 3] ^= 1;
        using var reader = new RecordingReader(new MemoryStream(copy));
        int proven = 0, unproven = 0;
        while (reader.Next(out Record record) is var status && status != ReadStatus.End)
        {
            if (status == ReadStatus.Record)
                _ = record.IsProven ? proven++ : unproven++;
        }

        Assert.Equal(1, proven);
        Assert.True(unproven > 3);
        VerifyReport report = reader.Report();
        Assert.Equal(new Damage(DamageKind.ChunkHeader, Chunks[1].Start, Chunks[1].End - Chunks[1].Start), report.Damages[0]);
        Assert.Equal(new Damage(DamageKind.ChainBroken, Chunks[2].Start, 0), report.Damages[1]);
    }

    [Fact]
    public void Random_bytes_and_random_damage_never_throw()
    {
        var random = new Random(7);
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = round % 3 == 0 ? new byte[random.Next(400)] : (byte[])File.Clone();
            if (round % 3 == 0)
                random.NextBytes(bytes);
            for (int i = 0; i < 1 + random.Next(8) && bytes.Length > 0; i++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Assert.NotNull(Verify(bytes[..random.Next(bytes.Length + 1)]));
        }
    }

    private static VerifyReport Verify(byte[] bytes) => RecordingVerifier.Verify(new MemoryStream(bytes));

    private static void AssertBroken(int provenChunks, byte[] bytes)
    {
        VerifyReport report = Verify(bytes);
        Assert.Equal(VerifyOutcome.Damaged, report.Outcome);
        Assert.Equal(provenChunks, report.ProvenChunks);
    }

    private static long ProvenBefore(int offset)
    {
        if (offset < FileHeader.Length)
            return 0;
        long proven = FileHeader.Length;
        foreach ((int _, int end) in Chunks)
            proven = end <= offset ? end : proven;
        return proven;
    }

    private static (int Start, int End)[] Find(byte[] file)
    {
        var chunks = new List<(int, int)>();
        for (int at = FileHeader.Length; at < file.Length;)
        {
            Assert.Equal(DamageKind.None, ChunkHeader.TryParse(file.AsSpan(at), out ChunkHeader header));
            chunks.Add((at, at + header.ChunkLength));
            at += header.ChunkLength;
        }

        return [.. chunks];
    }

    private static async Task<byte[]> MakeAsync(TimeSpan later = default)
    {
        var time = new ManualTime();
        time.Advance(later);
        await using var bench = new Bench(Sample.Options() with { ChunkBytes = 4096 }, time);
        SessionRecorder session = bench.Open();
        for (int i = 0; i < 3; i++)
        {
            session.Event("note", "text");
            session.Data(i % 2 == 0 ? Direction.FromClient : Direction.ToClient, new byte[4000]);
        }

        Sample.Deny(session, "drop"u8);
        await session.CompleteAsync(Sample.End());
        return bench.Sink.Bytes;
    }
}
