using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Lobby;

/// <summary>
/// A person who has logged in and named no target: a terminal gets a menu of those that are open to them; <c>ssh -J</c> gets connections inside this one, each
/// of which is a session of its own, from its own key exchange and login on. Nothing here leads anywhere else.
/// </summary>
internal sealed class SshLobby(SshWay way, string account, Action<SessionFacts> known)
{
    private const uint AdministrativelyProhibited = 1;
    private const uint ConnectFailed = 2;
    private const uint UnknownChannelType = 3;
    private const uint ResourceShortage = 4;

    /// <summary>Connections inside one.</summary>
    private const int MostJumps = 32;

    private readonly SshTransport _client = way.Client;
    private readonly Dictionary<uint, SshLobbyChannel> _channels = [];
    private readonly List<Task> _jumps = [];
    private readonly SshAdoption _adoption = new();
    private SshMenu? _menu;
    private uint _next;
    private TimeSpan _left = way.Listener.Limits.Lobby;
    private long? _countedSince;

    /// <summary>Serves the client until it leaves, or the session that it chose ends.</summary>
    public async Task<SessionEnd> RunAsync(CancellationToken stop)
    {
        _countedSince = way.Doors.Time.GetTimestamp();
        using var late = new CancellationTokenSource(_left, way.Doors.Time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        using CancellationTokenRegistration cut = stop.Register(static d => ((IDuplex)d!).Abort(), _client.Duplex);
        try
        {
            while (true)
            {
                Memory<byte> message = await _client.ReadAsync(patience.Token).ConfigureAwait(false);
                if (message.IsEmpty)
                    return new SessionEnd(SessionSide.Client, SessionStage.Route, "closed", Detail: "no target was chosen");
                do
                {
                    if (await TakeAsync(message, patience, cut, stop).ConfigureAwait(false) is { } end)
                        return end;
                }
                while (_client.TryRead(out message));
                await _client.FlushAsync(patience.Token).ConfigureAwait(false);

                Count(late);
            }
        }
        catch (SshEndException e)
        {
            await _client.DisconnectAsync(e.DisconnectReason, e.Message).ConfigureAwait(false);
            return e.End;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            await _client.DisconnectAsync(SshDisconnectReason.ByApplication, $"sallyport: no target was chosen within {way.Listener.Limits.Lobby.TotalSeconds:0} seconds").ConfigureAwait(false);
            return new SessionEnd(SessionSide.Proxy, SessionStage.Route, "lobby-timeout", "11");
        }
        finally
        {
            foreach (SshLobbyChannel channel in _channels.Values)
                channel.Jump?.Abort();
            await Task.WhenAll(_jumps).ConfigureAwait(false);
        }
    }

    /// <summary>Connections inside have limits of their own: while there is one, the lobby's time stands still. It never begins anew.</summary>
    private void Count(CancellationTokenSource late)
    {
        bool isInside = _channels.Values.Any(channel => channel.Jump is not null);
        if (isInside == _countedSince is null)
            return;
        if (_countedSince is { } since)
            _left -= way.Doors.Time.GetElapsedTime(since);
        _countedSince = isInside ? null : way.Doors.Time.GetTimestamp();
        late.CancelAfter(isInside ? Timeout.InfiniteTimeSpan : _left > TimeSpan.Zero ? _left : TimeSpan.Zero);
    }

    private async ValueTask<SessionEnd?> TakeAsync(Memory<byte> message, CancellationTokenSource patience, CancellationTokenRegistration cut, CancellationToken stop)
    {
        CancellationToken cancel = patience.Token;
        switch (message.Span[0])
        {
            case SshMessageNumber.ChannelOpen:
                await OpenAsync(message, stop, cancel).ConfigureAwait(false);
                return null;
            case SshMessageNumber.GlobalRequest:
                if (!SshGlobalRequests.TryRead(message.Span, out _, out bool wantReply, out _))
                    throw SshShared.Violation(SshSide.Client, "a GLOBAL_REQUEST that cannot be read");
                if (wantReply)
                    await _client.WriteAsync(new[] { SshMessageNumber.RequestFailure }, cancel).ConfigureAwait(false);
                return null;
            case SshMessageNumber.UserauthRequest:
                return null;
            case SshMessageNumber.ChannelWindowAdjust or SshMessageNumber.ChannelData or SshMessageNumber.ChannelExtendedData or SshMessageNumber.ChannelEof
                or SshMessageNumber.ChannelClose or SshMessageNumber.ChannelRequest:
                break;
            default:
                throw SshShared.Violation(SshSide.Client, $"message {message.Span[0]} is not legal here");
        }

        if (message.Length < 5 || !_channels.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(message.Span[1..]), out SshLobbyChannel? channel))
            throw SshShared.Violation(SshSide.Client, $"message {message.Span[0]} for a channel that is not there");
        switch (message.Span[0])
        {
            case SshMessageNumber.ChannelWindowAdjust:
                if (message.Length != 9 || !channel.TryAdjust(BinaryPrimitives.ReadUInt32BigEndian(message.Span[5..])))
                    throw SshShared.Violation(SshSide.Client, "a window adjustment that is not legal");
                return null;
            case SshMessageNumber.ChannelData:
                return await DataAsync(channel, message, patience, cut, stop).ConfigureAwait(false);
            case SshMessageNumber.ChannelEof:
                channel.Jump?.EndInput();
                return null;
            case SshMessageNumber.ChannelClose:
                channel.Jump?.Abort();
                channel.IsClosed = true;
                await channel.CloseAsync(exitStatus: null, cancel).ConfigureAwait(false);
                _channels.Remove(channel.Number);
                if (channel.Jump is null)
                    _menu = null;
                return null;
            case SshMessageNumber.ChannelRequest:
                await RequestAsync(channel, message, cancel).ConfigureAwait(false);
                return null;
            default:
                // Extended data towards a server: nobody would read it.
                return null;
        }
    }

