using System.Collections.Immutable;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>One attempt at proving something.</summary>
/// <param name="ProofId">Tells this proof from others: one proof never counts twice.</param>
internal readonly record struct SshFactor(SshMethod Method, LoginResult Result, string ProofId)
{
    public static SshFactor Failed(SshMethod method, string refusal) => new(method, new LoginResult(null, refusal), "");
}

/// <summary>
/// What has been proven, and what is still to be (as OpenSSH's AuthenticationMethods): alternatives, each a sequence. All factors must prove the same person,
/// each by another proof; what any of them forbids stays forbidden.
/// </summary>
internal sealed class SshFactors(IReadOnlyList<IReadOnlyList<SshMethod>> alternatives)
{
    private readonly HashSet<string> _proofs = new(StringComparer.Ordinal);
    private readonly List<SshMethod> _used = [];
    private int[] _met = new int[alternatives.Count];

    /// <summary>Who it is, as far as it is proven; null: nothing is.</summary>
    public Identity? Identity { get; private set; }

    public LoginRestrictions Restrictions { get; private set; } = new();

    public IReadOnlyList<SshMethod> Used => _used;

    /// <summary>Methods that can go on, each once. An empty alternative would ask for nothing, and is none.</summary>
    public IReadOnlyList<SshMethod> Next { get; private set; } = NextOf(alternatives, new int[alternatives.Count]);

    /// <summary>True when one alternative is met as a whole.</summary>
    public bool IsMet { get; private set; }

    /// <summary>Another user or service was named: what was proven counts no more (RFC 4252 5).</summary>
    public void Reset()
    {
        _proofs.Clear();
        _used.Clear();
        _met = new int[alternatives.Count];
        Identity = null;
        Restrictions = new LoginRestrictions();
        IsMet = false;
        Next = NextOf(alternatives, _met);
    }

    /// <summary>Adds a factor that has proven somebody.</summary>
    /// <returns>Null: it counts. Else why not, a fixed word.</returns>
    public string? Add(SshFactor factor)
    {
        if (factor.Result.Identity is not { } identity)
            return factor.Result.Refusal ?? "login-refused";
        if (!Next.Contains(factor.Method))
            return "method-not-asked-for";
        if (_proofs.Contains(factor.ProofId))
            return "proof-used-twice";
        if (Merge(Identity, identity) is not { } merged)
            return "factors-differ";
        if (Merge(Restrictions, factor.Result.Restrictions) is not { } restrictions)
            return "restrictions-differ";
        _proofs.Add(factor.ProofId);
        _used.Add(factor.Method);
        Identity = merged;
        Restrictions = restrictions;
        for (int i = 0; i < _met.Length; i++)
        {
            if (_met[i] < alternatives[i].Count && alternatives[i][_met[i]] == factor.Method)
                IsMet |= ++_met[i] == alternatives[i].Count;
        }

        Next = NextOf(alternatives, _met);
        return null;
    }

    /// <summary>
    /// The later identity, for no longer and for no more targets than the earlier, which goes along so that a session ends with either proof; null: they are not the
    /// same person acting for the same.
    /// </summary>
    private static Identity? Merge(Identity? earlier, Identity later)
    {
        if (earlier is null)
            return later;
        // Subjects of two issuers are two persons, whatever their names.
        if (earlier.Issuer != later.Issuer || earlier.Subject != later.Subject || earlier.Kind != later.Kind || !earlier.ActingFor.SequenceEqual(later.ActingFor, StringComparer.Ordinal))
            return null;
        ImmutableArray<string> targets = later.Targets;
        if (!earlier.Targets.IsEmpty)
            targets = targets.IsEmpty ? earlier.Targets : [.. targets.Intersect(earlier.Targets, StringComparer.Ordinal)];

        // No target in common is not the same as any target.
        if (targets.IsEmpty && (!earlier.Targets.IsEmpty || !later.Targets.IsEmpty))
            return null;
        return later with
        {
            Targets = targets,
            ExpiresAt = earlier.ExpiresAt < later.ExpiresAt ? earlier.ExpiresAt : later.ExpiresAt,
            Earlier = [.. earlier.Earlier, earlier with { Earlier = [] }],
        };
    }

    private static LoginRestrictions? Merge(LoginRestrictions one, LoginRestrictions? other)
    {
        if (other is null)
            return one;
        if (one.ForceCommand is not null && other.ForceCommand is not null && one.ForceCommand != other.ForceCommand)
            return null;
        return new LoginRestrictions
        {
            ForceCommand = one.ForceCommand ?? other.ForceCommand,
            NoPty = one.NoPty || other.NoPty,
            NoForwarding = one.NoForwarding || other.NoForwarding,
            NoAgent = one.NoAgent || other.NoAgent,
            NoX11 = one.NoX11 || other.NoX11,
            Accounts = one.Accounts is { } mine && other.Accounts is { } theirs ? [.. mine.Intersect(theirs, StringComparer.Ordinal)] : one.Accounts ?? other.Accounts,
        };
    }

    private static List<SshMethod> NextOf(IReadOnlyList<IReadOnlyList<SshMethod>> alternatives, int[] met) =>
        [.. alternatives.Where((alternative, i) => met[i] < alternative.Count).Zip(met.Where((count, i) => count < alternatives[i].Count), (alternative, count) => alternative[count]).Distinct()];
}
