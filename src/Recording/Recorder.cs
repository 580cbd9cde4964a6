using System.Collections.Concurrent;
using System.Globalization;
using Sallyport.Contract;

namespace Sallyport.Recording;

/// <summary>Records sessions, one file each, in one directory. Disposing it writes what is left and closes files that have no trailer yet.</summary>
public sealed class Recorder : IRecorder, IAsyncDisposable
{
    /// <summary>How the names of recordings end.</summary>
    public const string Extension = ".sprec";

    private readonly RecordingOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<SessionFacts, IRecordingSink> _create;
    private readonly ChunkPool _pool;
    private readonly WriterThread[] _writers;
    private readonly ConcurrentDictionary<SessionRecorder, bool> _open = new();
    private uint _next;
    private volatile bool _disposed;

    /// <summary>Starts the writer threads; the directory is made with the first recording.</summary>
    /// <exception cref="ArgumentException">A setting cannot work.</exception>
    public Recorder(RecordingOptions options, TimeProvider? time = null)
        : this(options, time ?? TimeProvider.System, facts => FileSink.Create(options.Directory, FileName(facts), options.MinFreeBytes))
    {
    }

    internal Recorder(RecordingOptions options, TimeProvider time, Func<SessionFacts, IRecordingSink> create)
    {
        options.Validate();
        _options = options;
        _time = time;
        _create = create;
        _pool = new ChunkPool(options.ChunkBytes, keepBytes: 8 << 20);
        _writers = new WriterThread[options.WriterThreads];
        for (int i = 0; i < _writers.Length; i++)
            _writers[i] = new WriterThread(i, options, _pool);
    }

    /// <summary>Bytes, before compression, that wait to be written.</summary>
    public long BacklogBytes => _writers.Sum(writer => writer.Backlog);

    /// <summary>The name of a session's file: names sort by the time of their start.</summary>
    public static string FileName(SessionFacts facts)
    {
        string start = facts.StartedAt.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        return $"{start}-{facts.SessionId:D}{Extension}";
    }

    /// <summary>Starts a recording: its file, header and facts are written when this returns. Blocks for that one small write.</summary>
    /// <exception cref="IOException">It cannot be recorded, so it must not start.</exception>
    public ISessionRecorder Open(SessionFacts facts)
    {
        ThrowIfDisposed();
        byte[] payload = StartRecord.Write(facts);
        byte[] start = new byte[RecordHeader.MaxLength + payload.Length];
        int header = RecordHeader.Write(start, RecordType.SessionStart, RecordFlags.None, 0, payload.Length);
        payload.CopyTo(start.AsSpan(header));

        var clock = new SessionClock(_time);
        IRecordingSink sink = _create(facts);
        try
        {
            ChunkFile file = ChunkFile.Start(
                sink, _options.Fsync, new FileHeader(facts.SessionId, clock.StartedAt), start.AsSpan(0, header + payload.Length));
            WriterThread writer = _writers[Interlocked.Increment(ref _next) % (uint)_writers.Length];
            var session = new SessionRecorder(_options, _pool, writer, file, clock, closed => _open.TryRemove(closed, out _));
            _open[session] = true;
            ThrowIfDisposed();
            return session;
        }
        catch (Exception cause)
        {
            Discard(sink, cause);
            throw;
        }
    }

    /// <summary>Writes what sessions have recorded so far, ends every recording that is still open, and stops the writer threads.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (SessionRecorder session in _open.Keys)
            session.Abandon();
        foreach (WriterThread writer in _writers)
            writer.Stop();
        foreach (WriterThread writer in _writers)
        {
            await writer.Ended.ConfigureAwait(false);
            writer.Dispose();
        }
    }

    private static void Discard(IRecordingSink sink, Exception cause)
    {
        try
        {
            sink.Discard();
        }
        catch (IOException e)
        {
            throw new IOException($"{cause.Message} What was written of it is still there: {e.Message}", cause);
        }
    }

    private void ThrowIfDisposed()
    {
        if (_disposed)
            throw new IOException("Recording has stopped.");
    }
}
