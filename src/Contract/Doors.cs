using System.Net.Security;

namespace Sallyport.Contract;

/// <summary>How the connection to a target is encrypted; the words are libpq's.</summary>
public enum TargetTlsMode : byte
{
    Disable,
    Require,
    VerifyCa,
    VerifyFull,
}

/// <summary>The target's own credential. The client never sees it.</summary>
/// <param name="User">Login name at the target.</param>
/// <param name="Password">A secret.</param>
public sealed record TargetCredential(string User, string Password)
{
    /// <summary>A private key (OpenSSH's or PKCS #8 PEM) to use instead of a password. A secret; empty: none.</summary>
    public ReadOnlyMemory<byte> PrivateKey { get; init; }

    /// <summary>An OpenSSH certificate of that key, in its wire form; empty: the key stands for itself.</summary>
    public ReadOnlyMemory<byte> Certificate { get; init; }

    public override string ToString() => $"credential of {User}";
}

/// <summary>What is known of a host key that a target has just proven to hold.</summary>
public enum HostKeyStatus : byte
{
    /// <summary>No key of this target is known: an administrator must pin one.</summary>
    Unknown = 0,
    Trusted = 1,

    /// <summary>Other keys are known: this may be somebody else.</summary>
    Mismatch = 2,
    Revoked = 3,
}

/// <summary>The host keys of one target (hop and address). Thread-safe.</summary>
public interface IHostKeys
{
    /// <summary>Types of the keys that are known (<c>ssh-ed25519</c>, certificate types where an authority is trusted), to be asked for first.</summary>
    IReadOnlyList<string> KnownTypes { get; }

    /// <summary>Judges a key or host certificate in its wire form; what is not <see cref="HostKeyStatus.Trusted"/> raises the alarm itself.</summary>
    HostKeyStatus Judge(ReadOnlyMemory<byte> blob);
}

/// <summary>A target as an engine needs to know it.</summary>
public sealed record TargetInfo
{
    public required string Name { get; init; }

    /// <summary><c>postgres</c>, <c>ssh</c> or <c>http2</c>.</summary>
    public required string Protocol { get; init; }

    public TargetTlsMode TlsMode { get; init; } = TargetTlsMode.VerifyFull;

    /// <summary>TLS settings that verify the target as <see cref="TlsMode"/> says; null when it is <see cref="TargetTlsMode.Disable"/>.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    public IHostKeys? HostKeys { get; init; }

    /// <summary>The database or account when the client names none; empty: the client must name one.</summary>
    public string DefaultResource { get; init; } = "";

    /// <summary>Databases or accounts that may be asked for; empty: any.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Weak login methods the operator accepts for this target: <c>md5</c>, <c>cleartext</c>.</summary>
    public IReadOnlyList<string> WeakLogins { get; init; } = [];
}

/// <summary>Leads to targets: directly, or through an agent inside their network; an engine cannot tell.</summary>
public interface IUpstream
{
    /// <summary>The target of that name for that protocol, or null. Says nothing about who may use it.</summary>
    TargetInfo? Find(string target, string protocol);

    /// <summary>The names of all targets of that protocol. Says nothing about who may use them.</summary>
    IReadOnlyList<string> Names(string protocol) => [];

    /// <summary>A connected, not yet encrypted stream to the target.</summary>
    /// <exception cref="IOException">It cannot be reached.</exception>
    ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel);

    /// <summary>The credential to use, read afresh.</summary>
    /// <exception cref="IOException">Its source cannot be read.</exception>
    ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel);

    /// <summary>The credential of one session: minted for its person where the target trusts our authority.</summary>
    /// <exception cref="IOException">Its source cannot be read.</exception>
    ValueTask<TargetCredential> CredentialAsync(TargetInfo target, SessionFacts session, CancellationToken cancel) => CredentialAsync(target, cancel);
}

/// <summary>Compiled policy. Who, from where, to what and when are folded away by <see cref="Open"/>.</summary>
public interface IPolicy
{
    /// <summary>Counts loads; a session whose gate is of another version opens a new one.</summary>
    int Version { get; }

