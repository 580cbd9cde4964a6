using Sallyport.Contract;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>One valid document.</summary>
internal sealed record PolicyDocument
{
    public required string Id { get; init; }

    public required YamlMark Mark { get; init; }

    public required DocumentMatch Match { get; init; }

    /// <summary>The text of each condition, for explanations.</summary>
    public required IReadOnlyDictionary<MatchCondition, string> Conditions { get; init; }

    public required IReadOnlyList<PolicyRule> Rules { get; init; }

    public required IReadOnlyList<ColumnMask> Masks { get; init; }

    /// <summary><c>computed: keep</c>: values without an origin are shown, as far as this document is concerned.</summary>
    public required bool KeepComputed { get; init; }

    /// <summary>What <c>limits</c> says, but for <c>on-revoked</c>.</summary>
    public required SessionLimits Limits { get; init; }

    /// <summary><c>on-revoked</c>: true for <c>refuse</c>, false for <c>end</c>; null when the document does not say.</summary>
    public bool? RefuseWhenRevoked { get; init; }
}

/// <summary>One valid rule. What its fields mean is in docs/policy.md.</summary>
internal sealed record PolicyRule
{
    /// <summary><c>document/rule</c>.</summary>
    public required string Id { get; init; }

    public required VerdictKind Effect { get; init; }

    public required VerbSet Verbs { get; init; }

    /// <summary>Null: every effect, with or without an object.</summary>
    public IReadOnlyList<ObjectPattern>? Objects { get; init; }

    /// <summary>Besides <see cref="Objects"/>, effects without an object.</summary>
    public bool NoObject { get; init; }

    /// <summary>For effects that run a command. Null: there is no such condition; the same below.</summary>
    public IReadOnlyList<CommandPattern>? Commands { get; init; }

    /// <summary>For effects on files and directories.</summary>
    public IReadOnlyList<PathPattern>? Paths { get; init; }

    /// <summary>For effects that forward connections.</summary>
    public IReadOnlyList<DestinationPattern>? Destinations { get; init; }

    /// <summary>For effects on resources of a Kubernetes cluster.</summary>
    public ResourceConditions? Resources { get; init; }

    /// <summary>Looks at the objects of effects in any way; otherwise the verb decides.</summary>
    public bool HasConditions => Objects is not null || Commands is not null || Paths is not null || Destinations is not null || Resources is not null;

    /// <summary>What is said of the action's details: all must hold. The last to be asked.</summary>
    public IReadOnlyList<DetailCondition> Details { get; init; } = [];

    /// <summary>Of the request's object, no other field than those of <see cref="Details"/>.</summary>
    public bool OnlyFields { get; init; }

    /// <summary>Most bytes of a file that is read or written; 0: any number.</summary>
    public long MaxSize { get; init; }

    public bool WhereAbsent { get; init; }

    public bool MultiStatement { get; init; }

    public bool Unparsed { get; init; }

    public bool Truncated { get; init; }

    public string? Hint { get; init; }

    /// <summary>How what it holds is approved; null for rules that do not hold.</summary>
    public ApprovalTerms? Approval { get; init; }
}

/// <summary>One valid mask: columns, the words of detectors for streams, or fields of answers of HTTP, and what is done to their values.</summary>
internal sealed record ColumnMask(string Id, IReadOnlyList<ColumnPattern> Columns, IReadOnlyList<string> Detect, MaskStrategy Strategy)
{
    /// <summary>Null: it is about something else.</summary>
    public FieldMaskTerms? Fields { get; init; }
}
