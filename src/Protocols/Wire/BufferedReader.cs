using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Sallyport.Protocols.Wire;

/// <summary>
/// A <see cref="PipeReader"/> with one contiguous buffer and no pipe behind it: a read receives straight into the buffer that the engine
/// parses and sends from. Every result is a single segment.
/// </summary>
/// <remarks>
/// One reader, one read at a time. While it waits for a silent peer it holds <see cref="SmallBuffer"/> bytes; a full receive earns the next one
/// <see cref="LargeBuffer"/>. It grows only when its owner examines everything and consumes nothing, so the owner's message limits bound it.
/// <para>
/// A receive cannot be taken back, so a read that is cancelled leaves its receive under way, and the next read waits for that. Three may meet here:
/// whoever reads, whoever cancels, and the thread on which a receive ends. They agree by <see cref="_stage"/>; the buffer belongs to whoever reads, and
/// the bytes of a receive that ended while nobody read are taken up by the next read.
/// </para>
/// </remarks>
internal abstract class BufferedReader : PipeReader, IValueTaskSource<ReadResult>
{
    internal const int SmallBuffer = 4096;
    internal const int LargeBuffer = 65536;

    /// <summary>No receive is under way.</summary>
    private const int Idle = 0;

    /// <summary>A receive is under way, and a read waits for it.</summary>
    private const int Waiting = 1;

    /// <summary>A receive is under way; the read that began it was cancelled.</summary>
    private const int Left = 2;

    /// <summary>The receive of a cancelled read has ended: the next read takes it up.</summary>
    private const int Ended = 3;

    private readonly Action _onEnded;
    private ManualResetValueTaskSourceCore<ReadResult> _waiter;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _examinedAll = true;
    private bool _lastReceiveFilled;
    private bool _ended;
    private int _stage;
    private int _cancelled;

    protected BufferedReader() => _onEnded = OnEnded;

    /// <summary>Begins to receive into <paramref name="buffer"/>; true: it has ended at once.</summary>
    protected abstract bool BeginReceive(Memory<byte> buffer, CancellationToken cancel);

    /// <summary>Has <paramref name="ended"/> called once the receive under way has ended.</summary>
    protected abstract void OnReceived(Action ended);

    /// <summary>How much came; 0 bytes: the peer has ended its direction. Once per receive.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    protected abstract int EndReceive();

    public sealed override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out ReadResult result))
            return new ValueTask<ReadResult>(result);
        return Volatile.Read(ref _stage) == Idle ? BeginAsync(cancellationToken) : GoOnAsync();
    }

    public sealed override bool TryRead(out ReadResult result)
    {
        bool cancelled = Volatile.Read(ref _cancelled) != 0 && Interlocked.Exchange(ref _cancelled, 0) != 0;
        if (!cancelled && _examinedAll && !_ended)
        {
            result = default;
            return false;
        }

        result = Result(cancelled);
        return true;
    }

    public sealed override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public sealed override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _start = consumed.GetInteger();
        _examinedAll = examined.GetInteger() >= _end;
        // A receive under way writes behind _end.
        if (_start == _end && Volatile.Read(ref _stage) == Idle)
            _start = _end = 0;
    }

    /// <summary>Ends the read that waits, or else the next one, with what there is. Safe from any thread.</summary>
    public sealed override void CancelPendingRead()
    {
        Interlocked.Exchange(ref _cancelled, 1);
        Cancel();
    }

    /// <summary>Gives the buffer back. What was read and not consumed is gone.</summary>
    public sealed override void Complete(Exception? exception = null)
    {
        _ended = true;
        _start = _end = 0;
        // What a receive may still write to is left to the collector.
        if (Volatile.Read(ref _stage) is Waiting or Left)
            _buffer = [];
        Replace([]);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);

    private ValueTask<ReadResult> BeginAsync(CancellationToken cancel)
    {
        MakeRoom();
        if (BeginReceive(_buffer.AsMemory(_end), cancel))
            return TakeUpAsync();

        _waiter.Reset();
        var task = new ValueTask<ReadResult>(this, _waiter.Version);
        Interlocked.Exchange(ref _stage, Waiting);
        OnReceived(_onEnded);
        Recheck();
        return task;
    }

    /// <summary>A read behind one that was cancelled.</summary>
    private ValueTask<ReadResult> GoOnAsync()
    {
        _waiter.Reset();
        var task = new ValueTask<ReadResult>(this, _waiter.Version);
        if (Interlocked.CompareExchange(ref _stage, Waiting, Left) == Ended)
        {
            Interlocked.Exchange(ref _stage, Idle);
            return TakeUpAsync();
        }

        Recheck();
        return task;
    }

    /// <summary>Whoever cancelled while the read began has seen nobody wait.</summary>
    private void Recheck()
    {
        if (Volatile.Read(ref _cancelled) != 0)
            Cancel();
    }

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _stage, Left, Waiting) != Waiting)
            return;
        Interlocked.Exchange(ref _cancelled, 0);
        _waiter.SetResult(Result(cancelled: true));
    }

    private void OnEnded()
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref _stage, Ended, Left) == Left)
                return;
            if (Interlocked.CompareExchange(ref _stage, Idle, Waiting) != Waiting)
                continue;
            ReadResult result;
            try
            {
                result = TakeUp();
            }
            catch (Exception e)
            {
                _waiter.SetException(e);
                return;
            }

            _waiter.SetResult(result);
            return;
        }
    }

    private ValueTask<ReadResult> TakeUpAsync()
    {
        try
        {
            return new ValueTask<ReadResult>(TakeUp());
        }
        catch (Exception e)
        {
            return ValueTask.FromException<ReadResult>(e);
        }
    }

    /// <summary>Takes up what was received.</summary>
    private ReadResult TakeUp()
    {
        int count = EndReceive();
        if (count == 0)
            _ended = true;
        _end += count;
        _lastReceiveFilled = _end == _buffer.Length;
        _examinedAll = false;
        return Result(cancelled: false);
    }

    private ReadResult Result(bool cancelled) => new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), cancelled, _ended);

    /// <summary>Leaves at least one free byte behind <see cref="_end"/>: compacts when half is free, else doubles.</summary>
    private void MakeRoom()
    {
        int used = _end - _start;
        if (used == 0)
        {
            _start = _end = 0;
            int size = _lastReceiveFilled ? LargeBuffer : SmallBuffer;
            if (_buffer.Length < SmallBuffer || _buffer.Length > LargeBuffer || (size == SmallBuffer) != (_buffer.Length == SmallBuffer))
                Replace(ArrayPool<byte>.Shared.Rent(size));
            return;
        }

        if (_end < _buffer.Length && (_start == 0 || _buffer.Length - _end >= SmallBuffer / 2))
            return;

        if (used <= _buffer.Length / 2 && _start > 0)
        {
            _buffer.AsSpan(_start, used).CopyTo(_buffer);
        }
        else
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(LargeBuffer, _buffer.Length * 2));
            _buffer.AsSpan(_start, used).CopyTo(larger);
            Replace(larger);
        }

        _start = 0;
        _end = used;
    }

    private void Replace(byte[] buffer)
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = buffer;
    }
}
