using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Runs both loops; the first to end is why the session ended, and ends the other.</summary>
internal sealed class SshLoops(SshShared shared)
{
    /// <param name="adopt">Runs before them, for a channel that is open already; null: none is.</param>
    public async Task<SessionEnd> RunAsync(Func<SshShared, SshClientLoop, CancellationToken, ValueTask>? adopt, CancellationToken stop)
    {
        // Not linked to stop: the loops must not end before it has been said why.
        using var ending = new CancellationTokenSource();
        using CancellationTokenRegistration stopping = stop.Register(static s => ((SshShared)s!).End("stopped", "The server is stopping: connect again in a moment."), shared);
        var holds = new SshHolds(shared, ending.Token);
        var requests = new SshClientLoop(shared, holds);
        SshTransport client = shared.Transport(SshSide.Client);
        SshTransport target = shared.Transport(SshSide.Target);

        Task<SessionEnd> request = GuardAsync(ClientAsync(requests, adopt, ending.Token), SessionSide.Client);
        Task<SessionEnd> reply = GuardAsync(new SshTargetLoop(shared).RunAsync(ending.Token), SessionSide.Target);
        Task first = await Task.WhenAny(request, reply, shared.EndAsked).ConfigureAwait(false);
        SessionEnd end = first == request ? await request.ConfigureAwait(false)
            : first == reply ? await reply.ConfigureAwait(false)
            : new SessionEnd(SessionSide.Proxy, SessionStage.Ready, shared.Ending!.Reason, "11", null);

        // A target that closes right behind its last words lets the client take them: they have been written already, to be sent.
        await SayWhyAsync(client, target, end).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        target.Duplex.Abort();
        client.Duplex.Abort();
        await holds.EndAsync().ConfigureAwait(false);
        await shared.Kept.CloseAsync().ConfigureAwait(false);
        await request.ConfigureAwait(false);
        await reply.ConfigureAwait(false);
        foreach (SshChannel channel in shared.Channels.All())
            channel.Finish();
        return end;
    }

    private async Task<SessionEnd> ClientAsync(SshClientLoop loop, Func<SshShared, SshClientLoop, CancellationToken, ValueTask>? adopt, CancellationToken cancel)
    {
        if (adopt is not null)
            await adopt(shared, loop, cancel).ConfigureAwait(false);
        return await loop.RunAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Each peer is told why, if it takes it soon.</summary>
    private async Task SayWhyAsync(SshTransport client, SshTransport target, SessionEnd end)
    {
        (uint reason, string message) = shared.Ending is { } asked ? (SshDisconnectReason.ByApplication, asked.Message)
            : end.Reason == "recording-failed" ? (SshDisconnectReason.ByApplication, "The session can no longer be recorded, so it ends. Tell whoever runs this server: its log says why.")
            : end.Reason == "protocol-violation" && end.Side == SessionSide.Client ? (SshDisconnectReason.ProtocolError, end.Detail ?? "protocol error")
            : end.Side == SessionSide.Target ? (SshDisconnectReason.ByApplication, "The target closed the connection.")
            : end.Reason == "internal-error" ? (SshDisconnectReason.ByApplication, "The session ended by an error of this server's: its log says which.")
            : (SshDisconnectReason.ByApplication, "");
        Task told = message.Length == 0 ? Task.CompletedTask : client.DisconnectAsync(reason, message).AsTask();
        Task toldTarget = target.DisconnectAsync(SshDisconnectReason.ByApplication, "the session has ended").AsTask();
        await Task.WhenAny(Task.WhenAll(told, toldTarget), Task.Delay(shared.Limits.LastWord, CancellationToken.None)).ConfigureAwait(false);
    }

    /// <summary>Turns the ways a loop can fail into how the session ended. This is the one place that does.</summary>
    private async Task<SessionEnd> GuardAsync(Task<SessionEnd> loop, SessionSide side)
    {
        try
        {
            return await loop.ConfigureAwait(false);
        }
        catch (SshEndException e)
        {
            return e.End;
        }
        catch (IOException e) when (e.InnerException is SshEndException why)
        {
            // The loop that reads from the other peer ended for this, and has not said so yet.
            return why.End;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return new SessionEnd(Lost(side), SessionStage.Ready, "connection-lost", Detail: e.GetType().Name);
        }
        catch (RecordingException e)
        {
            return new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "recording-failed", "11", e.Message);
        }
        catch (IOException e)
        {
            return new SessionEnd(Lost(side), SessionStage.Ready, "connection-lost", Detail: e.Message);
        }
        catch (Exception e)
        {
            return new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "internal-error", Detail: e.ToString());
        }
    }

    /// <summary>Whose connection broke: a loop also fails when the peer that it writes to is gone.</summary>
    private SessionSide Lost(SessionSide reading)
    {
        SshSide other = reading == SessionSide.Client ? SshSide.Target : SshSide.Client;
        bool isOther = shared.Transport(other).HasFailedToSend && !shared.Transport(other.Other()).HasFailedToSend;
        return (reading == SessionSide.Client) == isOther ? SessionSide.Target : SessionSide.Client;
    }
}
