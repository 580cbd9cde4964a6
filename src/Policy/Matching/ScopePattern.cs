namespace Sallyport.Policy.Matching;

/// <summary>One entry of a rule's <c>namespaces</c> or <c>names</c>: a text pattern, or <c>(none)</c> for requests that name none.</summary>
internal sealed class ScopePattern
{
    /// <summary>Stands for no namespace, or no name: no namespace can be called so.</summary>
    public const string None = "(none)";

    // Null: no name at all.
    private readonly Glob? _glob;

    private ScopePattern(string text, Glob? glob) => (Text, _glob) = (text, glob);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern.</summary>
    public static ScopePattern? Parse(string text, out string? error)
    {
        error = text.Count(c => c is '*' or '?') > DottedPattern.MaxWildcards ? $"has more than {DottedPattern.MaxWildcards} wildcards"
            : text != None && text.Any(c => c is '(' or ')' or '/' or ' ') ? $"is no name: it has characters that none has ({None} is written so)"
            : null;
        return error is null ? new ScopePattern(text, text == None ? null : Glob.Compile(text)) : null;
    }

    /// <summary>True when the name matches.</summary>
    /// <param name="name">The name; empty: none is given.</param>
    /// <param name="couldBeAny">Without a name it could be every one: for stopping.</param>
    public bool Matches(ReadOnlySpan<byte> name, bool couldBeAny) =>
        name.IsEmpty ? couldBeAny || _glob is null : _glob is not null && _glob.Matches(name);
}
