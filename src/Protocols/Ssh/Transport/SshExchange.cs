using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// Key exchanges of one transport, one after another (RFC 4253 7). Anyone may begin one; the transport's reader carries it on.
/// </summary>
/// <remarks>
/// <code>
///   Idle ── we begin (the turn is free) ─────────────> Ours ── peer's KEXINIT ──> Method ── secret: NEWKEYS sent ──> Switching ── peer's NEWKEYS ──> Idle
///   Idle ── peer's KEXINIT ──> Theirs (waits its turn) ──────── KEXINIT sent ───> Method
/// </code>
/// From our KEXINIT to our NEWKEYS nobody else writes; from the peer's KEXINIT to its NEWKEYS it may send nothing else.
/// The first exchange of a connection takes no turn: nobody writes to it yet. In it a server may let the client speak first, to offer it what it can.
/// </remarks>
internal sealed class SshExchange(
    SshExchangeRole role, SshTransportOptions options, SshSender sender, SshReceiver receiver, SshTurn turn, TimeProvider time, SshFaults faults, Action onLate) : IDisposable
{
    private readonly Lock _begin = new();
    private volatile Stage _stage;
    private bool _holdsTurn;
    private bool _over;
    private byte[] _ourInit = [];
    private SshKexInit? _ours;
    private SshKexRun? _run;
    private SshCipher? _nextReceiving;
    private bool _ignoresGuess;
    private bool _saysExtensions;
    private bool _lacksStrict;
    private ITimer? _deadline;
    private volatile bool _late;
    private long _lastKeys;

    private enum Stage : byte
    {
        Idle,
        Ours,
        Theirs,
        Method,
        Switching,
    }

    public byte[] OurVersion { get; set; } = [];

    public byte[] PeerVersion { get; set; } = [];

    /// <summary>Empty until the first exchange's secret is agreed.</summary>
    public byte[] SessionId { get; private set; } = [];

    public SshAgreement? Agreement { get; private set; }

    /// <summary>Both sides do strict key exchange (OpenSSH PROTOCOL 1.10): settled by the first exchange.</summary>
    public bool IsStrict { get; private set; }

    /// <summary>True until the first exchange is complete.</summary>
    public bool IsFirst => Completed == 0;

    public int Completed { get; private set; }

    /// <summary>True from the peer's KEXINIT to its NEWKEYS.</summary>
    public bool BindsPeer { get; private set; }

    public bool IsActive => _stage != Stage.Idle;

    /// <summary>The exchange under way has taken too long.</summary>
    public bool IsLate => _late;

    /// <summary>Begins the connection's first exchange.</summary>
    public void BeginFirst()
    {
        lock (_begin)
            SendInit(Stage.Ours);
    }

    /// <summary>
    /// Begins an exchange if one is due and it is this transport's turn. Never before the login's end: OpenSSH does not take part then. Any thread;
    /// whoever calls flushes.
    /// </summary>
    public bool TryBegin()
    {
        if (IsActive || !faults.Authenticated || !IsDue())
            return false;
        lock (_begin)
        {
            if (_over || _stage != Stage.Idle || !turn.TryTake())
                return false;
            _holdsTurn = true;
            SendInit(Stage.Ours);
            return true;
        }
    }

    /// <summary>The peer will say no more, or has broken a rule: no exchange begins again, and one under way will not end.</summary>
    public void End()
    {
        lock (_begin)
        {
            _over = true;
            _deadline?.Dispose();
            GiveTurn();
        }
    }

    /// <summary>Takes part in an exchange that the peer begins: waits for the turn, then sends our KEXINIT. A wait that is cancelled changes nothing.</summary>
    public async ValueTask JoinAsync(byte number, CancellationToken cancel)
    {
        lock (_begin)
        {
            if (number != SshMessageNumber.KexInit || _stage != Stage.Idle || IsFirst)
                return;
            _stage = Stage.Theirs;
        }

        try
        {
            await turn.TakeAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _stage = Stage.Idle;
            throw;
        }

        lock (_begin)
        {
            _holdsTurn = true;
            if (_over)
                GiveTurn();
            else
                SendInit(Stage.Theirs);
        }
    }

    /// <summary>A message from 20 to 49, behind <see cref="JoinAsync"/>. The reader flushes afterwards.</summary>
    public async ValueTask HandleAsync(ReadOnlyMemory<byte> payload)
    {
        switch (payload.Span[0])
        {
            case SshMessageNumber.KexInit:
                await OnKexInitAsync(payload.ToArray()).ConfigureAwait(false);
                return;
            case SshMessageNumber.NewKeys:
                OnNewKeys(payload.Length);
                return;
            case >= SshMessageNumber.KexFirst when _stage == Stage.Method && _ignoresGuess:
                _ignoresGuess = false;
                return;
            case >= SshMessageNumber.KexFirst when _stage == Stage.Method:
                if (await role.HandleAsync(_run!, sender, payload).ConfigureAwait(false) is { } keys)
                    Agreed(keys);
                return;
            default:
                throw faults.Violation("key exchange message outside of a key exchange");
        }
    }

    public void Dispose()
    {
        End();
        _run?.Dispose();
        _nextReceiving?.Dispose();
    }

    private async ValueTask OnKexInitAsync(byte[] peerInit)
    {
        if (BindsPeer || _stage is Stage.Method or Stage.Switching)
            throw faults.Violation("KEXINIT inside a key exchange");
        SshKexInit peer = SshKexInit.Parse(peerInit) ?? throw faults.Violation("malformed KEXINIT");
        BindsPeer = true;
        if (IsFirst)
        {
            SettleStrict(peer);
            AnswerFirst();
        }

        (SshKexInit client, SshKexInit server) = role.IsServer ? (peer, _ours!) : (_ours!, peer);
        SshAgreement agreement = SshAgreement.Of(client, server, out string missing) ?? throw faults.KeyExchange($"no common {missing}");
        if (!IsStrict && (agreement.ToServer.NeedsStrict || agreement.ToClient.NeedsStrict))
            throw faults.KeyExchange($"{agreement.ToServer} needs strict key exchange (CVE-2023-48795), which the peer does not do; AES does not need it");
        _ignoresGuess = peer.FirstKexPacketFollows && !peer.GuessedAs(_ours!);
        Agreement = agreement;
        _saysExtensions = IsFirst && role.IsServer && peer.KeyExchanges.Contains(SshAlgorithms.ExtInfoClient);
        _run = new SshKexRun
        {
            Agreement = agreement,
            Method = SshKexMethod.Create(agreement.KeyExchange),
            ClientVersion = role.IsServer ? PeerVersion : OurVersion,
            ServerVersion = role.IsServer ? OurVersion : PeerVersion,
            ClientInit = role.IsServer ? peerInit : _ourInit,
            ServerInit = role.IsServer ? _ourInit : peerInit,
            SessionId = SessionId,
        };
        _stage = Stage.Method;
        await role.BeginAsync(_run, sender).ConfigureAwait(false);
    }

    private void SettleStrict(SshKexInit peer)
    {
        IsStrict = peer.KeyExchanges.Contains(role.IsServer ? SshAlgorithms.StrictClient : SshAlgorithms.StrictServer);
        _lacksStrict = !IsStrict;
        if (IsStrict && receiver.Sequence != 1)
            throw faults.Violation("strict key exchange: KEXINIT was not the first packet");
    }

    /// <summary>Where the peer spoke first, what needs strict key exchange is offered only to a peer that does it.</summary>
    private void AnswerFirst()
    {
        lock (_begin)
        {
            if (_stage == Stage.Idle)
                SendInit(Stage.Theirs);
        }
    }

    private void SendInit(Stage stage)
    {
        string[] markers = !IsFirst ? [] : role.IsServer
            ? [SshAlgorithms.ExtInfoServer, SshAlgorithms.StrictServer]
            : [SshAlgorithms.ExtInfoClient, SshAlgorithms.StrictClient];
        _ours = SshKexInit.Ours(_lacksStrict ? options.WithoutStrict() : options, role.HostKeys(options), markers);
        _ourInit = _ours.ToPayload();
        _stage = stage;
        _deadline = time.CreateTimer(static state => ((SshExchange)state!).Late(), this, options.KeyExchangeTime, Timeout.InfiniteTimeSpan);
        sender.Bar(_ourInit);
    }

    private void Late()
    {
        _late = true;
        onLate();
    }

    /// <summary>The secret is agreed: what we send from here on is under the new keys.</summary>
    private void Agreed(SshKeys keys)
    {
        using (keys)
        {
            SshSuite sending = role.IsServer ? _run!.Agreement.ToClient : _run!.Agreement.ToServer;
            SshSuite receiving = role.IsServer ? _run.Agreement.ToServer : _run.Agreement.ToClient;
            SessionId = keys.SessionId;
            _nextReceiving = keys.Cipher(receiving, toServer: role.IsServer);
            _stage = Stage.Switching;
            ReadOnlySpan<byte> first = _saysExtensions ? SshExtInfo.Ours(options.UserSignatures) : [];
            sender.NewKeys(keys.Cipher(sending, toServer: !role.IsServer), IsCompressed(sending), IsStrict, first);
        }
    }

    private void OnNewKeys(int length)
    {
        if (_stage != Stage.Switching || length != 1)
            throw faults.Violation("NEWKEYS outside of a key exchange");
        SshSuite receiving = role.IsServer ? _run!.Agreement.ToServer : _run!.Agreement.ToClient;
        receiver.NewKeys(_nextReceiving!, IsCompressed(receiving), IsStrict);
        _nextReceiving = null;
        _run.Dispose();
        _run = null;
        BindsPeer = false;
        Completed++;
        lock (_begin)
        {
            _deadline?.Dispose();
            _late = false;
            _lastKeys = time.GetTimestamp();
            _stage = Stage.Idle;
            GiveTurn();
        }
    }

    private bool IsDue() =>
        sender.Packets >= options.RekeyPackets || receiver.Packets >= options.RekeyPackets
        || sender.Bytes >= (options.RekeyBytes ?? sender.BytesPerKey) || receiver.Bytes >= (options.RekeyBytes ?? receiver.BytesPerKey)
        || time.GetElapsedTime(_lastKeys) >= options.RekeyTime;

    private void GiveTurn()
    {
        if (!_holdsTurn)
            return;
        _holdsTurn = false;
        turn.Give();
    }

    private static bool IsCompressed(SshSuite suite) => suite.Compression == SshAlgorithms.ZlibOpenSsh;
}
