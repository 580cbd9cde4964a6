using System.Net;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Tests.Doubles;

internal delegate VerdictKind Judging(in ActionView action);

internal sealed class TestGate(int version, Judging judging) : IGate
{
    public int Version => version;

    public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

    public MaskPlan? Masks { get; init; }

    public SessionLimits Limits => SessionLimits.None;

    public Verdict Judge(in ActionView action) => new(judging(action), "test/rule", version);
}

internal sealed class TestPolicy(TestGate gate) : IPolicy
{
    public TestGate Gate { get; set; } = gate;

    public int Version => Gate.Version;

    public IGate Open(SessionFacts facts) => Gate;
}

/// <summary>Keeps nothing but what was judged, and how.</summary>
internal sealed class TestRecorder : ISessionRecorder
{
    public List<(Verb Verb, ActionFlags Flags, VerdictKind Kind)> Decisions { get; } = new(capacity: 200_000);

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => true;

    public bool Decision(in ActionView action, in Verdict verdict)
    {
        Decisions.Add((action.Verb, action.Flags, verdict.Kind));
        return true;
    }

    public bool Event(string name, string detail) => true;

    public ValueTask ReadyAsync(CancellationToken cancel) => default;

    public ValueTask CompleteAsync(SessionEnd end) => default;
}

/// <summary>Leads nowhere.</summary>
internal sealed class NoUpstream : IUpstream
{
    public TargetInfo? Find(string target, string protocol) => null;

    public ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel) => throw new IOException("there is no target");

    public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel) => throw new IOException("there is no credential");
}

/// <summary>Masks by <c>schema.table.column</c>.</summary>
internal sealed class TestMasks(IFieldMask? computed, params (string Column, IFieldMask Mask)[] masks) : MaskPlan
{
    public override IFieldMask? Computed => computed;

    public override IFieldMask? Find(string schema, string table, string column) =>
        Array.Find(masks, m => m.Column == $"{schema}.{table}.{column}").Mask;
}

/// <summary>A mask that writes a value of a length of its own choosing, or refuses to.</summary>
internal sealed class TestMask(string name, Func<int, int> length, byte fill) : IFieldMask
{
    /// <summary>As long as the value.</summary>
    public static TestMask Stars { get; } = new("stars", n => n, (byte)'*');

    /// <summary>Longer than the value.</summary>
    public static TestMask Grow { get; } = new("grow", n => 2 * n + 7, (byte)'+');

    /// <summary>One byte.</summary>
    public static TestMask Shrink { get; } = new("shrink", _ => 1, (byte)'-');

    /// <summary>An empty value.</summary>
    public static TestMask Empty { get; } = new("empty", _ => 0, 0);

    /// <summary>NULL.</summary>
    public static TestMask Refuse { get; } = new("refuse", _ => -1, 0);

    public string Strategy => name;

    public int MaxLength(int length1) => Math.Max(0, length(length1));

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = Math.Max(0, length(value.Length));
        destination[..written].Fill(fill);
        return length(value.Length) >= 0;
    }
}
