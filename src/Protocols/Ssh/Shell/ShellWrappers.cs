using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>Finds the command in the arguments of a program that runs one.</summary>
internal sealed class ShellWrappers(ShellWords words, ShellEffects effects, ShellParser parser, ShellCommands commands)
{
    private const int None = int.MaxValue;

    /// <summary>How many programs around this one put arguments in the place of <c>{}</c>.</summary>
    private int _fed;

    /// <summary>Where the inner command begins; at or behind <paramref name="end"/>: there is none, or all of it is told already.</summary>
    /// <param name="first">The program's own word.</param>
    /// <param name="end">Behind the last word; moved when the inner command is another range.</param>
    public int Unwrap(ShellProgram program, int first, ref int end)
    {
        switch (program.Kind)
        {
            case ShellProgramKind.Wrapper:
                return Wrapper(program, first, end);
            case ShellProgramKind.Shell:
                Shell(first, end);
                return None;
            case ShellProgramKind.Eval:
                Joined(first + 1, end);
                return None;
            case ShellProgramKind.Trap:
                Trap(first, end);
                return None;
            case ShellProgramKind.Su:
                Su(program, first, end);
                return None;
            case ShellProgramKind.Script:
                Script(program, first, end);
                return None;
            case ShellProgramKind.Watch:
                Watch(program, first, end);
                return None;
            case ShellProgramKind.Flock:
                return Flock(program, first, end);
            case ShellProgramKind.Xargs:
                Xargs(program, first, end);
                return None;
            case ShellProgramKind.Find:
                Find(first, end);
                return None;
            case ShellProgramKind.Variables:
                Variables(first, end);
                return None;
            case ShellProgramKind.Evaluates:
                Evaluates(first, end);
                return None;
            case ShellProgramKind.Unseen:
                effects.MarkUnparsed();
                return None;
            default:
                return None;
        }
    }

    private int Wrapper(ShellProgram program, int first, int end)
    {
        int at = Options(program, first, end);
        if (at == None)
            return None;
        if (program.LoginShell && IsReadAgain(first + 1, at, end))
            effects.MarkUnparsed();
        // env's lone dash is -i.
        if (program.Assigns && at < end && words.Text(at).SequenceEqual("-"u8))
            at++;
        for (int operands = program.Operands; operands > 0 && at < end; operands--)
            at = Known(at) ? at + 1 : None;
        while (program.Assigns && at < end && words.Text(at).Contains((byte)'='))
        {
            if (words[at].Is(ShellWordFlags.NotLiteral))
                effects.MarkUnparsed();
            commands.Assign(at++);
        }

        if (at == end && !program.MayBeAlone)
            effects.MarkUnparsed();
        return at;
    }

    private bool IsReadAgain(int from, int command, int end)
    {
        bool login = false, expands = false;
        for (int i = from; i < command; i++)
            login |= ShellOptions.Has(words.Text(i), 'i', "login"u8);
        for (int i = command; i < end; i++)
            expands |= words.Text(i).Contains((byte)'$');
        return login && expands;
    }

    /// <summary>Behind the options; <see cref="None"/> when nothing is run, or when that is not known.</summary>
    private int Options(ShellProgram program, int first, int end)
    {
        int at = ShellOptions.Skip(words, program, first + 1, end);
        if (at == ShellOptions.Unknown)
            effects.MarkUnparsed();
        return at < 0 ? None : at;
    }

    /// <summary>A word in front of an inner command: one that may become several moves the command.</summary>
    private bool Known(int word)
    {
        if (!words[word].Is(ShellWordFlags.NotLiteral))
            return true;
        effects.MarkUnparsed();
        return false;
    }

    /// <summary><c>sh -c text</c> runs the text. What a shell reads from its standard input cannot be seen.</summary>
    private void Shell(int first, int end)
    {
        int i = first + 1;
        bool text = false;
        for (; i < end && words.Text(i) is { Length: > 1 } option && option[0] is (byte)'-' or (byte)'+'; i++)
        {
            if (!Known(i))
                return;
            if (option.SequenceEqual("--"u8))
            {
                i++;
                break;
            }

            bool known = option[1] == '-'
                ? option.SequenceEqual("--login"u8) || option.SequenceEqual("--posix"u8) || option.SequenceEqual("--norc"u8) || option.SequenceEqual("--noprofile"u8)
                : option[1..].IndexOfAnyExcept("abcefhlpuvxBCETmo"u8) < 0;
            if (!known)
            {
                effects.MarkUnparsed();
                return;
            }

            if (option[1] == '-')
                continue;
            text |= option[0] == '-' && option.Contains((byte)'c');
            i += option.Count((byte)'o');
        }

        if (i >= end || !Known(i))
            effects.MarkUnparsed();
        else if (text)
            Run(words.Text(i));
        else if (words.Text(i) is var file && (file.StartsWith("/dev/"u8) || file.StartsWith("/proc/"u8) || file.SequenceEqual("-"u8) || file.IsEmpty || file.IndexOf("{}"u8) >= 0))
            effects.MarkUnparsed();
    }

