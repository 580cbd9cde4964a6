using System.Net;

namespace Sallyport.Contract.Tests;

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>A gate with one answer.</summary>
internal sealed class FixedGate(int version, VerdictKind kind) : IGate
{
    public int Version => version;

    public DateTimeOffset ValidUntil { get; init; } = DateTimeOffset.MaxValue;

    public MaskPlan? Masks { get; init; }

    public SessionLimits Limits { get; init; } = SessionLimits.None;

    public Verdict Judge(in ActionView action) => new(kind, "test/rule", version);
}

/// <summary>A policy whose gate a test swaps.</summary>
internal sealed class SwapPolicy(FixedGate gate) : IPolicy
{
    public FixedGate Gate { get; set; } = gate;

    public int Opened { get; private set; }

    public int Version => Gate.Version;

    public IGate Open(SessionFacts facts)
    {
        Opened++;
        return Gate;
    }
}

/// <summary>A recorder that keeps the verdicts.</summary>
internal sealed class ListRecorder : ISessionRecorder
{
    public List<(Verb Verb, Verdict Verdict)> Decisions { get; } = new(capacity: 65_536);

    /// <summary>What appends answer.</summary>
    public bool KeepsUp { get; set; } = true;

    public int Bytes { get; private set; }

    public List<string> Events { get; } = [];

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes)
    {
        Bytes += bytes.Length;
        return KeepsUp;
    }

    public bool Decision(in ActionView action, in Verdict verdict)
    {
        Decisions.Add((action.Verb, verdict));
        return KeepsUp;
    }

    public bool Event(string name, string detail)
    {
        Events.Add(name);
        return KeepsUp;
    }

    public ValueTask ReadyAsync(CancellationToken cancel) => default;

    public ValueTask CompleteAsync(SessionEnd end) => default;
}

internal static class Facts
{
    public static DateTimeOffset Start { get; } = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    public static SessionFacts Until(DateTimeOffset expiresAt) => new()
    {
        SessionId = Guid.CreateVersion7(Start),
        Node = "n1",
        Listener = "l1",
        Protocol = "postgres",
        Identity = new Identity { Subject = "alice", Issuer = "https://issuer", ExpiresAt = expiresAt },
        Target = "orders",
        Source = new IPEndPoint(IPAddress.Loopback, 5000),
        StartedAt = Start,
    };
}
