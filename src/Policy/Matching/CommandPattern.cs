namespace Sallyport.Policy.Matching;

/// <summary>
/// One entry of a rule's <c>commands</c>: a program and, word by word, its arguments, each a pattern over one whole argument; <c>**</c> as the last
/// word stands for whatever else follows. With options in any order (<see cref="OptionsWord"/>) each other word must be some argument, wherever.
/// </summary>
internal sealed class CommandPattern
{
    /// <summary>Longest pattern, in characters: templates of whole commands are longer than names.</summary>
    public const int MaxLength = 1024;

    private readonly ProgramPattern? _program;
    private readonly ArgumentPattern[] _words;
    private readonly OptionsWord[] _options;
    private readonly bool _open;

    private CommandPattern(string text, ProgramPattern? program, ArgumentPattern[] words, OptionsWord[] options, bool open) =>
        (Text, _program, _words, _options, _open) = (text, program, words, options, open);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Has options in any order, which are for stopping only.</summary>
    public bool HasOptions => _options.Length > 0;

    /// <summary>The name of the program without its directory, when only one matches; otherwise null.</summary>
    public byte[]? ProgramName => _program?.LiteralName;

    /// <summary>Reads a pattern.</summary>
    public static CommandPattern? Parse(string text, out string? error)
    {
        IReadOnlyList<CommandWord> words = CommandWords.Split(text, out error);
        if (error is not null)
            return null;
        bool open = words[^1].IsPlain("**");
        CommandWord[] named = [.. open ? words.SkipLast(1) : words];
        if (named.Any(w => w.IsPlain("**")))
            error = "has ** before its end: only the last word stands for any arguments";
        if (named.Length == 0 || error is not null)
            return error is null ? new CommandPattern(text, null, [], [], open) : null;

        ProgramPattern? program = ProgramPattern.Parse(named[0], out error);
        List<ArgumentPattern> arguments = [];
        List<OptionsWord> options = [];
        foreach (CommandWord word in named.Skip(1))
        {
            if (word.StartsPlain(OptionsWord.Opening))
            {
                if (OptionsWord.Parse(word.Text, out string? optionError) is OptionsWord option)
                    options.Add(option);
                error ??= optionError;
                continue;
            }

            if (ArgumentPattern.Parse(word, out string? wordError) is ArgumentPattern argument)
                arguments.Add(argument);
            error ??= wordError;
        }

        return error is null ? new CommandPattern(text, program, [.. arguments], [.. options], open) : null;
    }

    /// <summary>True when the command matches.</summary>
    /// <param name="program">As it was written.</param>
    /// <param name="arguments">All of them.</param>
    /// <param name="narrow">For granting: the program as written, and no path that is not certain.</param>
    public bool Matches(ReadOnlySpan<byte> program, ArgumentList arguments, bool narrow)
    {
        if (_program is null)
            return true;
        if (!_program.Matches(program, narrow))
            return false;
        return HasOptions ? MatchesAnywhere(arguments, narrow) : MatchesInOrder(arguments, narrow);
    }

    private bool MatchesInOrder(ArgumentList arguments, bool narrow)
    {
        foreach (ArgumentPattern word in _words)
        {
            if (!arguments.TryNext(out ReadOnlySpan<byte> argument) || !word.Matches(argument, narrow))
                return false;
        }

        return _open || !arguments.TryNext(out _);
    }

    private bool MatchesAnywhere(ArgumentList arguments, bool narrow)
    {
        foreach (OptionsWord option in _options)
        {
            if (!option.Matches(arguments))
                return false;
        }

        foreach (ArgumentPattern word in _words)
        {
            ArgumentList left = arguments;
            bool found = false;
            while (!found && left.TryNext(out ReadOnlySpan<byte> argument))
                found = word.Matches(argument, narrow);
            if (!found)
                return false;
        }

        return true;
    }
}
