using Sallyport.Contract;

namespace Sallyport.Recording;

/// <summary>
/// The recording of one live session. Appends copy into the open chunk under a short lock; a full or old chunk goes to the writer thread.
/// What the client sees of a failure is decided here: once <see cref="_failure"/> is set, every append says "wait" and every wait throws.
/// </summary>
internal sealed class SessionRecorder : ISessionRecorder
{
    // A piece of data smaller than this is not worth a record of its own at the end of a chunk.
    private const int SmallestPiece = 256;

    private readonly Lock _lock = new();
    private readonly RecordingOptions _options;
    private readonly ChunkPool _pool;
    private readonly WriterThread _writer;
    private readonly ChunkFile _file;
    private readonly SessionClock _clock;
    private readonly Action<SessionRecorder> _closed;

    // The open chunk; no buffer while there is nothing to write.
    private byte[]? _buffer;
    private int _count;
    private int _records;
    private long _first;
    private long _last;

    private (long FromClient, long ToClient) _offsets;
    private long _pending;
    private bool _watched;
    private bool _ended;
    // The writer thread's own: the file takes no more.
    private bool _fileFailed;
    private IOException? _failure;
    private TaskCompletionSource? _ready;
    private TaskCompletionSource? _completed;

    public SessionRecorder(
        RecordingOptions options, ChunkPool pool, WriterThread writer, ChunkFile file, SessionClock clock, Action<SessionRecorder> closed)
    {
        _options = options;
        _pool = pool;
        _writer = writer;
        _file = file;
        _clock = clock;
        _closed = closed;
    }

    /// <summary>The next session that the writer thread looks at; belongs to <see cref="WriterThread.Watch"/>.</summary>
    public SessionRecorder? NextWatched { get; set; }

    /// <summary>Bytes of the buffer that the session holds now.</summary>
    internal int BufferBytes
    {
        get
        {
            lock (_lock)
                return _buffer?.Length ?? 0;
        }
    }

    /// <summary>Sealed bytes that are not yet in the file.</summary>
    internal long PendingBytes
    {
        get
        {
            lock (_lock)
                return _pending;
        }
    }

    private bool IsBehind => _pending > _options.SessionBacklogBytes || _writer.IsBehind;

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            while (bytes.Length > 0)
            {
                int room = _options.ChunkBytes - _count - RecordHeader.MaxLength;
                if (_count > 0 && room < Math.Min(bytes.Length, SmallestPiece))
                {
                    Seal();
                    room = _options.ChunkBytes - RecordHeader.MaxLength;
                }

                int piece = Math.Min(bytes.Length, room);
                if (!TryReserve(piece, out Span<byte> payload))
                    return false;
                bytes[..piece].CopyTo(payload);
                bool fromClient = direction == Direction.FromClient;
                Commit(fromClient ? RecordType.DataFromClient : RecordType.DataToClient, RecordFlags.None, piece);
                _offsets = fromClient ? (_offsets.FromClient + piece, _offsets.ToClient) : (_offsets.FromClient, _offsets.ToClient + piece);
                bytes = bytes[piece..];
            }

