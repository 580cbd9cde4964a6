using System.Text;
using Sallyport.Proxy.Logging;
using Xunit;

namespace Sallyport.Proxy.Tests.Logging;

public sealed class LogTests
{
    [Fact]
    public async Task When_nobody_reads_informing_lines_are_dropped_and_counted_and_kept_lines_wait()
    {
        using var stream = new StuckStream();
        using var log = new Log(stream, LogFormat.Text, journal: true, TimeProvider.System, queueLength: 4);
        log.Info("first");
        await stream.Stuck;
        for (int i = 0; i < 10; i++)
            log.Info("filler");
        Assert.Equal(6, log.Dropped);
        ValueTask kept = log.KeepAsync(LogLevel.Info, "session-end");
        Assert.False(kept.IsCompleted);

        stream.Release();
        await kept;
        log.Dispose();
        string text = Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains("session-end\n", text, StringComparison.Ordinal);
        Assert.Contains("log-lines-dropped count=6", text, StringComparison.Ordinal);
        Assert.Equal(4, text.Split("filler").Length - 1);
    }

    [Fact]
    public void A_broken_stderr_ends_nothing()
    {
        using var stream = new StuckStream { Broken = true };
        stream.Release();
        using var log = new Log(stream, LogFormat.Text, journal: true, TimeProvider.System);
        log.Info("one");
        log.Info("two");
        log.Dispose();
        Assert.Equal(2, log.FailedWrites);
    }

    /// <summary>Blocks its writer until it is released.</summary>
    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim _released = new();
        private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stuck => _stuck.Task;

        public bool Broken { get; init; }

        public void Release() => _released.Set();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _stuck.TrySetResult();
            _released.Wait();
            if (Broken)
                throw new IOException("broken pipe");
            base.Write(buffer);
        }

        protected override void Dispose(bool disposing)
        {
            _released.Set();
            base.Dispose(disposing);
        }
    }
}
