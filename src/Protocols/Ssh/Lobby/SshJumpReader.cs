using System.Buffers;
using System.IO.Pipelines;

namespace Sallyport.Protocols.Ssh.Lobby;

/// <summary>
/// What a client sends on a channel, for a connection inside it to read: one contiguous buffer, as engines need it. The window of the channel bounds what
/// can be in it; what has been consumed opens the window again.
/// </summary>
internal sealed class SshJumpReader(SshLobbyChannel channel) : PipeReader
{
    private readonly Lock _lock = new();
    private byte[] _arrived = [];
    private int _arrivedLength;
    private byte[] _current = [];
    private int _start;
    private int _end;
    private bool _examinedAll = true;
    private bool _ended;
    private bool _aborted;
    private bool _cancelled;
    private int _consumed;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The client has sent something.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            if (_ended)
                return;
            if (_arrived.Length < _arrivedLength + data.Length)
                Array.Resize(ref _arrived, Math.Max(4096, (_arrivedLength + data.Length) * 2));
            data.CopyTo(_arrived.AsSpan(_arrivedLength));
            _arrivedLength += data.Length;
            _news.TrySetResult();
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="aborted">True: reads fail; false: they end once everything has been read.</param>
    public void End(bool aborted)
    {
        lock (_lock)
        {
            _ended = true;
            _aborted |= aborted;
            _news.TrySetResult();
        }
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        int consumed = Interlocked.Exchange(ref _consumed, 0);
        if (consumed > 0 && !_aborted)
            await channel.ConsumedAsync(consumed, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (TryRead(out ReadResult result))
                return result;
            Task news;
            lock (_lock)
                news = _news.Task;
            await news.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (_lock)
        {
            if (_aborted)
                throw new IOException("the channel has been closed");
            bool cancelled = _cancelled;
            _cancelled = false;
            if (_arrivedLength > 0)
                TakeUp();
            else if (!cancelled && _examinedAll && !_ended)
            {
                if (_news.Task.IsCompleted)
                    _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                result = default;
                return false;
            }

            result = new ReadResult(new ReadOnlySequence<byte>(_current, _start, _end - _start), cancelled, _ended);
            return true;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Interlocked.Add(ref _consumed, consumed.GetInteger() - _start);
        _start = consumed.GetInteger();
        _examinedAll = examined.GetInteger() >= _end;
    }

    public override void CancelPendingRead()
    {
        lock (_lock)
        {
            _cancelled = true;
            _news.TrySetResult();
        }
    }

    public override void Complete(Exception? exception = null) => End(aborted: true);

    /// <summary>Puts what has arrived behind what is not consumed yet.</summary>
    private void TakeUp()
    {
        int left = _end - _start;
        byte[] joined = new byte[left + _arrivedLength];
        _current.AsSpan(_start, left).CopyTo(joined);
        _arrived.AsSpan(0, _arrivedLength).CopyTo(joined.AsSpan(left));
        _current = joined;
        (_start, _end, _arrivedLength, _examinedAll) = (0, joined.Length, 0, false);
    }
}
