using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>
/// What a simple command comes to: its program and arguments, and those of the command that it runs in turn. A program that runs others and cannot be
/// followed makes the action Unparsed.
/// </summary>
internal sealed class ShellCommands
{
    private const int MostDepth = 32;
    private readonly ShellWords _words;
    private readonly ShellEffects _effects;
    private readonly ShellParser _parser;
    private readonly ShellWrappers _wrappers;

    public ShellCommands(ShellWords words, ShellEffects effects, ShellParser parser)
    {
        _words = words;
        _effects = effects;
        _parser = parser;
        _wrappers = new ShellWrappers(words, effects, parser, this);
    }

    /// <summary>A simple command's words: assignments, then a program and its arguments; none of them for redirections alone.</summary>
    public void Run(int first, int count)
    {
        int end = first + count;
        while (first < end && _words[first].Is(ShellWordFlags.Assignment))
            Assign(first++);
        if (first < end)
            Follow(first, end);
    }

    /// <summary>A program and its arguments.</summary>
    public void Follow(int first, int end)
    {
        if (_effects.Depth >= MostDepth)
        {
            _effects.Fail();
            return;
        }

        _effects.Depth++;
        // Each turn takes one wrapper off.
        while (first < end && !_effects.Failed)
        {
            if (!Emit(first, end))
                break;
            first = _wrappers.Unwrap(ShellPrograms.Of(_words.Text(first)), first, ref end);
        }

        // Not understood, but the record shows how it begins.
        if (first < end && _effects.Failed && _effects.Count == 0)
            Emit(first, end);
        _effects.Depth--;
    }

    /// <summary>A variable is set for a command or for those that follow.</summary>
    public void Assign(int word)
    {
        ReadOnlySpan<byte> text = _words.Text(word);
        int equals = text.IndexOf((byte)'=');
        _effects.Add(Verb.Env, equals < 0 ? text : text[..equals]);
    }

    /// <returns>False: which program it is will be known when it runs.</returns>
    private bool Emit(int first, int end)
    {
        ReadOnlySpan<byte> program = _words.Text(first);
        bool known = !program.IsEmpty && program[0] != '=' && !_words[first].Is(ShellWordFlags.NotLiteral) && program.IndexOf("{}"u8) < 0;
        if (!known)
            _effects.MarkUnparsed();
        _effects.Begin();
        _effects.Append(program);
        for (int i = first + 1; i < end; i++)
        {
            _effects.Append([0]);
            _effects.Append(_words.Text(i));
        }

        _effects.End(Verb.Exec, end - first > 1 ? program.Length : 0);
        return known || _words[first].Is(ShellWordFlags.Brace);
    }
}
