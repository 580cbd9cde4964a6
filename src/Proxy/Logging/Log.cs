using System.Threading.Channels;

namespace Sallyport.Proxy.Logging;

/// <summary>
/// The daemon's log: lines go through a bounded queue to one thread that writes them to stderr, so that a journal which stops reading
/// stops no session.
/// <para>
/// When the queue is full, lines that only inform are dropped and counted, and the count is logged as soon as there is room.
/// Lines that an audit needs (<see cref="KeepAsync"/>: the end of a session, a refused login) are never dropped: their session, which has
/// nothing left to forward, waits. That is bounded too, because a waiting session still counts as a connection.
/// </para>
/// </summary>
internal sealed class Log : IDisposable
{
    /// <summary>Lines in the queue. At 300 bytes each, about 1 MB.</summary>
    private const int QueueLength = 4096;

    /// <summary>How long the end of the process waits for a reader of stderr that does not read.</summary>
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    private readonly Channel<byte[]> _lines;
    private readonly Stream _output;
    private readonly LogFormat _format;
    private readonly bool _journal;
    private readonly TimeProvider _time;
    private readonly Thread _writer;
    private long _dropped;
    private long _failedWrites;

    public Log(Stream output, LogFormat format, bool journal, TimeProvider time, int queueLength = QueueLength)
    {
        _output = output;
        _format = format;
        _journal = journal;
        _time = time;
        _lines = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(queueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        _writer = new Thread(WriteLines) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    /// <summary>Lines that were dropped and not yet reported.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Lines that stderr did not take.</summary>
    public long FailedWrites => Volatile.Read(ref _failedWrites);

    /// <summary>A log to this process's stderr.</summary>
    public static Log ToStandardError(LogFormat format) => new(Console.OpenStandardError(), format, Journal.ReadsStandardError(), TimeProvider.System);

    public void Info(string word, params ReadOnlySpan<LogField> fields) => Write(LogLevel.Info, word, fields);

    public void Warning(string word, params ReadOnlySpan<LogField> fields) => Write(LogLevel.Warning, word, fields);

    public void Error(string word, params ReadOnlySpan<LogField> fields) => Write(LogLevel.Error, word, fields);

    /// <summary>Writes a line that must not be lost; waits while the queue is full.</summary>
    public ValueTask KeepAsync(LogLevel level, string word, params ReadOnlySpan<LogField> fields)
    {
        byte[] line = LogLine.Format(_format, _journal, _time.GetUtcNow(), level, word, fields);
        return _lines.Writer.TryWrite(line) ? ValueTask.CompletedTask : WaitAsync(line);
    }

    /// <summary>Writes what is queued, then ends. Waits a few seconds at most.</summary>
    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _writer.Join(FlushTime);
    }

    private async ValueTask WaitAsync(byte[] line)
    {
        while (await _lines.Writer.WaitToWriteAsync().ConfigureAwait(false))
        {
            if (_lines.Writer.TryWrite(line))
                return;
        }

        // The log was closed while the line waited: the process is ending by force.
        Interlocked.Increment(ref _dropped);
    }

    private void Write(LogLevel level, string word, ReadOnlySpan<LogField> fields)
    {
        byte[] line = LogLine.Format(_format, _journal, _time.GetUtcNow(), level, word, fields);
        if (!_lines.Writer.TryWrite(line))
            Interlocked.Increment(ref _dropped);
    }

    private void WriteLines()
    {
        ChannelReader<byte[]> lines = _lines.Reader;
        while (lines.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (lines.TryRead(out byte[]? line))
                WriteOut(line);
            ReportDropped();
        }

        ReportDropped();
    }

    private void ReportDropped()
    {
        long dropped = Interlocked.Exchange(ref _dropped, 0);
        if (dropped > 0)
            WriteOut(LogLine.Format(_format, _journal, _time.GetUtcNow(), LogLevel.Warning, "log-lines-dropped", [new("count", dropped)]));
    }

    private void WriteOut(byte[] line)
    {
        try
        {
            _output.Write(line);
            _output.Flush();
        }
        catch (IOException)
        {
            // There is nowhere to say that stderr is gone; sessions are still recorded, so the daemon goes on.
            Interlocked.Increment(ref _failedWrites);
        }
    }
}