    private async ValueTask OpenAsync(ReadOnlyMemory<byte> message, CancellationToken stop, CancellationToken cancel)
    {
        (string type, uint sender, uint window, uint maxPacket, string host) = Read(message.Span);
        bool isMenu = type == "session";
        (uint reason, string why) = isMenu
            ? _channels.Count == 0 && _next == 0 ? (0u, "") : (AdministrativelyProhibited, "sallyport: one terminal at a time chooses a target")
            : type != "direct-tcpip" ? (UnknownChannelType, "sallyport: name a target for that: account+target")
            : _channels.Count >= MostJumps || _channels.Values.Any(c => c.Jump is null) ? (ResourceShortage, "sallyport: no more connections inside this one")
            : way.Doors.Upstream.Find(host, "ssh") is null ? (ConnectFailed, "sallyport: there is no such target, or it is not for you")
            : (0u, "");
        if (reason != 0)
        {
            await _client.WriteAsync(
                new SshWriter().Begin(SshMessageNumber.ChannelOpenFailure).UInt32(sender).UInt32(reason).String(why).String("").WrittenMemory, cancel).ConfigureAwait(false);
            return;
        }

        // A menu's channel has the number that the session's first channel will have: it becomes that.
        var channel = new SshLobbyChannel(_client, _next++, sender, window, Math.Min(maxPacket, (uint)way.Listener.Limits.MaxPacket), isMenu ? SshLobbyChannel.MenuWindow : SshLobbyChannel.JumpWindow);
        _channels.Add(channel.Number, channel);
        await _client.WriteAsync(
            new SshWriter().Begin(SshMessageNumber.ChannelOpenConfirmation).UInt32(sender).UInt32(channel.Number).UInt32((uint)channel.Granted).UInt32(SshLobbyChannel.MaxPacket).WrittenMemory,
            cancel).ConfigureAwait(false);
        if (isMenu)
            return;
        channel.Jump = new SshJumpDuplex(channel, way.Source);
        _jumps.RemoveAll(static jump => jump.IsCompletedSuccessfully);
        _jumps.Add(Task.Run(() => JumpAsync(channel, host, stop), CancellationToken.None));
    }

    private static (string Type, uint Sender, uint Window, uint MaxPacket, string Host) Read(ReadOnlySpan<byte> message)
    {
        var reader = new SshReader(message[1..]);
        string type = reader.ReadText(SshNames.Longest);
        uint sender = reader.ReadUInt32();
        uint window = reader.ReadUInt32();
        uint maxPacket = reader.ReadUInt32();
        string host = type == "direct-tcpip" ? reader.ReadText(SshNames.LongestHost) : "";
        return reader.Failed || maxPacket == 0 ? throw SshShared.Violation(SshSide.Client, "a CHANNEL_OPEN that cannot be read") : (type, sender, window, maxPacket, host);
    }

