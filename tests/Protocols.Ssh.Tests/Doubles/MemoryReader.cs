using System.Buffers;
using System.IO.Pipelines;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>One direction in memory, with the promises of the engine's own readers: one contiguous segment, which its reader may write to.</summary>
internal sealed class MemoryReader(Func<int>? chunk, int capacity) : PipeReader
{
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _incoming = new();
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private int _shown;
    private bool _wantsMore = true;
    private bool _ended;
    private bool _cancelled;
    private bool _stopped;
    private Exception? _failure;
    private TaskCompletionSource? _changed;

    public async ValueTask AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_failure is not null)
                    throw new IOException("gone", _failure);
                if (!_stopped && (_incoming.WrittenCount == 0 || _incoming.WrittenCount + bytes.Length <= capacity))
                {
                    _incoming.Write(bytes.Span);
                    Changed();
                    return;
                }

                changed = Change();
            }

            await changed.WaitAsync(cancel);
        }
    }

    public void Stop()
    {
        lock (_gate)
            _stopped = true;
    }

    public void End(Exception? failure)
    {
        lock (_gate)
        {
            _ended = true;
            _failure ??= failure;
            Changed();
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (_gate)
        {
            result = default;
            if (_cancelled)
            {
                _cancelled = false;
                result = Result(isCanceled: true);
                return true;
            }

            if (_failure is not null)
                throw new IOException("gone", _failure);
            TakeIn();
            int available = _end - _start;
            if (_wantsMore && _shown == available && !_ended)
                return false;
            if (_wantsMore)
                _shown = chunk is null ? available : Math.Min(available, _shown + chunk());
            _wantsMore = false;
            result = Result(isCanceled: false);
            return true;
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TryRead(out ReadResult result) ? new ValueTask<ReadResult>(result) : WaitAsync();

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_gate)
        {
            _wantsMore = examined.GetInteger() >= _start + _shown;
            _shown -= consumed.GetInteger() - _start;
            _start = consumed.GetInteger();
        }
    }

    public override void CancelPendingRead()
    {
        lock (_gate)
        {
            _cancelled = true;
            Changed();
        }
    }

    public override void Complete(Exception? exception = null) => End(exception);

    private async ValueTask<ReadResult> WaitAsync()
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (TryRead(out ReadResult result))
                    return result;
                changed = Change();
            }

            await changed;
        }
    }

    private void TakeIn()
    {
        int more = _incoming.WrittenCount;
        if (more == 0)
            return;
        if (_end + more > _buffer.Length)
        {
            byte[] to = _end - _start + more > _buffer.Length ? new byte[2 * (_end - _start + more)] : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(to);
            (_buffer, _start, _end) = (to, 0, _end - _start);
        }

        _incoming.WrittenSpan.CopyTo(_buffer.AsSpan(_end));
        _end += more;
        _incoming.Clear();
        Changed();
    }

    private ReadResult Result(bool isCanceled) =>
        new(new ReadOnlySequence<byte>(_buffer, _start, _shown), isCanceled, _ended && _shown == _end - _start);

    private Task Change() => (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Changed()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
