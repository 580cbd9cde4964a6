namespace Sallyport.Protocols.Http2;

/// <summary>
/// As whom a Kubernetes target gets to know people (Kubernetes, "User impersonation"). Names that begin with <c>system:</c> are the cluster's own, and <c>system:masters</c> may do
/// everything: an identity provider that calls a group so must not make anybody administrator, so no such name is passed on unless the operator lists it.
/// </summary>
public sealed record HttpImpersonation
{
    /// <summary>The names that are the cluster's own.</summary>
    public const string Reserved = "system:";

    /// <summary>Stands before every name of a person and a group, as <c>--oidc-groups-prefix</c> does: what identity providers say is then never the cluster's own.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Groups that are passed on; one may end with a star. Null: all but the cluster's own.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>People with one of the cluster's own names who may be impersonated; one may end with a star.</summary>
    public IReadOnlyList<string> SystemUsers { get; init; } = [];

    /// <summary>True when nothing that this stands before is one of the cluster's own names: it is neither like their beginning nor a part of it, as <c>sys</c> is.</summary>
    public static bool IsPrefix(string prefix) => prefix.Length == 0 || !(prefix.StartsWith(Reserved, StringComparison.Ordinal) || Reserved.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>True when the target may be told that it is this person.</summary>
    public bool PassesUser(string subject) => IsPlain(subject) && (!IsReserved(subject) || Lists(SystemUsers, Prefix + subject));

    /// <summary>True when the target may be told that the person is in this group.</summary>
    public bool PassesGroup(string group)
    {
        if (!IsPlain(group))
            return false;
        // A pattern as wide as "*" does not mean the cluster's own: those must be meant.
        return IsReserved(group)
            ? Groups is not null && Lists(Groups.Where(pattern => pattern.StartsWith(Reserved, StringComparison.Ordinal)), Prefix + group)
            : Groups is null || Lists(Groups, group);
    }

    // What the cluster is told counts.
    private bool IsReserved(string name) => (Prefix + name).StartsWith(Reserved, StringComparison.Ordinal);

    // Servers take the white space around a field's value away (RFC 9110 5.5), and what is left may be another name.
    private static bool IsPlain(string name) => name.Length > 0 && name.Trim().Length == name.Length && !name.Any(char.IsControl);

    private static bool Lists(IEnumerable<string> patterns, string name) =>
        patterns.Any(pattern => pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : name == pattern);
}
