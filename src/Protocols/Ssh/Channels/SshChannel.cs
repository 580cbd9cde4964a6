using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>What a channel carries (RFC 4254, OpenSSH PROTOCOL 2).</summary>
internal enum SshChannelKind : byte
{
    Session,
    DirectTcpip,
    DirectStreamlocal,
    ForwardedTcpip,
    ForwardedStreamlocal,
    X11,
    Agent,
}

/// <summary>One channel between the two peers. <see cref="Lock"/> guards the windows and halves: both loops use them.</summary>
/// <param name="number">Ours: each peer addresses it by this one.</param>
/// <param name="opener">Who asked for it.</param>
internal sealed class SshChannel(SshShared shared, uint number, SshChannelKind kind, SshSide opener)
{
    /// <summary>Bytes that may wait for the client's window.</summary>
    private const int MostSaid = 4 << 20;

    private readonly SshHalf[] _halves = opener == SshSide.Client ? [SshHalf.Open, SshHalf.Opening] : [SshHalf.Opening, SshHalf.Open];
    private readonly uint[] _peerNumbers = new uint[2];
    private readonly uint[] _maxPackets = new uint[2];
    private readonly bool[] _closeSent = new bool[2];
    private readonly long[] _bytes = new long[2];
    private readonly SemaphoreSlim[] _turns = [new(1, 1), new(1, 1)];
    private SshWait? _waiting;

    /// <summary>Bytes towards the client and towards the target: how much each may still be sent.</summary>
    public SshWindow ToClient;
    public SshWindow ToTarget;

    public Lock Lock { get; } = new();

    /// <summary>Held by whoever passes data or EOF on to that peer, so that what ends the channel from beside the loops comes behind whole messages and before no more.</summary>
    public SemaphoreSlim TurnTo(SshSide side) => _turns[(int)side];

    public uint Number => number;

    public SshChannelKind Kind => kind;

    public SshSide Opener => opener;

    /// <summary>Where a forward leads, <c>host:port</c> or a path; for a session what was started.</summary>
    public string About { get; set; } = "";

    public long StartedAt { get; init; }

    /// <summary>Both peers have agreed to it, and all that the agreement says is known here.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Requests of the client, and of the target, whose replies are owed.</summary>
    public SshOwed OwedToClient { get; } = new(shared.Limits.PendingRequests);

    public SshOwed OwedToTarget { get; } = new(shared.Limits.PendingRequests);

    /// <summary>A command, shell or subsystem was let through: there is one in a channel's life (RFC 4254 6.5).</summary>
    public bool IsStarted { get; set; }

    /// <summary>It was refused or ended here: what peers still send on it is dropped, but for CLOSE.</summary>
    public volatile bool IsDropped;

    /// <summary>Variables that were set on it, name and value each behind its length: part of what an approval of its command covers.</summary>
    public List<byte> Environment { get; } = [];

    /// <summary>A terminal was asked for: until there is an answer, the client's own is as it would be with one.</summary>
    public bool AsksForPty { get; set; }

    /// <summary>A terminal was allocated, or the target has not said yet.</summary>
    public bool HasPty { get; set; }

    /// <summary>Why none was: said on standard error once something runs that wanted one, for the reply has no place for it. Null: nothing is to be said.</summary>
    public string? NoPty { get; set; }

    /// <summary>What it carries is files, whose bytes are not recorded, but what moved is.</summary>
    public SshFiles? Files { get; set; }

    /// <summary>What the target says on it that nobody may read in the recording; null: nothing.</summary>
    public SshSecrets? Secrets { get; } = SshSecrets.Of(kind);

    /// <summary>What the client is told besides what the target says.</summary>
    public SshSay Say => field ??= new(shared, this, MostSaid);

    /// <summary>Masks what the client is shown; null: it is shown as it is.</summary>
    public IStreamMask? OutputMask { get; set; }

    public IStreamMask? ErrorMask { get; set; }

    public bool IsMasked => OutputMask is not null;

    /// <summary>The client has it from before the session; null: as all others.</summary>
    public SshAdopted? Adoption { get; init; }

