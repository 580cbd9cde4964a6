namespace Sallyport.Policy.Matching;

/// <summary>
/// The first word of a command pattern. Without a slash it means, for stopping, a program of that name wherever it lies, and for granting only
/// the program that is called by just that name. With a slash it means that file; for stopping, also whatever could be it.
/// </summary>
internal sealed class ProgramPattern
{
    private readonly Glob _name;
    private readonly PathPattern? _path;
    private readonly byte[]? _asWritten;

    private ProgramPattern(Glob name, PathPattern? path, byte[]? asWritten) => (_name, _path, _asWritten) = (name, path, asWritten);

    /// <summary>The name behind the last slash, when it is the only one that can match; otherwise null.</summary>
    public byte[]? LiteralName => _name.IsLiteral ? _name.Bytes : null;

    /// <summary>Compiles the word.</summary>
    public static ProgramPattern? Parse(CommandWord word, out string? error)
    {
        error = null;
        int slash = word.Text.LastIndexOf('/');
        if (word.Text.Length == 0 || slash == word.Text.Length - 1)
        {
            error = "names no program";
            return null;
        }

        if (word.Text.Where((c, i) => c is '*' or '?' && !word.Quoted[i]).Count() > DottedPattern.MaxWildcards)
        {
            error = $"has more than {DottedPattern.MaxWildcards} wildcards in its program";
            return null;
        }

        Glob name = Glob.Compile(word.Text.AsSpan(slash + 1), word.Quoted.AsSpan(slash + 1));
        if (slash < 0)
            return new ProgramPattern(name, null, null);
        if (word.Text[0] is '/' or '~' || word.StartsPlain("**/"))
            return PathPattern.Parse(word.Text, out error, word.Quoted) is PathPattern path ? new ProgramPattern(name, path, null) : null;
        Glob whole = Glob.Compile(word.Text, word.Quoted);
        if (whole.IsLiteral)
            return new ProgramPattern(name, null, whole.Bytes);
        error = "has a wildcard in the relative path of its program: begin it with /, ~/ or **/";
        return null;
    }

    /// <summary>True when the program matches.</summary>
    public bool Matches(ReadOnlySpan<byte> program, bool narrow)
    {
        bool isName = !program.Contains((byte)'/');
        if (narrow)
        {
            if (_asWritten is not null)
                return program.SequenceEqual(_asWritten);
            return _path is null ? isName && !program.IsEmpty && _name.Matches(program) : !isName && _path.Matches(program, PathReading.Narrow);
        }

        if (_path is not null && program is [(byte)'/', ..])
            return _path.Matches(program, PathReading.Wide);
        // Called by a relative path, or found on the search path: it could be that file.
        return _name.Matches(PathComponents.Last(program));
    }
}
