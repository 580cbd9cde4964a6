using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>How bytes pass from one end to the other: through filters, into the recording, and paid back to whoever sent them.</summary>
internal sealed partial class Exchange
{
    /// <summary>
    /// Everything under way stands still: heads and bodies are kept, nothing is credited, so both peers' windows bound what is kept. What is refused from now on, and resets,
    /// still go out.
    /// </summary>
    public void Pause()
    {
        lock (_lock)
        {
            if (_isOver || _isPaused)
                return;
            _isPaused = true;
            client.Pause();
            _upstream?.Pause();
        }
    }

    public void Resume()
    {
        lock (_lock)
        {
            if (!_isPaused)
                return;
            _isPaused = false;
            if (_pausedHead is { } head && !_isOver)
                client.SendHead(head, _pausedHeadEnds);
            _pausedHead = null;
            client.Resume();
            _upstream?.Resume();
        }

        Settle();
    }

    /// <summary>
    /// A bug, in a filter above all: this exchange ends, and none of the others that share its connections. The read loop that calls us may be that of a target, which many use.
    /// </summary>
    private void Break(Exception e)
    {
        front.Note(e);
        bool isAnswered;
        lock (_lock)
            isAnswered = _status != 0;
        if (isAnswered)
            Cut(H2ErrorCode.INTERNAL_ERROR);
        else
            Refuse(Refusals.Failed);
    }

    /// <summary>Waits for the whole body of a request that is not let through yet; the client gets room for it.</summary>
    /// <returns>The body, or why it is not looked into.</returns>
    /// <exception cref="OperationCanceledException">The client has given it up.</exception>
    public async Task<(byte[] Body, HttpRefusal? Refusal)> CollectAsync()
    {
        HttpLimits limits = front.Limits;
        int credit;
        Task collected;
        lock (_lock)
        {
            // What follows an upgrade is no body.
            (collected, credit) = _early.Collect(limits.Body, front.Bodies, _toTarget.HasEnded || _isUpgrade || _isConnect);
            credit = Pay(ref _owedToClient, credit);
            Continue();
        }

        if (credit > 0)
            client.Credit(credit);
        try
        {
            await collected.WaitAsync(limits.BodyWait, front.Time, Withdrawn).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return ([], Refusals.BodyTooSlow);
        }

        lock (_lock)
        {
            if (_early.IsBeyondBudget)
                return ([], Refusals.TooManyBodies);
            return _early.Body(limits.Body) is { } body ? (body, null) : ([], Refusals.BodyTooLarge);
        }
    }

    /// <summary>Passes bytes on, through the filter, recorded as they go on.</summary>
    /// <returns>What the sender is credited for.</returns>
    /// <param name="isLast">False: trailers follow the end.</param>
    private int Pass(ref ExchangeFlow flow, Direction direction, HttpStream to, ReadOnlySpan<byte> data, bool end, bool isLast = true)
    {
        ReadOnlySpan<byte> passes = flow.Take(data, end, out HttpRefusal? refusal);
        if (refusal is not null)
        {
            if (_status == 0)
                Refuse(refusal);
            else
                Cut(H2ErrorCode.INTERNAL_ERROR);
            return data.Length;
        }

        if (flow.Filter is ITunnelFilter tunnel)
            return PassTunnel(ref flow, tunnel, direction, to, passes, end);
        Record(ref flow, direction, to, passes);
        return flow.Send(to, passes, end && isLast);
    }

    /// <summary>Passes on what a tunnel's filter gives, in both directions; it has recorded them itself.</summary>
    /// <returns>What the sender is credited for.</returns>
    private int PassTunnel(ref ExchangeFlow flow, ITunnelFilter tunnel, Direction direction, HttpStream to, ReadOnlySpan<byte> passes, bool end)
    {
        if (tunnel.MustWait)
            _scope!.Hold(to);
        if (!tunnel.Answer.IsEmpty || tunnel.IsOver)
        {
            bool isFromClient = direction == Direction.FromClient;
            int owed = isFromClient ? _toClient.Send(client, tunnel.Answer, tunnel.IsOver) : _toTarget.Send(_upstream!, tunnel.Answer, tunnel.IsOver);
            if (owed > 0)
                (isFromClient ? _upstream! : client).Credit(Pay(ref isFromClient ? ref _owedToTarget : ref _owedToClient, owed));
        }

        if (tunnel.IsOver)
            _toTarget.HasEnded = _toClient.HasEnded = true;
        return flow.Send(to, passes, end || tunnel.IsOver);
    }

    /// <summary>Records what goes on of a body, as far as bodies are recorded. What goes through a tunnel is no body: whoever understands it records it.</summary>
    private void Record(ref ExchangeFlow flow, Direction direction, HttpStream to, ReadOnlySpan<byte> passes)
    {
        int most = Math.Min(_scope!.RecordedBytes(direction) - flow.Recorded, passes.Length);
        if (most <= 0 || _status == 101 || _isConnect)
            return;
        flow.Recorded += most;
        if (!_scope.Tape.Data(direction, Number, passes[..most]))
            _scope.Hold(to);
    }

    private void End(ref ExchangeFlow flow, Direction direction, HttpStream to, HttpHead trailers)
    {
        // What a filter holds back goes before the trailers.
        if (flow.Filter is not null)
            Pass(ref flow, direction, to, default, end: true, isLast: false);
        if (_isOver)
            return;
        flow.HasEnded = true;
        if (!_scope!.Tape.Head(direction, Number, trailers, isTrailers: true))
            _scope.Hold(to);
        to.SendTrailers(trailers);
    }

    /// <summary>
    /// The client waits for 100 before it sends the body (RFC 9110 10.1.1), and gets it once the request was let through or its body is to be looked into. Targets are not
    /// asked: what was judged is sent.
    /// </summary>
    private void Continue()
    {
        if (!_awaitsContinue)
            return;
        _awaitsContinue = false;
        if (_toTarget.HasEnded || !_early.IsEmpty)
            return;
        HttpHead head = front.NewHead();
        head.TryAdd(":status"u8, "100"u8);
        client.SendHead(head, end: false);
    }

    private static int Pay(ref int owed, int bytes)
    {
        int paid = Math.Min(owed, bytes);
        owed -= paid;
        return paid;
    }

    /// <summary>What waited anywhere goes nowhere any more: its senders are credited, so that their connections' windows do not run dry.</summary>
    private void PayAll()
    {
        if (_owedToClient > 0)
            client.Credit(Pay(ref _owedToClient, _owedToClient));
        if (_owedToTarget > 0)
            _upstream?.Credit(Pay(ref _owedToTarget, _owedToTarget));
    }
}
