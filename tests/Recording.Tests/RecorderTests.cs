using Sallyport.Contract;

namespace Sallyport.Recording.Tests;

public sealed class RecorderTests
{
    [Fact]
    public async Task A_full_disk_ends_the_session_and_keeps_what_was_written()
    {
        await using var bench = new Bench(Sample.Options() with { ChunkBytes = 4096 });
        SessionRecorder session = bench.Open();
        session.Data(Direction.FromClient, Noise(4000));
        session.Event("second", "chunk");
        session.Data(Direction.FromClient, Noise(4000));
        Sample.Eventually(() => bench.Verify().ProvenChunks >= 2);
        bench.Sink.Capacity = bench.Sink.Bytes.Length + 100;

        while (session.Data(Direction.FromClient, Noise(4000)))
        {
        }

        await Assert.ThrowsAsync<RecordingException>(async () => await session.ReadyAsync(default));
        Assert.False(session.Event("more", ""));
        Assert.False(Sample.Deny(session, "drop"u8));
        await Assert.ThrowsAsync<RecordingException>(async () => await session.CompleteAsync(Sample.End()));
        Sample.Eventually(() => bench.Sink.IsDisposed);
        VerifyReport report = bench.Verify();
        Assert.Equal(VerifyOutcome.Incomplete, report.Outcome);
        Assert.Empty(report.Damages);
        Assert.True(report.ProvenChunks >= 2);
    }

    [Fact]
    public async Task A_disk_that_is_full_at_the_start_refuses_the_session()
    {
        await using var bench = new Bench();
        bench.Sink.Capacity = 100;
        Assert.Throws<IOException>(bench.Open);
        Assert.True(bench.Sink.IsDiscarded);
    }

    [Fact]
    public async Task A_trailer_that_does_not_fit_fails_completion()
    {
        await using var bench = new Bench();
        SessionRecorder session = bench.Open();
        bench.Sink.Capacity = bench.Sink.Bytes.Length;
        await Assert.ThrowsAsync<RecordingException>(async () => await session.CompleteAsync(Sample.End()));
    }

    [Fact]
    public async Task A_slow_disk_makes_the_session_wait_and_memory_stays_bounded()
    {
        RecordingOptions options = Sample.Options() with { ChunkBytes = 4096, SessionBacklogBytes = 32 << 10, ThreadBacklogBytes = 64 << 10 };
        await using var bench = new Bench(options);
        SessionRecorder session = bench.Open();
        bench.Sink.Stall();
        int appended = 0;
        while (session.Data(Direction.ToClient, Noise(1000)))
            appended += 1000;

        Assert.InRange(appended, 30_000, 50_000);
        Assert.InRange(session.PendingBytes, 1, (32 << 10) + 4096);
        Task ready = session.ReadyAsync(default).AsTask();
        Assert.False(ready.IsCompleted);
        bench.Sink.Resume();
        await ready;
        Assert.True(session.Event("on", "again"));
        await session.CompleteAsync(Sample.End());
        Assert.Equal(appended + 1000, Played.Read(bench.Sink.Bytes).ToClient.Length);
    }

    [Fact]
    public async Task A_session_waits_for_the_backlog_of_the_others_too()
    {
        RecordingOptions options = Sample.Options() with { ChunkBytes = 4096, SessionBacklogBytes = 32 << 10, ThreadBacklogBytes = 32 << 10 };
        var sinks = new List<MemorySink>();
        await using var recorder = new Recorder(options, TimeProvider.System, _ => New());
        ISessionRecorder busy = recorder.Open(Sample.Facts());
        ISessionRecorder calm = recorder.Open(Sample.Facts());
        sinks[0].Stall();
        while (busy.Data(Direction.ToClient, Noise(1000)))
        {
        }

        Assert.False(calm.Event("hello", ""));
        Task ready = calm.ReadyAsync(default).AsTask();
        Assert.False(ready.IsCompleted);
        sinks[0].Resume();
        await ready;

        MemorySink New()
        {
            sinks.Add(new MemorySink());
            return sinks[^1];
        }
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_cancelled()
    {
        await using var bench = new Bench(Sample.Options() with { ChunkBytes = 4096, SessionBacklogBytes = 8192 });
        SessionRecorder session = bench.Open();
        bench.Sink.Stall();
        while (session.Data(Direction.ToClient, Noise(1000)))
        {
        }

        using var cancel = new CancellationTokenSource();
        Task ready = session.ReadyAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ready);
        bench.Sink.Resume();
    }

