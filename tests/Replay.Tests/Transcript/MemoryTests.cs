using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Replay.Tests.Transcript;

/// <summary>Measures the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    [Fact]
    public void Statements_without_end_are_not_all_kept()
    {
        var limits = new PgTranscriptLimits { RetainedBytes = 1 << 20, RequestsInFlight = 5000 };
        var transcript = new PgTranscript(limits);
        byte[] parse = Script.Message('P', [.. Script.Text("s"), .. Script.Text(new string('x', 10_000)), 0, 0]);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 10_000; i++)
            transcript.Feed(Direction.FromClient, parse, Script.Start);
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(held, 0, 8 << 20);
        Assert.True(transcript.TryTake(out PgTranscriptEntry? entry));
        Assert.IsType<PgMalformedEntry>(entry);
    }
}
