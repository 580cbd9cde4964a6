using System.Collections.Frozen;

namespace Sallyport.Proxy.Admin;

/// <summary>Who may use a route of the admin API. Every route names exactly one; the table is in docs/admin-api.md.</summary>
internal enum AdminRole : byte
{
    /// <summary>Not said. Nothing starts with such a route, and nobody gets in by it.</summary>
    None = 0,

    /// <summary>Whoever can connect: health, sign-in, the description of the API.</summary>
    Anyone,

    /// <summary>Whoever proves who they are, agents included: their own matters only, which the route itself must see to.</summary>
    SignedIn,

    /// <summary>Sees that things are: sessions, nodes, targets, policies. No content, no audit.</summary>
    Viewer,

    /// <summary>Sees what was done: recordings, live sessions, the audit.</summary>
    Auditor,

    /// <summary>Says yes or no to held actions and access. Persons only.</summary>
    Approver,

    /// <summary>Writes policy, and publishes what another has written.</summary>
    PolicyAuthor,

    /// <summary>Users, agents, tokens, targets, and the power over live sessions. Neither sees content nor approves nor writes policy.</summary>
    Administrator,
}

/// <summary>The roles of somebody.</summary>
internal readonly record struct AdminRoleSet(int Bits)
{
    /// <summary>No role.</summary>
    public static AdminRoleSet Empty => default;

    /// <summary>True when it has that role, or one that includes it.</summary>
    public bool Has(AdminRole role) => role != AdminRole.None && (Bits & Bit(role)) != 0;

    /// <summary>With that role, and what it includes: each of the five sees what a viewer sees, and none includes more.</summary>
    public AdminRoleSet With(AdminRole role) => new(Bits | Bit(role) | (role >= AdminRole.Viewer ? Bit(AdminRole.Viewer) : 0));

    /// <summary>Without that role.</summary>
    public AdminRoleSet Without(AdminRole role) => new(Bits & ~Bit(role));

    /// <summary>The roles of both.</summary>
    public AdminRoleSet And(AdminRoleSet other) => new(Bits & other.Bits);

    /// <summary>The five roles that are in it, by name.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            AdminRoleSet self = this;
            return [.. AdminRoles.ByName.Where(pair => self.Has(pair.Value)).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
        }
    }

    private static int Bit(AdminRole role) => 1 << (int)role;
}

/// <summary>The names of roles, and who has which.</summary>
internal static class AdminRoles
{
    /// <summary>The five that a configuration gives to groups and a token's scope names.</summary>
    public static readonly FrozenDictionary<string, AdminRole> ByName = new Dictionary<string, AdminRole>(StringComparer.Ordinal)
    {
        ["viewer"] = AdminRole.Viewer,
        ["auditor"] = AdminRole.Auditor,
        ["approver"] = AdminRole.Approver,
        ["policy-author"] = AdminRole.PolicyAuthor,
        ["administrator"] = AdminRole.Administrator,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What a scope of the admin API begins with: <c>admin:viewer</c>.</summary>
    private const string ScopePrefix = "admin:";

    /// <summary>The roles of an identity: by its groups, and, when its token has a scope, no more than that.</summary>
    /// <param name="groups">Which groups give which role.</param>
    /// <param name="scope">Null: the token says nothing.</param>
    public static AdminRoleSet Of(Contract.Identity identity, IReadOnlyDictionary<AdminRole, FrozenSet<string>> groups, AdminRoleSet? scope)
    {
        AdminRoleSet roles = AdminRoleSet.Empty.With(AdminRole.Anyone).With(AdminRole.SignedIn);
        foreach ((AdminRole role, FrozenSet<string> members) in groups)
        {
            if (identity.Groups.Any(members.Contains))
                roles = roles.With(role);
        }

        // Four eyes are two persons: neither a program, nor a program in a person's name.
        if (identity.Kind != Contract.IdentityKind.Human || !identity.ActingFor.IsEmpty)
            roles = roles.Without(AdminRole.Approver);
        return scope is { } most ? roles.And(most.With(AdminRole.Anyone).With(AdminRole.SignedIn)) : roles;
    }

    /// <summary>The roles that a token's scopes name; other scopes are of other doors.</summary>
    public static AdminRoleSet OfScopes(IEnumerable<string> scopes)
    {
        AdminRoleSet roles = AdminRoleSet.Empty;
        foreach (string scope in scopes)
        {
            if (scope.StartsWith(ScopePrefix, StringComparison.Ordinal) && ByName.TryGetValue(scope[ScopePrefix.Length..], out AdminRole role))
                roles = roles.With(role);
        }

        return roles;
    }

    /// <summary>The role's name, as the documentation and the API's description write it.</summary>
    public static string Name(AdminRole role) => Policy.Yaml.KebabNames.Name(role);
}
