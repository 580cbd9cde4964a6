namespace Sallyport.Policy.Matching;

/// <summary>How a path is read that does not say for certain which file it means.</summary>
internal enum PathReading
{
    /// <summary>For granting: only what is absolute (or below the home directory) and normalised.</summary>
    Narrow,

    /// <summary>For stopping: whatever could be a file of the pattern.</summary>
    Wide,

    /// <summary>For stopping by an argument of a command, which may be no path at all: a relative one counts only from a component on that the pattern names.</summary>
    Argument,
}

/// <summary>
/// A pattern of paths: <c>*</c> and <c>?</c> within one component, <c>**</c> any number of components. It begins with <c>/</c>, with <c>~/</c> (the
/// home directory of the account) or with <c>**/</c> (anywhere); <c>**</c> alone means every path. Matching allocates nothing.
/// </summary>
internal sealed class PathPattern
{
    /// <summary>Most components: keeps the cost of a match small.</summary>
    public const int MaxComponents = 64;

    private readonly PathRoot _root;

    // Null: any number of components.
    private readonly Glob?[] _components;
    private readonly Glob?[] _anywhere;

    private PathPattern(string text, PathRoot root, Glob?[] components)
    {
        Text = text;
        _root = root;
        _components = components;
        _anywhere = [null, .. components];
        IsEverything = text == "**";
    }

    /// <summary>What a path begins with.</summary>
    private enum PathRoot
    {
        Anywhere,
        Absolute,
        Home,
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The pattern <c>**</c>.</summary>
    public bool IsEverything { get; }

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="error">What is wrong, or null.</param>
    /// <param name="quoted">For each character, whether it stands for itself; empty: none is quoted.</param>
    public static PathPattern? Parse(string text, out string? error, ReadOnlySpan<bool> quoted = default)
    {
        error = null;
        PathRoot root = text.StartsWith('/') ? PathRoot.Absolute : text == "~" || text.StartsWith("~/", StringComparison.Ordinal) ? PathRoot.Home : PathRoot.Anywhere;
        if (root == PathRoot.Anywhere && text != "**" && !text.StartsWith("**/", StringComparison.Ordinal))
            error = "is no pattern of paths: it must begin with /, ~/ or **/";
        if (text is "/" or "~" || error is not null)
            return error is null ? new PathPattern(text, root, []) : null;

        List<Glob?> components = [];
        int start = root == PathRoot.Anywhere ? 0 : text.IndexOf('/') + 1;
        while (start <= text.Length && error is null)
        {
            int slash = text.IndexOf('/', start);
            int end = slash < 0 ? text.Length : slash;
            components.Add(Component(text[start..end], quoted.IsEmpty ? [] : quoted[start..end], out error));
            start = end + 1;
        }

        if (error is null && components.Count > MaxComponents)
            error = $"has more than {MaxComponents} components";
        return error is null ? new PathPattern(text, root, [.. components]) : null;
    }

    /// <summary>True when the path matches, or, read widely, could be one that does.</summary>
    public bool Matches(ReadOnlySpan<byte> path, PathReading reading) => Matches(new PathName(path), reading);

    /// <summary>The same of a path that has been looked at for several patterns.</summary>
    public bool Matches(in PathName path, PathReading reading)
    {
        if (IsEverything)
            return true;
        if (reading == PathReading.Narrow)
        {
            bool known = _root switch { PathRoot.Absolute => path.IsAbsolute, PathRoot.Home => path.IsHome || path.IsBelowHome, _ => path.IsAbsolute || path.IsHome };
            // What lies below is granted by a pattern that ends in ** only: it matches all of that if it matches the directory.
            return known && path.IsNormalised && (!path.Below || _components is [.., null]) && Match(_components, _root == PathRoot.Home ? path.HomeRest : path.Rest);
        }

        if (path.IsRooted && path.IsAbsolute)
            return Match(_root == PathRoot.Home ? _anywhere : _components, path.Rest, path.Below);
        return path.IsRooted && _root == PathRoot.Home ? Match(_components, path.Rest, path.Below) : MatchTail(path.Tail, reading, path.Below);
    }

    private static Glob? Component(string text, ReadOnlySpan<bool> quoted, out string? error)
    {
        bool any = text == "**" && !quoted.Contains(true);
        error = text switch
        {
            "" => "has an empty component: leave out the slash at its end, and double slashes",
            "." or ".." => "has a component . or ..: paths are normalised before they are judged",
            _ when !any && text.Contains("**", StringComparison.Ordinal) && quoted.IsEmpty => "has ** inside a component: it must stand alone between slashes",
            _ when !any && text.Count(c => c is '*' or '?') > DottedPattern.MaxWildcards => $"has more than {DottedPattern.MaxWildcards} wildcards in one component",
            _ => null,
        };
        return any || error is not null ? null : Glob.Compile(text, quoted);
    }

    // True when there are components that, put before these, make a path that matches.
    private bool MatchTail(ReadOnlySpan<byte> tail, PathReading reading, bool below)
    {
        ReadOnlySpan<Glob?> pattern = _root == PathRoot.Home ? _anywhere : _components;
        if (!PathComponents.TryNext(ref tail, out ReadOnlySpan<byte> first))
            return true;
        for (int i = 0; i < pattern.Length; i++)
        {
            bool anywhere = i == 0 && _root == PathRoot.Anywhere;
            if (reading == PathReading.Argument && !anywhere && pattern[i] is not { IsLiteral: true })
                continue;
            if (pattern[i] is null ? MatchAfter(pattern[i..], first, tail, below) : pattern[i]!.Matches(first) && Match(pattern[(i + 1)..], tail, below))
                return true;
        }

        return false;
    }

    // The pattern begins with **: it may end before the first component, or take it and go on.
    private static bool MatchAfter(ReadOnlySpan<Glob?> pattern, ReadOnlySpan<byte> first, ReadOnlySpan<byte> tail, bool below) =>
        pattern.Length == 1 || (pattern[1] is Glob next && next.Matches(first) && Match(pattern[2..], tail, below)) || Match(pattern, tail, below);

    // Greedy with one point of return, as in Glob: a later ** makes an earlier one's choice final.
    // With below, what is left of the pattern may match what lies below the path.
    private static bool Match(ReadOnlySpan<Glob?> pattern, ReadOnlySpan<byte> path, bool below = false)
    {
        int p = 0;
        int anyAt = -1;
        ReadOnlySpan<byte> anyRest = default;
        while (true)
        {
            if (p < pattern.Length && pattern[p] is null)
            {
                anyAt = p++;
                anyRest = path;
                if (p == pattern.Length)
                    return true;
                continue;
            }

            ReadOnlySpan<byte> rest = path;
            if (!PathComponents.TryNext(ref rest, out ReadOnlySpan<byte> component))
                return below || p == pattern.Length;
            if (p < pattern.Length && pattern[p]!.Matches(component))
            {
                p++;
                path = rest;
                continue;
            }

            if (anyAt < 0 || !PathComponents.TryNext(ref anyRest, out _))
                return false;
            p = anyAt + 1;
            path = anyRest;
        }
    }
}