    [Fact]
    public async Task A_caller_that_never_waits_loses_the_recording_not_the_memory()
    {
        RecordingOptions options = Sample.Options() with { ChunkBytes = 4096, SessionBacklogBytes = 8192, SessionLimitBytes = 64 << 10 };
        await using var bench = new Bench(options);
        SessionRecorder session = bench.Open();
        bench.Sink.Stall();
        for (int i = 0; i < 1000; i++)
            session.Data(Direction.ToClient, Noise(1000));
        Assert.InRange(session.PendingBytes, 1, 80 << 10);
        bench.Sink.Resume();
        await Assert.ThrowsAsync<RecordingException>(async () => await session.ReadyAsync(default));
        Sample.Eventually(() => bench.Sink.IsDisposed);
        Assert.True(bench.Verify().ProvenChunks > 10);
    }

    [Fact]
    public async Task An_open_chunk_is_written_after_a_while_and_an_idle_session_holds_no_buffer()
    {
        await using var bench = new Bench(Sample.Options() with { ChunkAge = TimeSpan.FromMilliseconds(20) });
        SessionRecorder session = bench.Open();
        for (int round = 1; round <= 3; round++)
        {
            session.Event("tick", "");
            int chunks = round + 1;
            Sample.Eventually(() => bench.Verify().ProvenChunks == chunks);
            Assert.Equal(0, session.BufferBytes);
        }
    }

    [Fact]
    public async Task A_session_with_little_to_say_holds_a_small_buffer()
    {
        await using var bench = new Bench(time: new ManualTime());
        SessionRecorder session = bench.Open();
        session.Event("tick", "");
        Assert.InRange(session.BufferBytes, 1, 32 << 10);
    }

    [Fact]
    public async Task Two_loops_may_append_at_once()
    {
        await using var bench = new Bench(Sample.Options() with { ChunkBytes = 4096 });
        SessionRecorder session = bench.Open();
        await Task.WhenAll(Task.Run(() => Append(Direction.FromClient)), Task.Run(() => Append(Direction.ToClient)));
        await session.CompleteAsync(Sample.End());

        Played played = Played.Read(bench.Sink.Bytes);
        Assert.Equal(VerifyOutcome.Intact, played.Report.Outcome);
        AssertCounts(played.FromClient.ToArray());
        AssertCounts(played.ToClient.ToArray());

        async Task Append(Direction direction)
        {
            for (int i = 0; i < 20_000; i++)
            {
                if (!session.Data(direction, BitConverter.GetBytes(i)))
                    await session.ReadyAsync(default);
            }
        }
    }

    [Fact]
    public async Task Appends_allocate_nothing()
    {
        await using var bench = new Bench();
        SessionRecorder session = bench.Open();
        AllocatedByAppends(session);

        // The pool now comes to hold as many buffers as the measured run can have on their way at once.
        bench.Sink.Stall();
        AllocatedByAppends(session);
        bench.Sink.Resume();
        Sample.Eventually(() => session.PendingBytes == 0);
        Assert.Equal(0, Enumerable.Range(0, 3).Min(_ => AllocatedByAppends(session)));
        Assert.True(session.ReadyAsync(default).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Disposing_the_recorder_keeps_what_was_recorded()
    {
        var bench = new Bench();
        SessionRecorder session = bench.Open();
        session.Event("last", "words");
        await bench.DisposeAsync();

        Played played = Played.Read(bench.Sink.Bytes);
        Assert.Equal(VerifyOutcome.Incomplete, played.Report.Outcome);
        Assert.Equal("last", Assert.Single(played.Events).Name);
        Assert.False(session.Event("too", "late"));
        await Assert.ThrowsAsync<RecordingException>(async () => await session.ReadyAsync(default));
        await Assert.ThrowsAsync<RecordingException>(async () => await session.CompleteAsync(Sample.End()));
        Assert.Throws<IOException>(bench.Open);
    }

    [Theory]
    [InlineData(FsyncPolicy.None, 0)]
    [InlineData(FsyncPolicy.Close, 1)]
    [InlineData(FsyncPolicy.Chunk, 3)]
    public async Task Fsync_happens_when_the_policy_says(FsyncPolicy policy, int times)
    {
        await using var bench = new Bench(Sample.Options() with { Fsync = policy });
        await bench.Open().CompleteAsync(Sample.End());
        Assert.Equal(times, bench.Sink.Flushes);
    }

    private static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        Random.Shared.NextBytes(noise);
        return noise;
    }

    private static void AssertCounts(byte[] bytes)
    {
        Assert.Equal(80_000, bytes.Length);
        for (int i = 0; i < 20_000; i++)
            Assert.Equal(i, BitConverter.ToInt32(bytes, i * 4));
    }

    private static long AllocatedByAppends(SessionRecorder session)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 3000; i++)
        {
            session.Data(Direction.FromClient, "select balance from accounts where id = 42"u8);
            session.Data(Direction.ToClient, "0123456789"u8);
            Sample.Deny(session, "update cards set n = 1"u8);
            session.Event("note", "detail");
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
