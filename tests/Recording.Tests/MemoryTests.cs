using Sallyport.Contract;

namespace Sallyport.Recording.Tests;

/// <summary>Measures the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    [Fact]
    public async Task An_idle_session_takes_little_memory()
    {
        const int Sessions = 1000;
        await using var recorder = new Recorder(Sample.Options() with { ChunkAge = TimeSpan.FromMilliseconds(20) }, TimeProvider.System, _ => new NullSink());
        Warm(recorder.Open(Sample.Facts()));
        var sessions = new SessionRecorder[Sessions];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Sessions; i++)
        {
            sessions[i] = (SessionRecorder)recorder.Open(Sample.Facts());
            Warm(sessions[i]);
        }

        Sample.Eventually(() => Array.TrueForAll(sessions, session => session.BufferBytes == 0 && session.PendingBytes == 0));
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Sessions;
        Assert.InRange(each, 0, 8 << 10);

        static void Warm(ISessionRecorder session)
        {
            session.Data(Direction.FromClient, new byte[2000]);
            session.Event("tick", "");
        }
    }
}
