using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Wire;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>What stands behind the engine's doors in tests.</summary>
internal static class Doors
{
    public const string GoodToken = "token-of-alice";

    /// <summary>A real policy store with these documents in force.</summary>
    public static PolicyStore Policies(string yaml)
    {
        var store = new PolicyStore(TimeProvider.System, new byte[32]);
        Load(store, yaml);
        return store;
    }

    public static void Load(PolicyStore store, string yaml)
    {
        bool loaded = store.TryLoad([new PolicySource("test.yaml", Encoding.UTF8.GetBytes(yaml))], out IReadOnlyList<Diagnostic> diagnostics);
        Assert.True(loaded, string.Join("\n", diagnostics));
    }
}

/// <summary>Knows one token.</summary>
internal sealed class OneToken : ILogin
{
    public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) =>
        ValueTask.FromResult(proof.Token == Doors.GoodToken
            ? new LoginResult(new Identity { Subject = "alice", Groups = ["engineers"], Issuer = "test", ExpiresAt = DateTimeOffset.MaxValue }, null)
            : new LoginResult(null, "token-unknown"));
}

/// <summary>Leads to a scripted server.</summary>
internal sealed class ToScript(IPEndPoint server, Chunking chunking) : IUpstream
{
    private readonly Dictionary<string, TargetInfo> _targets = [];

    public string Password { get; set; } = "target's own secret";

    /// <summary>The connection that was made last.</summary>
    public ChunkedDuplex? Last { get; private set; }

    public void Add(TargetInfo target) => _targets.Add(target.Name, target);

    public TargetInfo? Find(string target, string protocol) => protocol == "postgres" ? _targets.GetValueOrDefault(target) : null;

    public async ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(server, cancel);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }

        return Last = new ChunkedDuplex(new SocketDuplex(socket), chunking, stream: 2);
    }

    public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel) =>
        ValueTask.FromResult(new TargetCredential("service", Password));
}

/// <summary>Keeps recordings in memory; can be told to fail.</summary>
internal sealed class MemoryRecorder : IRecorder
{
    private readonly ConcurrentQueue<MemoryRecording> _recordings = new();

    /// <summary>Set: no recording can be opened.</summary>
    public bool RefusesToOpen { get; set; }

    /// <summary>Set: recordings fail before they have taken anything.</summary>
    public bool FailsAtOnce { get; set; }

    /// <summary>Set: bytes are not kept, so that they do not count as memory of the engine's.</summary>
    public bool DropsBytes { get; set; }

    public MemoryRecording Only => Assert.Single(_recordings);

    public MemoryRecording[] All => [.. _recordings];

    public bool IsEmpty => _recordings.IsEmpty;

    public ISessionRecorder Open(SessionFacts facts)
    {
        if (RefusesToOpen)
            throw new RecordingException("no space left on device");
        var recording = new MemoryRecording(DropsBytes) { Fails = FailsAtOnce };
        _recordings.Enqueue(recording);
        return recording;
    }
}

/// <summary>One recording in memory.</summary>
internal sealed class MemoryRecording(bool dropsBytes) : ISessionRecorder
{
    private readonly Lock _lock = new();
    private readonly MemoryStream _fromClient = new();
    private readonly MemoryStream _toClient = new();
    private readonly List<(string Text, Verdict Verdict)> _decisions = [];
    private readonly List<string> _events = [];
    private volatile bool _fails;
    private volatile TaskCompletionSource? _behind;

    /// <summary>Set: from now on nothing can be written.</summary>
    public bool Fails { get => _fails; set => _fails = value; }

    /// <summary>Set: the writers are behind until it completes.</summary>
    public TaskCompletionSource? Behind { get => _behind; set => _behind = value; }

    /// <summary>Set: the next bytes that are recorded meet a bug.</summary>
    public Exception? Breaks { get; set; }

    public SessionEnd? End { get; private set; }

    public byte[] FromClient => Locked(() => _fromClient.ToArray());

    public byte[] ToClient => Locked(() => _toClient.ToArray());

    public (string Text, Verdict Verdict)[] Decisions => Locked(() => _decisions.ToArray());

    public string[] Events => Locked(() => _events.ToArray());

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes)
    {
        if (_fails)
            return false;
        if (Breaks is { } bug)
        {
            Breaks = null;
            throw bug;
        }

        if (dropsBytes)
            return true;
        lock (_lock)
            (direction == Direction.FromClient ? _fromClient : _toClient).Write(bytes);
        return _behind is null;
    }

    public bool Decision(in ActionView action, in Verdict verdict)
    {
        string text = Encoding.UTF8.GetString(action.Text);
        lock (_lock)
            if (!dropsBytes)
                _decisions.Add((text, verdict));
        return !_fails && _behind is null;
    }

    public bool Event(string name, string detail)
    {
        lock (_lock)
            if (!dropsBytes)
                _events.Add($"{name} {detail}");
        return !_fails;
    }

    public async ValueTask ReadyAsync(CancellationToken cancel)
    {
        if (_behind is { } behind)
            await behind.Task.WaitAsync(cancel);
        if (_fails)
            throw new RecordingException("no space left on device");
    }

    public ValueTask CompleteAsync(SessionEnd end)
    {
        Assert.Null(End);
        End = end;
        return _fails ? throw new RecordingException("no space left on device") : default;
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }
}

/// <summary>Knows who is in.</summary>
internal sealed class WhoIsIn : ILiveSessions
{
    private readonly ConcurrentDictionary<SessionContext, ISessionControl> _in = new();

    /// <summary>Set: nobody more is let in, for this reason.</summary>
    public string? Full { get; set; }

    /// <summary>Does something to each session that is let in, before it goes on.</summary>
    public Action<SessionContext>? Entered { get; set; }

    public ICollection<ISessionControl> Controls => _in.Values;

    public SessionContext Only => Assert.Single(_in.Keys);

    public bool TryEnter(SessionContext session, ISessionControl control, out string? refusal)
    {
        refusal = Full;
        if (Full is not null || !_in.TryAdd(session, control))
            return false;
        Entered?.Invoke(session);
        return true;
    }

    public void Leave(SessionContext session) => Assert.True(_in.TryRemove(session, out _));
}
