using System.Collections.Immutable;
using Sallyport.Contract;

namespace Sallyport.Proxy.Identity;

/// <summary>What the store knows of a subject. Immutable; the groups follow from the moment one asks about.</summary>
internal sealed record SubjectState
{
    /// <summary>Of a subject that the store does not know.</summary>
    public static SubjectState None { get; } = new();

    /// <summary>It is a user or an agent of the store.</summary>
    public bool Known { get; init; }

    public bool Disabled { get; init; }

    public IdentityKind Kind { get; init; }

    /// <summary>The groups an agent's tokens may carry; null: it is a person.</summary>
    public ImmutableHashSet<string>? AgentGroups { get; init; }

    public ImmutableArray<Membership> Memberships { get; init; } = [];

    /// <summary>Everything it may be a member of by what the store says now.</summary>
    public IEnumerable<string> GroupsAt(DateTimeOffset now) =>
        Memberships.Where(m => m.HoldsAt(now)).Select(m => m.Group).Concat(AgentGroups ?? []);

    /// <summary>The groups it has for a time.</summary>
    public IEnumerable<string> GrantedAt(DateTimeOffset now) => Memberships.Where(m => m.IsGrant && m.HoldsAt(now)).Select(m => m.Group);

    /// <summary>When the next membership ends by itself.</summary>
    public DateTimeOffset NextChange(DateTimeOffset now) =>
        Memberships.Where(m => m.EndsAt > now).Select(m => m.EndsAt!.Value).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();

    /// <param name="IsGrant">Given for a time, by an approval.</param>
    /// <param name="EndsAt">Null: not by itself.</param>
    internal readonly record struct Membership(string Group, bool IsGrant, DateTimeOffset? EndsAt)
    {
        public bool HoldsAt(DateTimeOffset now) => EndsAt is null || EndsAt > now;
    }
}
