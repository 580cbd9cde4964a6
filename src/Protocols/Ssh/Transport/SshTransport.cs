using System.Runtime.CompilerServices;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// One side's SSH transport (RFC 4253): version exchange, key exchange, packets, rekeying. One loop reads; any loop writes.
/// </summary>
/// <remarks>
/// Reading: <see cref="ReadAsync"/> waits for a packet, <see cref="TryRead"/> takes those that have come already. Messages 1 to 49, ping@openssh.com and
/// EXT_INFO are dealt with inside; the caller sees 50 to 127 (and SERVICE_REQUEST/ACCEPT), decrypted in place and free to be changed, valid until the next read.
/// Writing: <see cref="TryWrite(ReadOnlySpan{byte})"/> encrypts into the send buffer, and is false while a key exchange bars it or when the buffer is full:
/// then <see cref="WritableAsync"/>. <see cref="FlushAsync"/> sends what was written; several loops may call it at once.
/// Key exchanges of a session's two transports take turns (<see cref="SshTurn"/>), so that neither loop ever waits for an exchange that the other must carry on.
/// </remarks>
internal sealed class SshTransport : IAsyncDisposable
{
    private readonly IDuplex _duplex;
    private readonly SshTransportOptions _options;
    private readonly TimeProvider _time;
    private readonly SshFaults _faults;
    private readonly SshReceiver _receiver;
    private readonly SshSender _sender;
    private readonly SshExchange _exchange;
    private readonly SshInbound _inbound;
    private readonly bool _isServer;

    private SshTransport(IDuplex duplex, SshTransportOptions options, SshTurn turn, TimeProvider time, SshFaults faults, SshExchangeRole role)
    {
        _duplex = duplex;
        _options = options;
        _time = time;
        _faults = faults;
        _isServer = role.IsServer;
        _receiver = new SshReceiver(duplex.Input, faults);
        _sender = new SshSender(duplex, options.SendBuffer, faults);
        _exchange = new SshExchange(role, options, _sender, _receiver, turn, time, faults, duplex.Input.CancelPendingRead);
        _inbound = new SshInbound(_receiver, _sender, _exchange, faults);
    }

    /// <summary>Towards a client.</summary>
    public static SshTransport Server(IDuplex duplex, SshServerKeys keys, SshTransportOptions options, SshTurn turn, TimeProvider time)
    {
        var faults = new SshFaults(SessionSide.Client);
        return new SshTransport(duplex, options, turn, time, faults, new SshServerExchange(keys, faults));
    }

    /// <summary>Towards a target, whose host key <paramref name="hostKeys"/> judges.</summary>
    public static SshTransport Client(IDuplex duplex, IHostKeys hostKeys, SshTransportOptions options, SshTurn turn, TimeProvider time)
    {
        var faults = new SshFaults(SessionSide.Target);
        return new SshTransport(duplex, options, turn, time, faults, new SshClientExchange(hostKeys, faults));
    }

    /// <summary>The exchange hash of the first key exchange (RFC 4253 7.2).</summary>
    public ReadOnlyMemory<byte> SessionId => _exchange.SessionId;

    /// <summary>The peer's identification string without CR LF.</summary>
    public string PeerVersion => SshVersion.Text(_exchange.PeerVersion);

    /// <summary>What was agreed, for the log: <c>kex hostkey cipher/mac cipher/mac compression</c>.</summary>
    public string Negotiated => _exchange.Agreement?.ToString() ?? "";

    /// <summary>Key exchanges that were completed.</summary>
    public int KeyExchanges => _exchange.Completed;

    /// <summary>Signature algorithms the peer, a server, accepts from users (RFC 8308 3.1); empty until it has said so.</summary>
    public IReadOnlyList<string> ServerSigAlgs => _inbound.ServerSigAlgs;

    /// <summary>True once something could not be sent: the peer is gone.</summary>
    public bool HasFailedToSend => _sender.HasFailed;