    private async Task JumpAsync(SshLobbyChannel channel, string target, CancellationToken stop)
    {
        try
        {
            await SshSession.RunAsync(channel.Jump!, way.Listener with { Authenticated = null }, way.Doors, target, stop).ConfigureAwait(false);
            await channel.CloseAsync(exitStatus: null, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            // The connection around it is gone.
            return;
        }
    }

    private async ValueTask RequestAsync(SshLobbyChannel channel, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        if (!SshRequests.TryRead(message.Span, out string type, out bool wantReply, out int restAt))
            throw SshShared.Violation(SshSide.Client, "a CHANNEL_REQUEST that cannot be read");
        bool isMenu = channel.Jump is null && _menu is null;
        bool success = isMenu && (type is "shell" or "exec" or "subsystem" || _adoption.TryKeep(type, message[restAt..]));
        if (wantReply)
        {
            byte number = success ? SshMessageNumber.ChannelSuccess : SshMessageNumber.ChannelFailure;
            await _client.WriteAsync(new SshWriter().Begin(number).UInt32(channel.Peer).WrittenMemory, cancel).ConfigureAwait(false);
        }

        if (!isMenu || type is not ("shell" or "exec" or "subsystem"))
            return;
        if (type == "shell" && _adoption.HasPty)
        {
            _menu = new SshMenu(way.Targets(), account);
            await channel.SendAsync(Encoding.UTF8.GetBytes(_menu.Text()), isError: false, cancel).ConfigureAwait(false);
            return;
        }

        string names = string.Join(", ", way.Targets());
        string text = $"sallyport: name a target: ssh {account}+TARGET@…{(names.Length == 0 ? "" : $" (open to you: {names})")}";
        await channel.SendAsync(SshRefusal.Lines(text, terminal: false), isError: true, cancel).ConfigureAwait(false);
        await channel.CloseAsync(SshRefusal.ExitStatus, cancel).ConfigureAwait(false);
    }

    private async ValueTask<SessionEnd?> DataAsync(SshLobbyChannel channel, Memory<byte> message, CancellationTokenSource patience, CancellationTokenRegistration cut, CancellationToken stop)
    {
        if (message.Length < 9 || BinaryPrimitives.ReadUInt32BigEndian(message.Span[5..]) != message.Length - 9 || !channel.TryReceive(message.Length - 9))
            throw SshShared.Violation(SshSide.Client, "data that is not legal");
        ReadOnlyMemory<byte> data = message[9..];
        if (channel.Jump is { } jump)
        {
            jump.Receive(data.Span);
            return null;
        }

        if (_menu is not { } menu)
            return null;
        for (int i = 0; i < data.Length; i++)
        {
            SshMenu.Answer answer = menu.Type(data.Span[i]);
            if (!string.IsNullOrEmpty(answer.Echo))
                await channel.SendAsync(Encoding.UTF8.GetBytes(answer.Echo), isError: false, patience.Token).ConfigureAwait(false);
            if (answer.Leaves)
            {
                await channel.CloseAsync(exitStatus: 0, patience.Token).ConfigureAwait(false);
                return null;
            }

            if (answer.Chosen is { } chosen && await EnterAsync(channel, chosen, data[(i + 1)..], patience, cut, stop).ConfigureAwait(false) is { } end)
                return end;
        }

        await channel.ConsumedAsync(data.Length, patience.Token).ConfigureAwait(false);
        return null;
    }

    /// <summary>Goes to the target that was chosen; null: it would not have the person, who may choose again.</summary>
    private async ValueTask<SessionEnd?> EnterAsync(
        SshLobbyChannel channel, SshAddress chosen, ReadOnlyMemory<byte> typedAhead, CancellationTokenSource patience, CancellationTokenRegistration cut, CancellationToken stop)
    {
        bool entered = false;
        using var handshake = CancellationTokenSource.CreateLinkedTokenSource(stop);
        handshake.CancelAfter(way.Listener.Limits.Handshake);
        SessionEnd end = await way.EnterAsync(
            chosen,
            known,
            refuse: text => channel.SendAsync(Encoding.UTF8.GetBytes($"{text}\r\n{SshMenu.Prompt}"), isError: false, patience.Token),
            welcome: () =>
            {
                entered = true;
                cut.Unregister();
                return default;
            },
            adopt: (shared, loop, cancel) => _adoption.RunAsync(channel, typedAhead, shared, loop, cancel),
            handshake.Token,
            stop).ConfigureAwait(false);
        return entered ? end : null;
    }
}
