using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres;

/// <summary>What holds a statement of a text, and the verb of the first such statement.</summary>
/// <param name="Verdict">Names one rule.</param>
/// <param name="Rules">All that hold it, that one among them: an approval must meet them all.</param>
internal readonly record struct PgHeldBy(Verdict Verdict, Verb Verb, string[] Rules);

/// <summary>A request that waits for a person: what held it, and what it is.</summary>
internal sealed record PgHeld(Verdict Verdict, HeldAction Action)
{
    /// <summary>Effects one held text is shown with. Its text is shown whole.</summary>
    private const int MaxEffects = 256;

    /// <summary>Makes the one copy of a statement that is kept of it while it waits.</summary>
    /// <param name="by">What held it.</param>
    /// <param name="text">The whole text.</param>
    /// <param name="settings">How the target reads it.</param>
    /// <param name="types">Types of the parameters as Parse gave them.</param>
    /// <param name="described">Types as the target described them, for those that Parse left open; null: it was not asked.</param>
    /// <param name="values">The values it is run with; null: a Query has none.</param>
    /// <param name="trail">What was run before it in the session.</param>
    public static PgHeld Of(
        PgHeldBy by, ReadOnlySpan<byte> text, SqlSettings settings, ReadOnlySpan<uint> types, ReadOnlySpan<uint> described, PgBoundValues? values, PgSessionTrail trail)
    {
        var scanner = new SqlScanner();
        scanner.Scan(text, settings);
        var effects = new List<HeldEffect>();
        var secrets = new List<SqlRange>();
        bool isUnderstood = true;
        for (int i = 0; i < scanner.Count; i++)
        {
            isUnderstood &= !scanner[i].IsUnparsed;
            secrets.AddRange(scanner.Secrets(i));
            AddEffects(effects, scanner, i);
        }

        if (effects.Count > MaxEffects)
        {
            // Whoever reads it must know that there is more than they see.
            int more = effects.Count - MaxEffects;
            effects.RemoveRange(MaxEffects, more);
            effects.Add(new HeldEffect(Verb.Unknown, $"and {more} more: see the text"));
        }

        effects.AddRange(trail.Effects());
        return new PgHeld(by.Verdict, new HeldAction
        {
            Kind = ActionKind.Statement,
            Verb = by.Verb,
            Text = Shown(text, secrets),
            Rules = by.Rules,
            Effects = effects,
            Parameters = Parameters(types, described, values),
            Digest = PgDigest.Of(text, settings, isUnderstood, types, values, trail.Hash),
        });
    }

    /// <summary>A text as people are shown it: secrets in it are blanked.</summary>
    public static string Shown(ReadOnlySpan<byte> text, SqlSettings settings)
    {
        var scanner = new SqlScanner();
        scanner.Scan(text, settings);
        var secrets = new List<SqlRange>();
        for (int i = 0; i < scanner.Count; i++)
            secrets.AddRange(scanner.Secrets(i));
        return Shown(text, secrets);
    }

    private static void AddEffects(List<HeldEffect> effects, SqlScanner scanner, int i)
    {
        if (scanner.Objects(i).IsEmpty)
            Add(effects, new HeldEffect(scanner[i].Verb, ""));
        foreach (ObjectRef o in scanner.Objects(i))
            Add(effects, new HeldEffect(o.Verb, Encoding.UTF8.GetString(scanner.Names.Slice(o.Start, o.Length))));
    }

    private static void Add(List<HeldEffect> effects, HeldEffect effect)
    {
        // Beyond the bound they are only counted: looking for doubles in all of them would take too long.
        if (effects.Count >= MaxEffects || !effects.Contains(effect))
            effects.Add(effect);
    }

    private static string Shown(ReadOnlySpan<byte> text, List<SqlRange> secrets)
    {
        if (secrets.Count == 0)
            return PgParameterText.Readable(text);
        byte[] copy = text.ToArray();
        foreach (SqlRange secret in secrets)
            copy.AsSpan(secret.Start, secret.Length).Fill((byte)'*');
        return PgParameterText.Readable(copy);
    }

    private static HeldParameter[] Parameters(ReadOnlySpan<uint> types, ReadOnlySpan<uint> described, PgBoundValues? values)
    {
        var parameters = new HeldParameter[values?.Count ?? 0];
        for (int i = 0; i < parameters.Length; i++)
        {
            uint type = i < types.Length && types[i] != 0 ? types[i] : i < described.Length ? described[i] : 0;
            parameters[i] = PgParameterText.Read(type, values!, i);
        }

        return parameters;
    }
}

/// <summary>What was said of the request at hand while it waited. It is decided again afterwards, by the rules then in force, and this is taken into account.</summary>
internal sealed class PgHolding
{
    private readonly List<(IReadOnlyList<string> Rules, ReadOnlyMemory<byte> Digest)> _approved = [];

    /// <summary>Why it does not run, whatever the rules say by now; null: nobody said no.</summary>
    public PgRefusal? Refusal { get; set; }

    /// <summary>The target will skip it: there is nothing to approve.</summary>
    public bool IsSkipped { get; set; }

    /// <summary>It runs: the approval is used up when its reply is complete.</summary>
    public bool IsUsed { get; set; }

    /// <summary>When the first of the approvals ends; null: none does.</summary>
    public DateTimeOffset? EndsAt { get; private set; }

    /// <summary>Somebody said yes, to exactly this, for every one of these rules.</summary>
    public bool IsApproved(string[] rules, ReadOnlyMemory<byte> digest) =>
        Array.TrueForAll(rules, rule => _approved.Exists(yes => yes.Rules.Contains(rule) && yes.Digest.Span.SequenceEqual(digest.Span)));

    public void Approve(PgHeld held, DateTimeOffset? endsAt)
    {
        _approved.Add((held.Action.Rules, held.Action.Digest));
        if (endsAt < (EndsAt ?? DateTimeOffset.MaxValue))
            EndsAt = endsAt;
    }

    /// <summary>The request has been decided.</summary>
    public void Clear()
    {
        _approved.Clear();
        (Refusal, IsSkipped, IsUsed, EndsAt) = (null, false, false, null);
    }
}