    /// <summary>What waits for a person on this channel; null: nothing.</summary>
    public SshWait? Waiting { get => Volatile.Read(ref _waiting); set => Volatile.Write(ref _waiting, value); }

    /// <summary>What the screen shows; null: no terminal.</summary>
    public SshTerminal? Terminal { get; set; }

    public ref SshWindow WindowTo(SshSide side) => ref side == SshSide.Client ? ref ToClient : ref ToTarget;

    public SshOwed OwedTo(SshSide side) => side == SshSide.Client ? OwedToClient : OwedToTarget;

    /// <summary>The number by which that peer knows it.</summary>
    public uint PeerNumber(SshSide side) => _peerNumbers[(int)side];

    /// <summary>The largest data that peer takes in one message, bytes.</summary>
    public uint MaxPacket(SshSide side) => _maxPackets[(int)side];

    public void SetPeer(SshSide side, uint peerNumber, uint maxPacket)
    {
        _peerNumbers[(int)side] = peerNumber;
        _maxPackets[(int)side] = maxPacket;
    }

    public long Bytes(SshSide to) => Interlocked.Read(ref _bytes[(int)to]);

    public void Count(SshSide to, int bytes) => Interlocked.Add(ref _bytes[(int)to], bytes);

    /// <summary>Takes up a message of <paramref name="from"/>. False: it is not legal now. Caller holds <see cref="Lock"/>.</summary>
    public bool TryAdvance(SshSide from, byte message)
    {
        return SshChannelState.TryAdvance(ref _halves[(int)from], message, from == opener, IsAnswered);
    }

    /// <summary>The client sends nothing more, while a person is asked about the channel or the target has no room: that is kept for later. False: it can go out.</summary>
    public bool TryKeepEof()
    {
        lock (Lock)
        {
            if (Waiting is { } waiting)
                return waiting.HasEof = true;
            return Adoption is { } adoption && adoption.TryKeepEof();
        }
    }

    /// <summary>The wait for a person is over. False: an EOF was kept, and has to go out first.</summary>
    public bool TryResume()
    {
        lock (Lock)
        {
            if (Waiting is { HasEof: true })
                return false;
            Waiting = null;
            return true;
        }
    }

    public SshHalf Half(SshSide side) => _halves[(int)side];

    /// <summary>CLOSE goes out to that peer. False: it has, already. Caller holds <see cref="Lock"/>.</summary>
    public bool TrySendClose(SshSide to)
    {
        if (_closeSent[(int)to])
            return false;
        return _closeSent[(int)to] = true;
    }

    /// <summary>Says once why there is no terminal.</summary>
    /// <returns>False: the recording is behind.</returns>
    public bool SayNoPty()
    {
        string? why;
        lock (Lock)
            (why, NoPty) = (NoPty, null);
        return why is null || Say.Say(SshRefusal.Lines(why, terminal: false), isError: true);
    }

    /// <summary>It is over: writes down what it moved.</summary>
    /// <returns>False: await <see cref="SessionContext.ReadyAsync"/>.</returns>
    public bool Finish()
    {
        Files?.Finish();
        if (Terminal is not null)
            shared.RemoveTerminal();
        shared.Kept.Release(this);
        if (ForwardWord is not { } word)
            return true;
        var ended = new SshForwardEvent(number, word, About, Bytes(SshSide.Target), Bytes(SshSide.Client), (long)shared.Time.GetElapsedTime(StartedAt).TotalMilliseconds);
        return shared.Context.Event(SshForwardEvent.Name, ended.ToDetail());
    }

    private string? ForwardWord => kind switch
    {
        SshChannelKind.DirectTcpip or SshChannelKind.DirectStreamlocal => "local",
        SshChannelKind.ForwardedTcpip or SshChannelKind.ForwardedStreamlocal => "remote",
        SshChannelKind.Agent => "agent",
        SshChannelKind.X11 => "x11",
        _ => null,
    };

    /// <summary>CLOSE has gone both ways on both sides: its number is free. Caller holds <see cref="Lock"/>.</summary>
    public bool IsOver => _closeSent[0] && _closeSent[1] && _halves[0] == SshHalf.Closed && _halves[1] == SshHalf.Closed;
}
