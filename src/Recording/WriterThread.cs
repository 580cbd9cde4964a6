namespace Sallyport.Recording;

/// <summary>A sealed run of records on its way to the file; without a buffer: the file is to be closed as it is.</summary>
internal readonly record struct SealedChunk(SessionRecorder Session, byte[]? Buffer, ChunkInfo Info, bool IsLast);

/// <summary>
/// One thread that compresses and writes for the sessions bound to it, so that the chunks of a session keep their order.
/// Lock order: a session's lock, then this one's. This thread holds none of its own when it calls into a session.
/// The queue is bounded because every session stops at its own bound or at this thread's.
/// </summary>
internal sealed class WriterThread : IDisposable
{
    private readonly object _lock = new();
    private readonly Queue<SealedChunk> _queue = new(1024);
    private readonly RecordingOptions _options;
    private readonly ChunkPool _pool;
    private readonly ChunkEncoder _encoder;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _lookMillis;
    private List<SessionRecorder> _waiters = [];
    private List<SessionRecorder> _waking = [];
    private SessionRecorder? _watched;
    private long _nextLook;
    private long _backlog;
    private bool _stopping;

    public WriterThread(int number, RecordingOptions options, ChunkPool pool)
    {
        _options = options;
        _pool = pool;
        _encoder = new ChunkEncoder(options.CompressionLevel);
        _lookMillis = Math.Max(1, (int)(options.ChunkAge.TotalMilliseconds / 4));
        new Thread(Run) { Name = $"recording-{number}", IsBackground = true }.Start();
    }

    /// <summary>True when its sessions must wait.</summary>
    public bool IsBehind => Backlog > _options.ThreadBacklogBytes;

    /// <summary>Bytes, before compression, that wait to be written.</summary>
    public long Backlog => Volatile.Read(ref _backlog);

    /// <summary>Ends when the thread has written all that was handed over before <see cref="Stop"/>.</summary>
    public Task Ended => _ended.Task;

    public void Enqueue(in SealedChunk chunk)
    {
        lock (_lock)
        {
            _queue.Enqueue(chunk);
            _backlog += chunk.Info.RawLength;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Looks at this session from time to time until <see cref="SessionRecorder.SealIfOld"/> says that it need not.</summary>
    public void Watch(SessionRecorder session)
    {
        lock (_lock)
        {
            session.NextWatched = _watched;
            if (_watched is null)
            {
                _nextLook = Environment.TickCount64 + _lookMillis;
                Monitor.Pulse(_lock);
            }

            _watched = session;
        }
    }

    /// <summary>When the thread is far behind: true, and <see cref="SessionRecorder.TryWake"/> is called once it has caught up.</summary>
    public bool WaitIfBehind(SessionRecorder session)
    {
        lock (_lock)
        {
            if (_backlog <= _options.ThreadBacklogBytes / 2)
                return false;
            _waiters.Add(session);
            return true;
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.Pulse(_lock);
        }
    }

    public void Dispose() => _encoder.Dispose();

    private void Run()
    {
        while (Next(out SealedChunk chunk, out SessionRecorder? watched))
        {
            if (watched is not null)
                Look(watched);
            else
                Write(chunk);
        }

        _ended.SetResult();
    }

    private bool Next(out SealedChunk chunk, out SessionRecorder? watched)
    {
        lock (_lock)
        {
            while (true)
            {
                chunk = default;
                watched = null;
                long wait = _watched is null ? Timeout.Infinite : _nextLook - Environment.TickCount64;
                if (_watched is not null && wait <= 0)
                {
                    (watched, _watched) = (_watched, null);
                    return true;
                }

                if (_queue.TryDequeue(out chunk))
                    return true;
                if (_stopping)
                    return false;
                Monitor.Wait(_lock, (int)wait);
            }
        }
    }

    private void Look(SessionRecorder? session)
    {
        while (session is not null)
        {
            SessionRecorder? next = session.NextWatched;
            session.NextWatched = null;
            if (session.SealIfOld())
                Watch(session);
            session = next;
        }
    }

    private void Write(in SealedChunk chunk)
    {
        chunk.Session.Write(chunk, _encoder);
        if (chunk.Buffer is not null)
            _pool.Return(chunk.Buffer);

        lock (_lock)
        {
            _backlog -= chunk.Info.RawLength;
            if (_waiters.Count > 0 && _backlog <= _options.ThreadBacklogBytes / 2)
                (_waiters, _waking) = (_waking, _waiters);
        }

        chunk.Session.TryWake();
        foreach (SessionRecorder session in _waking)
            session.TryWake();
        _waking.Clear();
    }
}
