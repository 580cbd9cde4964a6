namespace Sallyport.Policy.Matching;

/// <summary>
/// One entry of a rule's <c>resources</c>: <c>resource</c>, <c>resource.group</c>, either with <c>/subresource</c>; wildcards in each part. What is left out is the core
/// group and no subresource where the rule grants, and every group and subresource where it stops.
/// </summary>
internal sealed class ResourcePattern
{
    private readonly Glob _resource;
    private readonly Glob? _group;
    private readonly Glob? _subresource;

    private ResourcePattern(string text, Glob resource, Glob? group, Glob? subresource) =>
        (Text, _resource, _group, _subresource) = (text, resource, group, subresource);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Names the group.</summary>
    public bool HasGroup => _group is not null;

    /// <summary>Names the subresource.</summary>
    public Glob? Subresource => _subresource;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="error">What is wrong, or null.</param>
    /// <param name="suggestion">What was probably meant.</param>
    public static ResourcePattern? Parse(string text, out string? error, out string? suggestion)
    {
        string[] halves = text.Split('/');
        int dot = halves[0].IndexOf('.', StringComparison.Ordinal);
        string resource = dot < 0 ? halves[0] : halves[0][..dot];
        string? group = dot < 0 ? null : halves[0][(dot + 1)..];
        string? subresource = halves.Length > 1 ? halves[1] : null;
        bool upper = text.Any(char.IsAsciiLetterUpper);
        suggestion = upper ? text.ToLowerInvariant() : null;
        error = halves.Length > 2 ? "has more than one slash: write resource.group/subresource"
            : resource.Length == 0 || group?.Length == 0 || subresource?.Length == 0 ? "has an empty part: write resource.group/subresource"
            : upper ? "has capital letters, which resources do not have"
            : text.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '/' or '*' or '?')) ? "is no resource: write resource.group/subresource"
            : new[] { resource, group, subresource }.Any(p => p?.Count(c => c is '*' or '?') > DottedPattern.MaxWildcards) ? $"has more than {DottedPattern.MaxWildcards} wildcards in one part"
            : null;
        if (error is not null)
            return null;
        return new ResourcePattern(text, Glob.Compile(resource), group is null ? null : Glob.Compile(group), subresource is null ? null : Glob.Compile(subresource));
    }

    /// <summary>True when the resource matches.</summary>
    /// <param name="name">The resource.</param>
    /// <param name="narrow">For granting: only what the pattern says.</param>
    public bool Matches(in ResourceName name, bool narrow)
    {
        if (!_resource.Matches(name.Resource))
            return false;
        if (_group is null ? narrow && !name.Group.IsEmpty : !_group.Matches(name.Group))
            return false;
        return _subresource is null ? !narrow || !name.HasSubresource : name.HasSubresource && _subresource.Matches(name.Subresource);
    }
}
