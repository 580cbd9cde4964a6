using System.Net;
using System.Text;
using System.Text.Json;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Tests.Sftp;

/// <summary>A session whose rules are a function of the verb and the name, and that keeps what was judged and what was written down.</summary>
internal sealed class FileSession : ISessionRecorder, IPolicy, IGate
{
    private readonly Func<Verb, string, VerdictKind> _rule;

    public FileSession(Func<Verb, string, VerdictKind>? rule = null)
    {
        _rule = rule ?? ((_, _) => VerdictKind.Allow);
        var identity = new Identity { Subject = "p", Issuer = "i", Kind = IdentityKind.Human, ExpiresAt = DateTimeOffset.MaxValue };
        var facts = new SessionFacts
        {
            SessionId = Guid.Empty,
            Node = "n",
            Listener = "l",
            Protocol = "ssh",
            Identity = identity,
            Target = "t",
            Source = new IPEndPoint(0, 0),
            StartedAt = default,
        };
        Context = new SessionContext(facts, this, this, TimeProvider.System);
    }

    public SessionContext Context { get; }

    /// <summary>Verb, names and verdict of every decision.</summary>
    public List<string> Decisions { get; } = [];

    public List<JsonElement> Files { get; } = [];

    public List<JsonElement> Pushes { get; } = [];

    public long MaxBytes { get; init; }

    /// <summary>The home directory that was known when something was judged last.</summary>
    public string Home { get; private set; } = "";

    public bool Behind { get; set; }

    public int Version => 1;

    public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

    public MaskPlan? Masks => null;

    public SessionLimits Limits => SessionLimits.None;

    public IGate Open(SessionFacts facts) => this;

    public Verdict Judge(in ActionView action)
    {
        VerdictKind worst = VerdictKind.Allow;
        Home = Encoding.UTF8.GetString(action.Home);
        foreach (ObjectRef o in action.Objects)
        {
            VerdictKind own = _rule(o.Verb, Encoding.UTF8.GetString(o.Name(action.Names)));
            worst = own < worst ? own : worst;
        }

        return new Verdict(worst, "files/rule", 1, "ask first") { MaxBytes = MaxBytes };
    }

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => !Behind;

    public bool Decision(in ActionView action, in Verdict verdict)
    {
        List<string> names = [];
        foreach (ObjectRef o in action.Objects)
            names.Add($"{o.Verb} {Encoding.UTF8.GetString(o.Name(action.Names))}");
        lock (Decisions)
            Decisions.Add($"{string.Join(", ", names)}: {verdict.Kind}");
        return !Behind;
    }

    public bool Event(string name, string detail)
    {
        Assert(name is "file" or "git-push" && detail.Length <= 4096);
        List<JsonElement> events = name == "file" ? Files : Pushes;
        lock (events)
            events.Add(JsonDocument.Parse(detail).RootElement);
        return !Behind;
    }

    public ValueTask ReadyAsync(CancellationToken cancel) => default;

    public ValueTask CompleteAsync(SessionEnd end) => default;

    private static void Assert(bool condition) => Xunit.Assert.True(condition);
}
