using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Sallyport.Protocols.Wire;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>A real connection whose bytes the engine gets to see in chunks of a script's choosing: what is hidden has arrived, the engine just cannot tell.</summary>
internal sealed class ChunkedDuplex(IDuplex inner, Chunking chunking, int stream) : IDuplex
{
    private readonly ChunkedReader _reader = new(inner.Input, chunking.Sizes(stream));
    private volatile Stall? _stall;
    private volatile bool _losesSends;

    public PipeReader Input => _reader;

    public IPEndPoint Remote => inner.Remote;

    public SslStream? Tls => inner.Tls;

    /// <summary>From now on no send ends before the connection is cut: a peer that reads nothing.</summary>
    public Stall StopReading() => _stall = new Stall();

    /// <summary>From now on every send fails, though nothing says so to who reads: a peer that is gone, found out by sending first.</summary>
    public void LoseSends() => _losesSends = true;

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default) =>
        _losesSends ? ValueTask.FromException(new SendFailedException("send failed: ConnectionReset"))
        : _stall is { } stall ? new ValueTask(stall.SendAsync()) : inner.SendAsync(bytes, cancel);

    public async ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) =>
        new ChunkedDuplex(await inner.StartTlsAsServerAsync(options, cancel), chunking, stream);

    public async ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) =>
        new ChunkedDuplex(await inner.StartTlsAsClientAsync(options, cancel), chunking, stream);

    public void CloseOutput() => inner.CloseOutput();

    public void Abort()
    {
        _stall?.Cut();
        inner.Abort();
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Sends that do not end.</summary>
    internal sealed class Stall
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes once a send is held.</summary>
        public Task Reached => _reached.Task;

        public Task SendAsync()
        {
            _reached.TrySetResult();
            return _cut.Task;
        }

        public void Cut() => _cut.TrySetException(new IOException("cut"));
    }
}

/// <summary>Shows a growing prefix of what another reader holds; every result is one segment, as the engine's own readers promise.</summary>
internal sealed class ChunkedReader(PipeReader inner, Func<int> nextSize) : PipeReader
{
    private ReadOnlySequence<byte> _shown;
    private long _visible;
    private bool _wantsMore = true;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ReadResult read = await inner.ReadAsync(cancellationToken);
            if (read.IsCanceled)
            {
                _shown = read.Buffer.Slice(0, _visible);
                return new ReadResult(_shown, isCanceled: true, isCompleted: false);
            }

            long length = read.Buffer.Length;
            if (_wantsMore && length > _visible)
                _visible = Math.Min(length, _visible + nextSize());
            else if (_wantsMore && !read.IsCompleted)
            {
                inner.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            _wantsMore = false;
            _shown = read.Buffer.Slice(0, _visible);
            return new ReadResult(_shown, isCanceled: false, read.IsCompleted && _visible == length);
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _wantsMore = _shown.Slice(_shown.Start, examined).Length == _visible;
        _visible -= _shown.Slice(_shown.Start, consumed).Length;
        inner.AdvanceTo(consumed, consumed);
    }

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}