    private void Run(ReadOnlySpan<byte> text)
    {
        if (_fed > 0 && text.IndexOf("{}"u8) >= 0)
            effects.MarkUnparsed();
        parser.Nested(text);
    }

    /// <summary>Runs words as one text, blanks between them.</summary>
    private void Joined(int from, int end)
    {
        int count = words.Count, used = words.Used;
        for (int i = from; i < end; i++)
        {
            if (!Known(i))
                continue;
            words.Append(words.Text(i));
            words.Append((byte)' ');
        }

        if (from < end)
            Run(words.Since(used));
        words.Truncate(count, used);
    }

    private void Trap(int first, int end)
    {
        int at = first + 1;
        if (at < end && words.Text(at).SequenceEqual("--"u8))
            at++;
        if (at < end && Known(at) && !words.Text(at).SequenceEqual("-"u8))
            Run(words.Text(at));
    }

    private void Su(ShellProgram program, int first, int end)
    {
        bool runs = false, user = false;
        for (int i = first + 1; i < end && !effects.Failed; i++)
        {
            ReadOnlySpan<byte> word = words.Text(i);
            if (!Known(i))
                return;
            bool own = word.SequenceEqual("-c"u8) || word.SequenceEqual("--command"u8);
            if (own && i + 1 < end && !runs)
            {
                if (Known(++i))
                    Run(words.Text(i));
                runs = true;
            }
            else if (word.StartsWith("--command="u8) && !runs)
            {
                Run(word["--command="u8.Length..]);
                runs = true;
            }
            else if (word.SequenceEqual("-"u8))
            {
                continue;
            }
            else if (word.StartsWith("-"u8))
            {
                int next = word.SequenceEqual("--"u8) ? ShellOptions.Unknown : ShellOptions.Skip(words, program, i, i + 1);
                if (next < 0)
                {
                    effects.MarkUnparsed();
                    return;
                }
            }
            else if (user)
            {
                effects.MarkUnparsed();
                return;
            }
            else
            {
                user = true;
            }
        }

        if (!runs)
            effects.MarkUnparsed();
    }

    private void Script(ShellProgram program, int first, int end)
    {
        bool runs = false, file = false;
        for (int i = first + 1; i < end && !effects.Failed; i++)
        {
            ReadOnlySpan<byte> word = words.Text(i);
            if (!Known(i))
                return;
            if (word is { Length: > 1 } && word[0] == '-' && word[1] != '-' && word[^1] == 'c' && word[1..^1].IndexOfAnyExcept("aefq"u8) < 0 && i + 1 < end && !runs)
            {
                if (Known(++i))
                    Run(words.Text(i));
                runs = true;
            }
            else if (word.StartsWith("-"u8))
            {
                if (ShellOptions.Skip(words, program, i, i + 1) != i + 1)
                {
                    effects.MarkUnparsed();
                    return;
                }
            }
            else
            {
                if (!ShellPaths.Add(effects, Verb.FileWrite, word) || file)
                    effects.MarkUnparsed();
                file = true;
            }
        }

        if (!file)
            effects.Add(Verb.FileWrite, "typescript"u8);
        if (!runs)
            effects.MarkUnparsed();
    }

    private void Watch(ShellProgram program, int first, int end)
    {
        int at = Options(program, first, end);
        if (at >= end)
            effects.MarkUnparsed();
        else
            Joined(at, end);
    }

    private int Flock(ShellProgram program, int first, int end)
    {
        int at = Options(program, first, end);
        if (at >= end || !Known(at))
            return None;
        at++;
        if (at < end && (words.Text(at).SequenceEqual("-c"u8) || words.Text(at).SequenceEqual("--command"u8)))
        {
            if (at + 2 != end || !Known(at + 1))
                effects.MarkUnparsed();
            else
                Run(words.Text(at + 1));
            return None;
        }

        return at;
    }

