using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.Protocols.Wire;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>Policy by words: what has <c>denied</c> in its text is denied, what has <c>held</c> waits for a person, the rest is allowed. Nobody gets into <c>vault</c>.</summary>
internal sealed class NamedVerdicts : IPolicy
{
    /// <summary>Verbs that are denied, whatever they are about.</summary>
    public HashSet<Verb> Denied { get; } = [];

    public HashSet<Verb> Held { get; } = [];

    /// <summary>What sessions mask.</summary>
    public Func<SessionFacts, MaskPlan?> MasksOf { get; set; } = static _ => null;

    public int Version => 1;

    public IGate Open(SessionFacts facts) => new Gate(this, facts);

    private sealed class Gate(NamedVerdicts owner, SessionFacts facts) : IGate
    {
        public int Version => 1;

        public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

        public MaskPlan? Masks { get; } = owner.MasksOf(facts);

        public SessionLimits Limits => SessionLimits.None;

        public Verdict Judge(in ActionView action)
        {
            string text = Encoding.UTF8.GetString(action.Text);
            foreach (ref readonly ObjectRef effect in action.Objects)
                text += " " + Encoding.UTF8.GetString(action.Names.Slice(effect.Start, effect.Length));
            VerdictKind kind = facts.Target == "vault" || owner.Denied.Contains(action.Verb) || text.Contains("denied", StringComparison.Ordinal) ? VerdictKind.Deny
                : owner.Held.Contains(action.Verb) || text.Contains("held", StringComparison.Ordinal) ? VerdictKind.Hold : VerdictKind.Allow;
            return new Verdict(kind, $"words/{kind}", 1, kind == VerdictKind.Deny ? "Say it nicely." : null);
        }
    }
}

/// <summary>Leads to scripted targets: <c>box</c>, <c>box2</c> and <c>vault</c>, all at one address.</summary>
internal sealed class ToTarget(IPEndPoint address, Chunking chunking) : IUpstream
{
    private static readonly string[] All = ["box", "box2", "vault"];

    /// <summary>The engine's end of the connection that was made last.</summary>
    public ChunkedDuplex? Last { get; private set; }

    public TargetInfo? Find(string target, string protocol) =>
        All.Contains(target) && protocol == "ssh" ? new TargetInfo { Name = target, Protocol = "ssh", DefaultResource = "deploy", HostKeys = AnyHostKey.Instance } : null;

    public IReadOnlyList<string> Names(string protocol) => All;

    public async ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, cancel);
        return Last = new ChunkedDuplex(new SocketDuplex(socket), chunking, stream: 2);
    }

    public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel) =>
        ValueTask.FromResult(new TargetCredential("deploy", "target's own secret"));
}

/// <summary>Trusts every host key.</summary>
internal sealed class AnyHostKey : IHostKeys
{
    public static AnyHostKey Instance { get; } = new();

    public IReadOnlyList<string> KnownTypes => [];

    public HostKeyStatus Judge(ReadOnlyMemory<byte> blob) => HostKeyStatus.Trusted;
}

/// <summary>Knows one password.</summary>
internal sealed class PasswordOnly(LoginRestrictions? restrictions) : ILogin
{
    public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) => LoginPasswordAsync(proof, cancel);

    public ValueTask<LoginResult> LoginPasswordAsync(LoginProof proof, CancellationToken cancel) => ValueTask.FromResult(proof.Token == Doors.GoodToken
        ? new LoginResult(new Identity { Subject = "alice", Groups = ["engineers"], Issuer = "test", ExpiresAt = DateTimeOffset.MaxValue }, null) { Restrictions = restrictions }
        : new LoginResult(null, "token-unknown"));
}