            return _failure is null && !_ended && !IsBehind;
        }
    }

    public bool Decision(in ActionView action, in Verdict verdict)
    {
        lock (_lock)
        {
            if (!TryReserve(DecisionRecord.MaxBytes(action, verdict, _options.DecisionTextBytes), out Span<byte> payload))
                return false;
            int length = DecisionRecord.Write(payload, action, verdict, _options.DecisionTextBytes, _offsets, out RecordFlags flags);
            Commit(RecordType.Decision, flags, length);
            return !IsBehind;
        }
    }

    public bool Event(string name, string detail)
    {
        lock (_lock)
        {
            if (!TryReserve(EventRecord.MaxBytes(name, detail), out Span<byte> payload))
                return false;
            int length = EventRecord.Write(payload, name, detail, out RecordFlags flags);
            Commit(RecordType.Event, flags, length);
            return !IsBehind;
        }
    }

    public ValueTask ReadyAsync(CancellationToken cancel)
    {
        Task ready;
        lock (_lock)
        {
            if (Refusal() is { } refusal)
                return ValueTask.FromException(refusal);
            if (!IsBehind)
                return ValueTask.CompletedTask;
            _ready ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ready = _ready.Task;
        }

        // The writers may have caught up in between, with nobody left to say so.
        TryWake();
        return WaitAsync(ready, cancel);
    }

    public async ValueTask CompleteAsync(SessionEnd end)
    {
        Task completed;
        lock (_lock)
        {
            if (_completed is null)
            {
                if (!TryReserve(EndRecord.MaxBytes, out Span<byte> payload))
                    throw Refusal()!;
                Commit(RecordType.SessionEnd, RecordFlags.None, EndRecord.Write(payload, end, _offsets));
                _completed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Seal(isLast: true);
                _ended = true;
            }

            completed = _completed.Task;
        }

        await completed.ConfigureAwait(false);
    }

    /// <summary>Closes the file after what was recorded, without a trailer.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            if (_ended || _failure is not null)
                return;
            Seal();
            _ended = true;
            _writer.Enqueue(new SealedChunk(this, null, default, IsLast: true));
        }
    }

    /// <summary>Seals the open chunk when it is old. True: look again later. Called by the writer thread.</summary>
    public bool SealIfOld()
    {
        lock (_lock)
        {
            if (_buffer is not null && _clock.Micros - _first >= _options.ChunkAge.TotalMicroseconds)
                Seal();
            return _watched = _buffer is not null;
        }
    }

    /// <summary>Writes a sealed chunk. Called by the writer thread, in the order of sealing.</summary>
    public void Write(in SealedChunk chunk, ChunkEncoder encoder)
    {
        if (!_fileFailed)
            TryWrite(chunk, encoder);
        lock (_lock)
            _pending -= chunk.Info.RawLength;
        if (chunk.IsLast || _fileFailed)
            Close();
    }

    /// <summary>Lets those waiting go on when there is nothing to wait for any more.</summary>
    public void TryWake()
    {
        lock (_lock)
        {
            if (_ready is null || (_failure is null && _pending > _options.SessionBacklogBytes / 2))
                return;
            if (_failure is null && _writer.WaitIfBehind(this))
                return;
            _ready.TrySetResult();
            _ready = null;
        }
    }

    private async ValueTask WaitAsync(Task ready, CancellationToken cancel)
    {
        await ready.WaitAsync(cancel).ConfigureAwait(false);
        lock (_lock)
        {
            if (Refusal() is { } refusal)
                throw refusal;
        }
    }

    // Runs on the writer thread; a second call finds nothing left to do.
    private void Close()
    {
        _file.Dispose();
        _closed(this);
        TaskCompletionSource? completed;
        IOException? failure;
        lock (_lock)
            (completed, failure) = (_completed, _failure);
        if (failure is null)
            completed?.TrySetResult();
        else
            completed?.TrySetException(new RecordingException(failure.Message, failure));
    }

    private void TryWrite(in SealedChunk chunk, ChunkEncoder encoder)
    {
        try
        {
            if (chunk.Buffer is not null)
            {
                Span<byte> framed = encoder.Encode(chunk.Buffer.AsSpan(0, chunk.Info.RawLength), out ChunkFlags flags);
                _file.Append(chunk.Info, flags, framed);
            }

            if (chunk.IsLast)
                _file.Finish();
        }
        catch (Exception e)
        {
            // Whatever it was, a bug included, ends this recording and so its session; the other sessions of this thread go on.
            _fileFailed = true;
            lock (_lock)
            {
                _failure ??= e as IOException ?? new IOException($"The recording failed: {e.Message}", e);
                Drop();
            }
        }
    }

    // What was taken is still written: it happened.
    private void FailOverrun()
    {
        _failure = new IOException("More was recorded than can be written, without waiting.");
        Seal();
        _writer.Enqueue(new SealedChunk(this, null, default, IsLast: true));
    }

    private void Drop()
    {
        if (_buffer is not null)
            _pool.Return(_buffer);
        _buffer = null;
        _count = _records = 0;
    }

    private RecordingException? Refusal() => _failure is not null
        ? new RecordingException($"The session cannot be recorded: {_failure.Message}", _failure)
        : _ended ? new RecordingException("The recording has ended.") : null;

    // Room for one record of up to this payload in the open chunk, which is sealed first when it has none. False: nothing can be recorded.
    private bool TryReserve(int payloadBytes, out Span<byte> payload)
    {
        payload = default;
        if (_failure is not null || _ended)
            return false;
        if (_pending > _options.SessionLimitBytes)
        {
            FailOverrun();
            return false;
        }

        int size = RecordHeader.MaxLength + payloadBytes;
        if (_count > 0 && _count + size > _options.ChunkBytes)
            Seal();
        if (_buffer is null || _buffer.Length < _count + size)
            Grow(_count + size);
        payload = _buffer.AsSpan(_count + RecordHeader.MaxLength, payloadBytes);
        return true;
    }

    private void Grow(int size)
    {
        byte[] larger = _pool.Rent(size);
        if (_buffer is not null)
        {
            _buffer.AsSpan(0, _count).CopyTo(larger);
            _pool.Return(_buffer);
        }

        _buffer = larger;
        if (_watched)
            return;
        _watched = true;
        _writer.Watch(this);
    }

    // Puts the header in front of a payload written into the room that TryReserve gave, and closes the gap between them.
    private void Commit(RecordType type, RecordFlags flags, int length)
    {
        long now = _clock.Micros;
        if (_count == 0)
            _first = _last = now;
        now = Math.Max(now, _last);

        int at = _count;
        int header = RecordHeader.Write(_buffer.AsSpan(at), type, flags, now - _last, length);
        _buffer.AsSpan(at + RecordHeader.MaxLength, length).CopyTo(_buffer.AsSpan(at + header));
        _count = at + header + length;
        _records++;
        _last = now;
    }

    private void Seal(bool isLast = false)
    {
        if (_buffer is null)
            return;
        _writer.Enqueue(new SealedChunk(this, _buffer, new ChunkInfo(_count, _records, _first, _last), isLast));
        _pending += _count;
        _buffer = null;
        _count = _records = 0;
    }
}