    /// <summary>The command's last arguments come from elsewhere: <c>{}</c> stands for them.</summary>
    private void Xargs(ShellProgram program, int first, int end)
    {
        int at = Options(program, first, end);
        if (at == None)
            return;
        bool placed = false;
        for (int i = first + 1; i < at; i++)
        {
            ReadOnlySpan<byte> option = words.Text(i);
            bool replace = option.StartsWith("-I"u8) || option.StartsWith("--replace"u8);
            if (!replace)
                continue;
            bool usual = option.SequenceEqual("-I{}"u8) || option.SequenceEqual("--replace={}"u8) || (option.Length == 2 && i + 1 < at && words.Text(i + 1).SequenceEqual("{}"u8));
            if (!usual)
                effects.MarkUnparsed();
            placed = true;
        }

        if (at >= end)
            return;
        int from = words.Count;
        for (int i = at; i < end; i++)
            words.Repeat(words[i]);
        if (!placed)
        {
            int start = words.Used;
            words.Append("{}"u8);
            words.Add(start, ShellWordFlags.Quoted);
        }

        Feed(from, words.Count);
    }

    private void Feed(int from, int end)
    {
        if (ShellPrograms.Of(words.Text(from)).Kind is ShellProgramKind.Find or ShellProgramKind.Xargs or ShellProgramKind.Eval or ShellProgramKind.Watch or ShellProgramKind.Su or ShellProgramKind.Flock or ShellProgramKind.Script)
            effects.MarkUnparsed();
        _fed++;
        commands.Follow(from, end);
        _fed--;
    }

    /// <summary><c>-exec … ;</c>, <c>-exec … {} +</c>, and what find itself removes or writes.</summary>
    private void Find(int first, int end)
    {
        bool deletes = false;
        for (int i = first + 1; i < end && !effects.Failed; i++)
        {
            ReadOnlySpan<byte> word = words.Text(i);
            if (word.SequenceEqual("-delete"u8))
                deletes = true;
            else if (word.SequenceEqual("-fprint"u8) || word.SequenceEqual("-fprint0"u8) || word.SequenceEqual("-fprintf"u8) || word.SequenceEqual("-fls"u8))
                Written(i + 1, end);
            else if (word.SequenceEqual("-exec"u8) || word.SequenceEqual("-execdir"u8) || word.SequenceEqual("-ok"u8) || word.SequenceEqual("-okdir"u8))
                i = FindExec(i + 1, end);
            else if (word.StartsWith("-files0-from"u8))
                effects.MarkUnparsed();
        }

        if (deletes)
            FindDelete(first, end);
    }

    private int FindExec(int from, int end)
    {
        int to = from;
        while (to < end && !words.Text(to).SequenceEqual(";"u8) && !(words.Text(to).SequenceEqual("+"u8) && to > from && words.Text(to - 1).SequenceEqual("{}"u8)))
            to++;
        if (to == end || to == from)
            effects.MarkUnparsed();
        if (to > from)
            Feed(from, to);
        return to;
    }

    private void Written(int word, int end)
    {
        if (word >= end || !Known(word) || !ShellPaths.Add(effects, Verb.FileWrite, words.Text(word)))
            effects.MarkUnparsed();
    }

    private void FindDelete(int first, int end)
    {
        bool any = false;
        for (int i = first + 1; i < end; i++)
        {
            ReadOnlySpan<byte> word = words.Text(i);
            if (!any && (word.SequenceEqual("-H"u8) || word.SequenceEqual("-L"u8) || word.SequenceEqual("-P"u8)))
                continue;
            if (word.StartsWith("-"u8) || word.StartsWith("("u8) || word.StartsWith("!"u8))
                break;
            if (!ShellPaths.Add(effects, Verb.FileRemove, word))
                effects.MarkUnparsed();
            any = true;
        }

        if (!any)
            effects.Add(Verb.FileRemove, "."u8);
    }

    private void Variables(int first, int end)
    {
        Evaluates(first, end);
        for (int i = first + 1; i < end; i++)
        {
            if (!words.Text(i).StartsWith("-"u8) && !words.Text(i).StartsWith("+"u8))
                commands.Assign(i);
        }
    }

    private void Evaluates(int first, int end)
    {
        for (int i = first + 1; i < end; i++)
        {
            ReadOnlySpan<byte> word = words.Text(i);
            if (word.Contains((byte)'[') && word.IndexOfAny((byte)'$', (byte)'`') >= 0)
                effects.MarkUnparsed();
        }
    }
}
