namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>
/// Reads one word: quotes are taken off (POSIX 2.2), what is expanded at run time (2.6) stays as written and makes the action Unparsed.
/// </summary>
internal sealed class ShellWordReader(ShellWords words, ShellEffects effects, ShellParser parser)
{
    private ShellWordFlags _flags;

    /// <summary>Reads the word that begins here, and adds it to the words.</summary>
    public void Read(ref ShellText t)
    {
        ShellWordFlags outer = _flags;
        _flags = ShellWordFlags.None;
        int start = words.Used, nameLength = 0;
        bool mayAssign = true;
        // =name is the path of a command to zsh (EQUALS); what tests compare by is no name.
        bool isEquals = t.Current == '=';
        var globs = new ShellGlobs();
        while (!effects.Failed && !ShellText.EndsWord(t.Current))
        {
            byte c = t.Current;
            bool plain = false;
            switch (c)
            {
                case (byte)'\'':
                    SingleQuoted(ref t);
                    break;
                case (byte)'"':
                    DoubleQuoted(ref t);
                    break;
                case (byte)'\\':
                    Escaped(ref t, ref mayAssign);
                    continue;
                case (byte)'$':
                    Dollar(ref t, quoted: false);
                    break;
                case (byte)'`':
                    Backquoted(ref t, quoted: false);
                    break;
                default:
                    plain = true;
                    break;
            }

            if (!plain)
            {
                mayAssign &= nameLength > 0;
                continue;
            }

            int at = words.Used - start;
            if (c == '=' && mayAssign && nameLength == 0 && at > 0)
                nameLength = at;
            else if (nameLength == 0 && mayAssign && !(char.IsAsciiLetter((char)c) || c == '_' || (at > 0 && char.IsAsciiDigit((char)c))))
                mayAssign = NotAName(ref t);
            if (c == '~' && at == 0)
                _flags |= ShellWordFlags.Tilde;
            globs.See(c, at);
            words.Append(c);
            t.Position++;
        }

        ReadOnlySpan<byte> text = words.Since(start);
        if (globs.First >= 0 && !(text.Length == 1 && text[0] == '['))
        {
            _flags |= ShellWordFlags.Glob;
            if (ShellGlobs.MayLeave(text, globs.First))
                effects.MarkUnparsed();
        }

        if (globs.HasBrace)
            _flags |= ShellWordFlags.Brace;
        if (globs.Alternatives || (isEquals && !text.SequenceEqual("="u8) && !text.SequenceEqual("=="u8) && !text.SequenceEqual("=~"u8)))
            effects.MarkUnparsed();
        if (nameLength > 0)
            _flags |= ShellWordFlags.Assignment;
        if (words.Overflow)
            effects.Fail();
        words.Add(start, _flags, nameLength);
        _flags = outer;
    }

    /// <summary>A byte that no name has. In front of <c>=</c> it may be what bash assigns by (<c>+=</c>) and others run.</summary>
    private bool NotAName(ref ShellText t)
    {
        if (t.Current == '+' && t.Peek(1) == '=')
            effects.MarkUnparsed();
        return false;
    }

    private void Escaped(ref ShellText t, ref bool mayAssign)
    {
        if (t.Peek(1) == 0)
        {
            effects.Fail();
            return;
        }

        if (t.Peek(1) == '\n')
        {
            t.Position += 2;
            // 2<newline>> is a redirection of 2: nobody writes that.
            if (t.Current is (byte)'<' or (byte)'>')
                effects.Fail();
            return;
        }

        mayAssign = false;
        _flags |= ShellWordFlags.Quoted;
        words.Append(t.Peek(1));
        t.Position += 2;
    }

    private void SingleQuoted(ref ShellText t)
    {
        _flags |= ShellWordFlags.Quoted;
        int end = t.Text[(t.Position + 1)..].IndexOf((byte)'\'');
        if (end < 0)
        {
            effects.Fail();
            return;
        }

        ReadOnlySpan<byte> inner = t.Text.Slice(t.Position + 1, end);
        if (parser.HasPendingDocuments && inner.Contains((byte)'\n'))
            effects.Fail();
        words.Append(inner);
        t.Position += end + 2;
    }

    private void DoubleQuoted(ref ShellText t)
    {
        _flags |= ShellWordFlags.Quoted;
        t.Position++;
        while (!effects.Failed)
        {
            byte c = t.Current;
            switch (c)
            {
                case 0:
                    effects.Fail();
                    return;
                case (byte)'"':
                    t.Position++;
                    return;
                case (byte)'$':
                    Dollar(ref t, quoted: true);
                    break;
                case (byte)'`':
                    Backquoted(ref t, quoted: true);
                    break;
                case (byte)'\\' when t.Peek(1) is (byte)'$' or (byte)'`' or (byte)'"' or (byte)'\\':
                    words.Append(t.Peek(1));
                    t.Position += 2;
                    break;
                case (byte)'\\' when t.Peek(1) == '\n':
                    t.Position += 2;
                    break;
                default:
                    if (c == '\n' && parser.HasPendingDocuments)
                        effects.Fail();
                    words.Append(c);
                    t.Position++;
                    break;
            }
        }
    }

    private void Dollar(ref ShellText t, bool quoted)
    {
        int start = t.Position;
        byte next = t.Peek(1);
        if (next is 0 or (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)')' or (byte)'|' or (byte)';' or (byte)'&' or (byte)'/' or (byte)'.' or (byte)',' || (quoted && next == '"'))
        {
            words.Append((byte)'$');
            t.Position++;
            return;
        }

        _flags |= ShellWordFlags.Expansion;
        effects.MarkUnparsed();
        if (next == '(')
        {
            if (t.Peek(2) == '(')
                ShellExpansions.SkipArithmetic(ref t, effects);
            else
                parser.Substitution(ref t, 2);
        }
        else if (next == '{')
        {
            ShellExpansions.SkipBraces(ref t, effects);
        }
        else if (next == '\'' && !quoted)
        {
            _flags |= ShellWordFlags.Quoted;
            ShellExpansions.AnsiQuoted(ref t, words, effects);
            return;
        }
        else if (next == '"')
        {
            t.Position++;
            return;
        }
        else if (next == '\\' && t.Peek(2) == '\n')
        {
            effects.Fail();
        }
        else
        {
            ShellExpansions.SkipParameter(ref t);
        }

        words.Append(t.Text[start..t.Position]);
    }

    private void Backquoted(ref ShellText t, bool quoted)
    {
        _flags |= ShellWordFlags.Expansion;
        effects.MarkUnparsed();
        int start = t.Position;
        parser.Backquoted(ref t, quoted);
        words.Append(t.Text[start..t.Position]);
    }
}
