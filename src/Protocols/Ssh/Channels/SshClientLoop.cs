using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// From the client to the target: (1) wait for a packet; (2) find the channel, and whether the message is legal there; (3) pass it on, or judge it first;
/// (4) when no whole packet is left, send what was written to either side.
/// </summary>
internal sealed class SshClientLoop
{
    private readonly SshShared _shared;
    private readonly SshUnwatched _unwatched;
    private readonly SshRelay _relay;
    private readonly SshOpens _opens;
    private readonly SshRequests _requests;
    private readonly SshGlobalRequests _global;

    public SshClientLoop(SshShared shared, SshHolds holds)
    {
        _shared = shared;
        _unwatched = new SshUnwatched(shared, holds.Session);
        _relay = new SshRelay(shared, SshSide.Client, _unwatched);
        var actions = new SshActions();
        var refuser = new SshRefuser(shared);
        _opens = new SshOpens(shared, actions, refuser, holds, _unwatched);
        _requests = new SshRequests(shared, _relay, actions, new SshStart(shared, _relay, actions, refuser, holds), _unwatched);
        _global = new SshGlobalRequests(shared, actions, refuser, holds, _opens, _unwatched);
    }

    /// <summary>Runs until the client is gone.</summary>
    /// <exception cref="SshEndException">It broke a rule.</exception>
    public async Task<SessionEnd> RunAsync(CancellationToken cancel)
    {
        SshTransport client = _shared.Transport(SshSide.Client);
        SshTransport target = _shared.Transport(SshSide.Target);
        while (true)
        {
            ValueTask<Memory<byte>> read = client.ReadAsync(cancel);
            Memory<byte> message = _unwatched.IsEmpty || read.IsCompleted ? await read.ConfigureAwait(false) : await UnwatchedAsync(read.AsTask(), cancel).ConfigureAwait(false);
            if (message.IsEmpty)
                return new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed", Detail: client.PeerDisconnect is null ? null : SshNames.Shown(client.PeerDisconnect));
            do
                await TakeAsync(message, cancel).ConfigureAwait(false);
            while (client.TryRead(out message));

            // Not behind all that the client has to say: that may have no end.
            if (!_unwatched.IsEmpty)
                await _unwatched.GoOnAsync(cancel).ConfigureAwait(false);
            await target.FlushAsync(cancel).ConfigureAwait(false);
            await client.FlushAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for a message, and lets what nobody watched go on once somebody does.</summary>
    private async ValueTask<Memory<byte>> UnwatchedAsync(Task<Memory<byte>> read, CancellationToken cancel)
    {
        while (!_unwatched.IsEmpty && await Task.WhenAny(read, _unwatched.ReadyAsync()).ConfigureAwait(false) != read)
        {
            await _unwatched.GoOnAsync(cancel).ConfigureAwait(false);
            await _shared.Transport(SshSide.Target).FlushAsync(cancel).ConfigureAwait(false);
            await _shared.Transport(SshSide.Client).FlushAsync(cancel).ConfigureAwait(false);
        }

        return await read.ConfigureAwait(false);
    }

    /// <summary>Takes up a message that came before the loops began.</summary>
    internal ValueTask TakeAsync(Memory<byte> message, CancellationToken cancel)
    {
        byte number = message.Span[0];
        switch (number)
        {
            case SshMessageNumber.ChannelData or SshMessageNumber.ChannelExtendedData:
                return _relay.DataAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelWindowAdjust:
                return _relay.AdjustAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelEof:
                return _relay.EofAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelClose:
                return _relay.CloseAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelSuccess or SshMessageNumber.ChannelFailure:
                return _relay.ReplyAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelRequest:
                return _requests.RequestAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelOpen:
                return _opens.OpenAsync(message, cancel);
            case SshMessageNumber.ChannelOpenConfirmation or SshMessageNumber.ChannelOpenFailure:
                return SshAnswers.TakeAsync(_shared, SshSide.Client, _relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.GlobalRequest:
                return _global.RequestAsync(message, cancel);
            case SshMessageNumber.UserauthRequest:
                // RFC 4252 5.1: after success these are silently ignored.
                return default;
            case < SshMessageNumber.GlobalRequest or SshMessageNumber.RequestSuccess or SshMessageNumber.RequestFailure:
                // Nothing is asked of the client that it could answer, and login is over.
                throw SshShared.Violation(SshSide.Client, $"message {number} is not legal from a client");
            default:
                // RFC 4253 11.4: what is not known is said to be so, and otherwise ignored.
                _shared.Transport(SshSide.Client).Unimplemented();
                return default;
        }
    }
}
