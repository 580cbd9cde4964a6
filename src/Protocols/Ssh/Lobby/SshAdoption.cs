using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Channels;

namespace Sallyport.Protocols.Ssh.Lobby;

/// <summary>
/// Makes the menu's channel the first channel of the session that was chosen: the target is asked for one like it, and for the terminal and variables that
/// the client had asked for before, which are judged as if it asked now. The client has its answers already.
/// </summary>
internal sealed class SshAdoption
{
    private const int MostKept = 64;
    private const int LongestKept = 64 << 10;

    private readonly List<(string Type, byte[] Body)> _kept = [];
    private int _bytes;

    public bool HasPty { get; private set; }

    /// <summary>Keeps a request for later. False: it is none that can be.</summary>
    public bool TryKeep(string type, ReadOnlyMemory<byte> rest)
    {
        if (type is not ("pty-req" or "env" or "window-change" or "auth-agent-req@openssh.com") || _kept.Count >= MostKept || (_bytes += rest.Length) > LongestKept)
            return false;
        HasPty |= type == "pty-req";
        _kept.Add((type, rest.ToArray()));
        return true;
    }

    /// <param name="typedAhead">What the person typed behind the choice.</param>
    public async ValueTask RunAsync(SshLobbyChannel menu, ReadOnlyMemory<byte> typedAhead, SshShared shared, SshClientLoop loop, CancellationToken cancel)
    {
        var adopted = new SshAdopted(menu.Granted);
        SshChannel channel = shared.Channels.Add(number => new SshChannel(shared, number, SshChannelKind.Session, SshSide.Client)
        {
            StartedAt = shared.Time.GetTimestamp(),
            Adoption = adopted,
        })!;
        uint room = menu.Room;
        uint window;
        channel.SetPeer(SshSide.Client, menu.Peer, menu.PeerMaxPacket);
        lock (channel.Lock)
            window = channel.ToClient.Open(room, room / 2);
        byte[] open = new SshWriter().Begin(SshMessageNumber.ChannelOpen).String("session").UInt32(channel.Number).UInt32(window).UInt32(menu.PeerMaxPacket).ToArray();
        if (!shared.Tape.Message(Direction.FromClient, open))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await shared.SendAsync(SshSide.Target, open, cancel).ConfigureAwait(false);
        await shared.Transport(SshSide.Target).FlushAsync(cancel).ConfigureAwait(false);
        if (!await adopted.Answered.Task.WaitAsync(cancel).ConfigureAwait(false))
            throw new SshEndException(
                new SessionEnd(SessionSide.Target, SessionStage.Ready, "session-refused", "11"), SshDisconnectReason.ByApplication, "the target opens no session");
        foreach ((string type, byte[] body) in _kept)
            await RequestAsync(loop, channel, type, body, cancel).ConfigureAwait(false);
        await RequestAsync(loop, channel, "shell", [], cancel).ConfigureAwait(false);

        // Typed behind the choice, in the same message: it has been taken off the menu's window, so the session's gives it room.
        if (!typedAhead.IsEmpty && !channel.IsDropped)
        {
            lock (channel.Lock)
                channel.ToTarget.Lend(typedAhead.Length);
            await loop.TakeAsync(new SshWriter().Begin(SshMessageNumber.ChannelData).UInt32(channel.Number).String(typedAhead.Span).ToArray(), cancel).ConfigureAwait(false);
        }

        await shared.Transport(SshSide.Target).FlushAsync(cancel).ConfigureAwait(false);
        await shared.Transport(SshSide.Client).FlushAsync(cancel).ConfigureAwait(false);
    }

    private static ValueTask RequestAsync(SshClientLoop loop, SshChannel channel, string type, byte[] rest, CancellationToken cancel) => loop.TakeAsync(
        new SshWriter().Begin(SshMessageNumber.ChannelRequest).UInt32(channel.Number).String(type).Boolean(false).Raw(rest).ToArray(), cancel);
}