    /// <summary>The rules that apply to these facts now. Never throws; facts that match nothing get a gate that denies.</summary>
    IGate Open(SessionFacts facts);
}

/// <summary>The rules of one session. Immutable, thread-safe.</summary>
public interface IGate
{
    int Version { get; }

    /// <summary>When it must be opened again because time changes what applies (UTC); <see cref="DateTimeOffset.MaxValue"/>: never.</summary>
    DateTimeOffset ValidUntil { get; }

    MaskPlan? Masks { get; }

    /// <summary>The limits of this session: the tightest of all that match.</summary>
    SessionLimits Limits { get; }

    /// <summary>Judges one action: synchronous, allocates nothing, never throws.</summary>
    Verdict Judge(in ActionView action);

    /// <summary>Every rule that holds an action whose verdict was hold: the verdict names one, an approval must meet them all.</summary>
    IReadOnlyList<string> HoldingRules(in ActionView action) => [];
}

public enum Direction : byte
{
    FromClient = 0,
    ToClient = 1,
}

/// <summary>A recording cannot be written, so what it should have kept must not happen.</summary>
public sealed class RecordingException : IOException
{
    public RecordingException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

public interface IRecorder
{
    /// <exception cref="RecordingException">It cannot be recorded, so it must not start.</exception>
    ISessionRecorder Open(SessionFacts facts);
}

/// <summary>The recording of one session. Appends copy and return; compression and writing happen elsewhere. Both loops may append at once.</summary>
/// <remarks>An append that returns false was taken, but the writers are behind (or have failed): await <see cref="ReadyAsync"/> before doing what was recorded.</remarks>
public interface ISessionRecorder
{
    /// <summary>Bytes of the protocol, as the client sent them or was shown them. Any length; a message may span calls.</summary>
    bool Data(Direction direction, ReadOnlySpan<byte> bytes);

    bool Decision(in ActionView action, in Verdict verdict);

    /// <summary>Anything else worth keeping: a fixed word and one line of detail. Never a secret.</summary>
    bool Event(string name, string detail);

    /// <summary>Waits until the writers have caught up.</summary>
    /// <exception cref="RecordingException">The recording cannot be written: the session must end.</exception>
    ValueTask ReadyAsync(CancellationToken cancel);

    /// <summary>Writes the trailer and closes; returns when it is on disk.</summary>
    /// <exception cref="RecordingException">It could not be written.</exception>
    ValueTask CompleteAsync(SessionEnd end);
}

/// <summary>What the daemon may do to a live session.</summary>
public interface ISessionControl
{
    /// <summary>When a byte last went either way, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    long LastActivity { get; }

    /// <summary>True where something goes on without being judged (a terminal): the session ends when the identity expires.</summary>
    bool EndsWithIdentity => false;

    /// <summary>What parts of the session (channels) run under; safe from any thread. What the session itself does: <see cref="SessionContext.Granted"/>.</summary>
    IReadOnlyList<HoldOutcome> Approvals => [];

    /// <summary>Ends the parts that run under one of <see cref="Approvals"/>, and nothing else. Safe from any thread.</summary>
    void EndApproved(HoldOutcome approval, string message)
    {
    }

    /// <summary><see cref="SessionContext.IsSuspended"/> is another than before: what goes on without being judged stands still, or goes on. Safe from any thread; the calls come in order.</summary>
    void SuspensionChanged()
    {
    }

    /// <summary>Ends the session: the client is told in its own protocol. Safe from any thread; only the first call counts.</summary>
    /// <param name="reason">The fixed word for <see cref="SessionEnd.Reason"/>.</param>
    /// <param name="message">What the client is told.</param>
    void End(string reason, string message);
}

/// <summary>The live sessions of this node: who is in, and the limits that span sessions or time.</summary>
public interface ILiveSessions
{
    /// <summary>Enters a session that has been let in. False when a limit (or a drain) says no more; <paramref name="refusal"/> then tells the client why.</summary>
    bool TryEnter(SessionContext session, ISessionControl control, out string? refusal);

    void Leave(SessionContext session);
}