    /// <summary>The connection underneath.</summary>
    public IDuplex Duplex => _duplex;

    /// <summary>What the peer's DISCONNECT said; null: it did not send one.</summary>
    public string? PeerDisconnect => _inbound.PeerDisconnect;

    /// <summary>Version exchange and first key exchange. A server has sent EXT_INFO afterwards.</summary>
    /// <exception cref="SshEndException">They failed; the peer has been told.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask HandshakeAsync(CancellationToken cancel)
    {
        CancellationTokenRegistration wake = WakeOn(cancel);
        try
        {
            _exchange.OurVersion = SshVersion.Ours.ToArray();
            await _duplex.SendAsync((byte[])[.. SshVersion.Ours, (byte)'\r', (byte)'\n'], cancel).ConfigureAwait(false);
            if (!_isServer)
                await BeginFirstAsync(cancel).ConfigureAwait(false);
            _exchange.PeerVersion = await SshVersion.ReadAsync(_receiver, _isServer ? 0 : _options.LinesBeforeVersion, _faults, cancel).ConfigureAwait(false);
            if (_isServer && !SshVersion.SpeaksFirst(_exchange.PeerVersion))
                await BeginFirstAsync(cancel).ConfigureAwait(false);
            while (_exchange.IsFirst && _exchange.PeerVersion.Length > 0 && await StepAsync(cancel).ConfigureAwait(false))
            {
                // Each step deals with one message of the exchange, or waits for it.
            }

            if (_exchange.IsFirst)
                throw _faults.Closed(PeerDisconnect);
            await _sender.FlushAsync(cancel).ConfigureAwait(false);
        }
        catch (SshEndException e)
        {
            await DisconnectAsync(e.DisconnectReason, e.Message).ConfigureAwait(false);
            throw;
        }
        finally
        {
            await wake.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The next packet's payload.</summary>
    /// <returns>Empty: the peer has closed, or disconnected (<see cref="PeerDisconnect"/>).</returns>
    /// <exception cref="SshEndException">The peer broke a rule of the transport.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public ValueTask<Memory<byte>> ReadAsync(CancellationToken cancel) =>
        TryRead(out Memory<byte> payload) ? new ValueTask<Memory<byte>>(payload) : WaitAndReadAsync(cancel);

    /// <summary>A packet that is here already; false: none is whole yet, use <see cref="ReadAsync"/>.</summary>
    public bool TryRead(out Memory<byte> payload) => _inbound.TryRead(out payload);

    /// <summary>Encrypts one message into the send buffer. Safe from any thread.</summary>
    /// <exception cref="IOException">The connection is closed, or a send failed.</exception>
    public bool TryWrite(ReadOnlySpan<byte> payload) => TryWrite(payload, []);

    /// <summary>The same for a message in two parts (a header that was changed, data that was not).</summary>
    public bool TryWrite(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        bool written = _sender.TryWrite(head, body);
        _exchange.TryBegin();
        return written;
    }

    /// <summary>
    /// Writes an answer to this peer without waiting for anything: now, or when the key exchange ends that bars it. For small messages, and for the loop that
    /// reads from this peer: it must not wait for an exchange that only it carries on.
    /// </summary>
    /// <exception cref="SshEndException">The peer makes us owe more than it takes.</exception>
    public void Answer(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body = default)
    {
        if (!_sender.TryAnswer(head, body))
            throw _faults.Violation("more to be answered than a peer may have wait");
    }

    /// <summary>Answers the message that was read last with SSH_MSG_UNIMPLEMENTED (RFC 4253 11.4); it leaves with the next read or flush.</summary>
    public void Unimplemented() => _inbound.Unimplemented();

    /// <summary>True while a key exchange keeps messages back.</summary>
    public bool IsBarred => _sender.IsBarred;

    /// <summary>Waits until <see cref="TryWrite(ReadOnlySpan{byte})"/> may succeed again; sends meanwhile what fills the buffer.</summary>
    public ValueTask WritableAsync(CancellationToken cancel) => _sender.WritableAsync(cancel);

    /// <summary>Sends what was written.</summary>
    public ValueTask FlushAsync(CancellationToken cancel) => _sender.FlushAsync(cancel);

    /// <summary>TryWrite, waiting as long as it must, then FlushAsync.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        while (!TryWrite(payload.Span))
            await _sender.WritableAsync(cancel).ConfigureAwait(false);
        await _sender.FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Delayed compression (zlib@openssh.com) begins in both directions after USERAUTH_SUCCESS: called by both sides' auth at that point, between the two messages.</summary>
    public void Authenticated()
    {
        _faults.Authenticated = true;
        _sender.Authenticated();
        _receiver.Authenticated();
    }

    /// <summary>Sends DISCONNECT if the peer takes it within the deadline, then closes the sending direction. Never throws.</summary>
    public async ValueTask DisconnectAsync(uint reason, string message)
    {
        _exchange.End();
        using var deadline = new CancellationTokenSource(_options.DisconnectTime, _time);
        try
        {
            if (reason != 0)
            {
                _sender.WriteLast(new SshWriter().Byte(SshMessageNumber.Disconnect).UInt32(reason).String(message).String("").Written);
                await _sender.FlushAsync(deadline.Token).AsTask().WaitAsync(deadline.Token).ConfigureAwait(false);
            }

            _duplex.CloseOutput();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer does not take it, or is gone: then so is the connection.
            _duplex.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _exchange.Dispose();
        _sender.Dispose();
        await _duplex.DisposeAsync().ConfigureAwait(false);
        _receiver.Dispose();
    }

    private ValueTask BeginFirstAsync(CancellationToken cancel)
    {
        _exchange.BeginFirst();
        return _sender.FlushAsync(cancel);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Memory<byte>> WaitAndReadAsync(CancellationToken cancel)
    {
        CancellationTokenRegistration wake = WakeOn(cancel);
        try
        {
            while (await StepAsync(cancel).ConfigureAwait(false))
            {
                if (TryRead(out Memory<byte> payload))
                    return payload;
            }

            // Whoever waits to write after an exchange that will not end is told so.
            if (_exchange.IsActive || PeerDisconnect is not null)
                _sender.Close(_faults.Closed(PeerDisconnect));
            _exchange.End();
            return default;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Nothing is lost by a wait that is cancelled: the next read goes on.
            _sender.Close(e);
            _exchange.End();
            throw;
        }
        finally
        {
            await wake.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Deals with what stopped <see cref="TryRead"/>, or receives; false: the peer has ended.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> StepAsync(CancellationToken cancel)
    {
        if (!_inbound.HasStopped && _exchange.IsFirst)
            _inbound.Look();
        switch (_inbound.Stopped)
        {
            case SshInboundStop.KeyExchange:
                await _exchange.JoinAsync(_inbound.HeldNumber, cancel).ConfigureAwait(false);
                await _exchange.HandleAsync(_inbound.TakeHeld()).ConfigureAwait(false);
                await _sender.FlushAsync(cancel).ConfigureAwait(false);
                return true;
            case SshInboundStop.Fault:
                throw _inbound.Fault!;
            case SshInboundStop.Ended:
                return false;
        }

        if (_exchange.TryBegin() || _inbound.TakeOwesAnswer())
            await _sender.FlushAsync(cancel).ConfigureAwait(false);
        SshReceived received = await _receiver.ReceiveAsync().ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        if (_exchange.IsLate)
            throw _faults.KeyExchange("the key exchange took too long");
        return received != SshReceived.Ended;
    }

    /// <summary>A receive cannot be taken back; the wait for it can.</summary>
    private CancellationTokenRegistration WakeOn(CancellationToken cancel) =>
        cancel.UnsafeRegister(static input => ((System.IO.Pipelines.PipeReader)input!).CancelPendingRead(), _duplex.Input);
}
