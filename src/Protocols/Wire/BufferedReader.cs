using System.Buffers;
using System.IO.Pipelines;

namespace Sallyport.Protocols.Wire;

/// <summary>
/// A <see cref="PipeReader"/> with one contiguous buffer and no pipe behind it: a read receives straight into the buffer that the engine
/// parses and sends from. Every result is a single segment.
/// </summary>
/// <remarks>
/// One reader, one read at a time. While it waits for a silent peer it holds <see cref="SmallBuffer"/> bytes; a full receive earns the next one
/// <see cref="LargeBuffer"/>. It grows only when its owner examines everything and consumes nothing, so the owner's message limits bound it.
/// </remarks>
internal abstract class BufferedReader : PipeReader
{
    internal const int SmallBuffer = 4096;
    internal const int LargeBuffer = 65536;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _examinedAll = true;
    private bool _lastReceiveFilled;
    private bool _ended;

    /// <summary>
    /// Receives into <paramref name="buffer"/> and completes with what <see cref="Received"/> makes of the count; 0 bytes: the peer has ended its
    /// direction. The result is made here and not by whoever awaits a count, which saves a state machine per message.
    /// </summary>
    protected abstract ValueTask<ReadResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel);

    public sealed override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out ReadResult result))
            return new ValueTask<ReadResult>(result);

        MakeRoom();
        return ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
    }

    public sealed override bool TryRead(out ReadResult result)
    {
        if (_examinedAll && !_ended)
        {
            result = default;
            return false;
        }

        result = Result();
        return true;
    }

    public sealed override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public sealed override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _start = consumed.GetInteger();
        _examinedAll = examined.GetInteger() >= _end;
        if (_start == _end)
            _start = _end = 0;
    }

    public sealed override void CancelPendingRead() =>
        throw new NotSupportedException("A pending read ends when its duplex is aborted.");

    /// <summary>Gives the buffer back. What was read and not consumed is gone.</summary>
    public sealed override void Complete(Exception? exception = null)
    {
        _ended = true;
        _start = _end = 0;
        Replace([]);
    }

    /// <summary>Takes up <paramref name="count"/> received bytes.</summary>
    protected ReadResult Received(int count)
    {
        if (count == 0)
            _ended = true;
        _end += count;
        _lastReceiveFilled = _end == _buffer.Length;
        _examinedAll = false;
        return Result();
    }

    private ReadResult Result() => new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCanceled: false, isCompleted: _ended);

    /// <summary>Leaves at least one free byte behind <see cref="_end"/>: compacts when half is free, else doubles.</summary>
    private void MakeRoom()
    {
        int used = _end - _start;
        if (used == 0)
        {
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
