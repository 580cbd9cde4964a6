namespace Sallyport.Policy.Matching;

/// <summary>One word of a command pattern behind the program: a pattern over one whole argument, by components where it is a path.</summary>
internal sealed class ArgumentPattern
{
    private readonly Glob _glob;
    private readonly PathPattern? _path;

    private ArgumentPattern(Glob glob, PathPattern? path) => (_glob, _path) = (glob, path);

    /// <summary>Compiles a word.</summary>
    public static ArgumentPattern? Parse(CommandWord word, out string? error)
    {
        error = null;
        Glob glob = Glob.Compile(word.Text, word.Quoted);
        if (word.Text.Where((c, i) => c is '*' or '?' && !word.Quoted[i]).Count() > DottedPattern.MaxWildcards)
            error = $"has more than {DottedPattern.MaxWildcards} wildcards in one word";
        PathPattern? path = null;
        if (word.StartsPlain("/") || word.StartsPlain("~/") || word.StartsPlain("**/"))
        {
            path = PathPattern.Parse(word.Text, out string? pathError, word.Quoted);
            // "/srv/" is an argument as good as any: as a pattern of paths it would be none.
            error ??= glob.IsLiteral ? null : pathError;
        }

        return error is null ? new ArgumentPattern(glob, path) : null;
    }

    /// <summary>True when the argument matches.</summary>
    public bool Matches(ReadOnlySpan<byte> argument, bool narrow)
    {
        if (_path is not null && !_glob.IsLiteral)
            return _path.Matches(argument, narrow ? PathReading.Narrow : PathReading.Argument);
        if (!narrow && _path is not null && _path.Matches(argument, PathReading.Argument))
            return true;
        // web* is not meant to grant web/../../etc.
        return _glob.Matches(argument) && (!narrow || _glob.IsLiteral || _glob.IsAny || argument.IndexOf(".."u8) < 0);
    }
}
