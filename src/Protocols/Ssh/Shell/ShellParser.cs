namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>
/// The grammar (POSIX 2.9, 2.10): lists, pipelines, compound commands. Every simple command in it counts as run, whichever way conditions go.
/// What dash, bash and zsh read differently fails.
/// </summary>
internal sealed class ShellParser
{
    private const int MostDepth = 32;
    private readonly ShellWords _words;
    private readonly ShellEffects _effects;
    private readonly ShellWordReader _reader;
    private readonly ShellRedirections _redirections;
    private readonly ShellCommands _commands;

    public ShellParser(ShellWords words, ShellEffects effects)
    {
        _words = words;
        _effects = effects;
        _reader = new ShellWordReader(words, effects, this);
        _redirections = new ShellRedirections(words, effects, _reader, this);
        _commands = new ShellCommands(words, effects, this);
    }

    /// <summary>True between <c>&lt;&lt;</c> and the line that its document starts on.</summary>
    public bool HasPendingDocuments => _redirections.HasPending;

    /// <summary>What is known of the words of all commands together.</summary>
    public ShellWordFlags WordFlags { get; private set; }

    public void Clear()
    {
        WordFlags = ShellWordFlags.None;
        _redirections.Clear();
    }

    /// <summary>Reads a whole text.</summary>
    public void Program(ReadOnlySpan<byte> text)
    {
        if (!Enter())
            return;
        var t = new ShellText(text);
        List(ref t);
        if (!t.AtEnd || HasPendingDocuments)
            _effects.Fail();
        _effects.Depth--;
    }

    /// <summary>Reads <c>$(…)</c>, <c>&lt;(…)</c>, <c>&gt;(…)</c>.</summary>
    /// <param name="opening">Bytes up to the first that is in it.</param>
    public void Substitution(ref ShellText t, int opening)
    {
        // A document that starts on a line within is read differently from shell to shell.
        if (HasPendingDocuments || !Enter())
        {
            _effects.Fail();
            return;
        }

        t.Position += opening;
        List(ref t);
        Expect(ref t, ")"u8);
        if (HasPendingDocuments)
            _effects.Fail();
        _effects.Depth--;
    }

    /// <summary>Reads <c>`…`</c> (POSIX 2.6.3): what is in it is another text, one layer of backslashes taken off.</summary>
    public void Backquoted(ref ShellText t, bool quoted)
    {
        int count = _words.Count, used = _words.Used;
        t.Position++;
        while (t.Current != '`')
        {
            if (t.AtEnd || (quoted && t.Current == '\\' && t.Peek(1) == '"') || (t.Current == '\n' && HasPendingDocuments))
            {
                _effects.Fail();
                return;
            }

            if (t.Current == '\\' && t.Peek(1) is (byte)'$' or (byte)'`' or (byte)'\\')
                t.Position++;
            _words.Append(t.Current);
            t.Position++;
        }

        t.Position++;
        Nested(_words.Since(used));
        _words.Truncate(count, used);
    }

    /// <summary>Reads a text that a command of this text runs.</summary>
    public void Nested(ReadOnlySpan<byte> text)
    {
        if (_words.Overflow || HasPendingDocuments)
            _effects.Fail();
        else
            Program(text);
    }

    private bool Enter()
    {
        if (_effects.Failed)
            return false;
        if (++_effects.Depth <= MostDepth)
            return true;
        _effects.Fail();
        _effects.Depth--;
        return false;
    }

    /// <summary>Commands up to what cannot begin or join one. None at all is fine here.</summary>
    private void List(ref ShellText t)
    {
        LineBreaks(ref t);
        while (!_effects.Failed && !AtListEnd(t))
        {
            AndOr(ref t);
            t.SkipBlanks();
            if (t.Current == ';' && t.Peek(1) is not ((byte)';' or (byte)'&'))
                Operator(ref t, 1);
            else if (t.Current == '&')
                Operator(ref t, 1);
            else if (t.Current != '\n')
                return;
            LineBreaks(ref t);
        }
    }

    /// <summary>A list that must have a command in it.</summary>
    private void Commands(ref ShellText t)
    {
        LineBreaks(ref t);
        if (AtListEnd(t))
            _effects.Fail();
        List(ref t);
    }

    private static bool AtListEnd(in ShellText t) =>
        t.AtEnd || t.Current == ')' || (t.Current == ';' && t.Peek(1) is (byte)';' or (byte)'&')
        || t.IsWord("then"u8) || t.IsWord("else"u8) || t.IsWord("elif"u8) || t.IsWord("fi"u8) || t.IsWord("do"u8) || t.IsWord("done"u8) || t.IsWord("esac"u8) || t.IsWord("}"u8);

    private void AndOr(ref ShellText t)
    {
        Pipeline(ref t);
        while (!_effects.Failed)
        {
            t.SkipBlanks();
            if (!(t.Current == '&' && t.Peek(1) == '&') && !(t.Current == '|' && t.Peek(1) == '|'))
                return;
            Operator(ref t, 2);
            LineBreaks(ref t);
            Pipeline(ref t);
        }
    }

    private void Pipeline(ref ShellText t)
    {
        t.SkipBlanks();
        while (t.IsWord("!"u8))
        {
            t.Position++;
            t.SkipBlanks();
        }

        Command(ref t);
        while (!_effects.Failed)
        {
            t.SkipBlanks();
            if (t.Current != '|' || t.Peek(1) == '|')
                return;
            // |& is bash's and zsh's; the others refuse it.
            Operator(ref t, t.Peek(1) == '&' ? 2 : 1);
            LineBreaks(ref t);
            Command(ref t);
        }
    }

    private void Command(ref ShellText t)
    {
        if (!Enter())
            return;
        bool compound = true;
        if (t.Current == '(')
            Subshell(ref t);
        else if (t.IsWord("{"u8))
            Block(ref t, "{"u8, "}"u8);
        else if (t.IsWord("if"u8))
            If(ref t);
        else if (t.IsWord("while"u8) || t.IsWord("until"u8))
            While(ref t);
        else if (t.IsWord("for"u8))
            For(ref t);
        else if (t.IsWord("case"u8))
            Case(ref t);
        else
            compound = false;

        if (!compound)
            Simple(ref t);
        while (compound && !_effects.Failed && _redirections.TryRead(ref t))
        {
        }

        _effects.Depth--;
    }

    private void Subshell(ref ShellText t)
    {
        // ((…)) is a sum for bash and zsh.
        if (t.Peek(1) == '(')
            _effects.Fail();
        t.Position++;
        Commands(ref t);
        Expect(ref t, ")"u8);
    }

    private void Block(ref ShellText t, ReadOnlySpan<byte> open, ReadOnlySpan<byte> close)
    {
        t.Position += open.Length;
        Commands(ref t);
        ExpectWord(ref t, close);
    }

    private void If(ref ShellText t)
    {
        Block(ref t, "if"u8, "then"u8);
        Commands(ref t);
        while (!_effects.Failed && t.IsWord("elif"u8))
        {
            Block(ref t, "elif"u8, "then"u8);
            Commands(ref t);
        }

        if (t.IsWord("else"u8))
        {
            t.Position += 4;
            Commands(ref t);
        }

        ExpectWord(ref t, "fi"u8);
    }

    private void While(ref ShellText t)
    {
        Block(ref t, "while"u8, "do"u8);
        Commands(ref t);
        ExpectWord(ref t, "done"u8);
    }

    private void For(ref ShellText t)
    {
        t.Position += 3;
        int count = _words.Count, used = _words.Used;
        ReadWord(ref t);
        if (!_effects.Failed && (_words[count].Is(ShellWordFlags.NotLiteral) || _words[count].Length == 0))
            _effects.Fail();
        LineBreaks(ref t);
        if (t.IsWord("in"u8))
        {
            t.Position += 2;
            for (t.SkipBlanks(); !_effects.Failed && !ShellText.EndsWord(t.Current); t.SkipBlanks())
                _reader.Read(ref t);
            if (t.Current is not ((byte)';' or (byte)'\n'))
                _effects.Fail();
        }

        _words.Truncate(count, used);
        if (t.Current == ';')
            Operator(ref t, 1);
        LineBreaks(ref t);
        if (t.IsWord("do"u8))
            Block(ref t, "do"u8, "done"u8);
        else
            _effects.Fail();
    }

    private void Case(ref ShellText t)
    {
        t.Position += 4;
        int count = _words.Count, used = _words.Used;
        ReadWord(ref t);
        LineBreaks(ref t);
        ExpectWord(ref t, "in"u8);
        LineBreaks(ref t);
        while (!_effects.Failed && !t.IsWord("esac"u8))
        {
            if (t.Current == '(')
                Operator(ref t, 1);
            do
            {
                t.SkipBlanks();
                if (t.Current == '|')
                    t.Position++;
                ReadWord(ref t);
                t.SkipBlanks();
            }
            while (!_effects.Failed && t.Current == '|' && t.Peek(1) != '|');
            Expect(ref t, ")"u8);
            List(ref t);
            if (t.Current == ';' && t.Peek(1) == ';')
                Operator(ref t, t.Peek(2) == '&' ? 3 : 2);
            else if (t.Current == ';' && t.Peek(1) == '&')
                Operator(ref t, 2);
            else if (!t.IsWord("esac"u8))
                _effects.Fail();
            LineBreaks(ref t);
        }

        ExpectWord(ref t, "esac"u8);
        _words.Truncate(count, used);
    }

    private void Simple(ref ShellText t)
    {
        int count = _words.Count, used = _words.Used;
        bool redirected = false, ampersand = false;
        while (!_effects.Failed)
        {
            t.SkipBlanks();
            if (_redirections.TryRead(ref t))
            {
                redirected = true;
                ampersand |= _redirections.WasAmpersand;
                continue;
            }

            if (ShellText.EndsWord(t.Current))
                break;
            // "a &>f b" runs b in a shell that reads it as "a &" and ">f b".
            if (ampersand)
                _effects.MarkUnparsed();
            _reader.Read(ref t);
            WordFlags |= _words[_words.Count - 1].Flags;
        }

        int found = _words.Count - count;
        if (t.Current == '(' && !_effects.Failed)
        {
            if (found == 1 && !redirected && _words[count].Flags == ShellWordFlags.None)
                Function(ref t);
            else
                _effects.Fail();
        }
        else if (found == 0 && !redirected)
        {
            _effects.Fail();
        }
        else
        {
            _commands.Run(count, found);
        }

        _words.Truncate(count, used);
    }

    /// <summary><c>name ( ) compound-command</c>: its body counts as run.</summary>
    private void Function(ref ShellText t)
    {
        t.Position++;
        t.SkipBlanks();
        Expect(ref t, ")"u8);
        LineBreaks(ref t);
        if (t.Current == '(' || t.IsWord("{"u8) || t.IsWord("if"u8) || t.IsWord("while"u8) || t.IsWord("until"u8) || t.IsWord("for"u8) || t.IsWord("case"u8))
            Command(ref t);
        else
            _effects.Fail();
    }

    private void ReadWord(ref ShellText t)
    {
        t.SkipBlanks();
        if (ShellText.EndsWord(t.Current))
            _effects.Fail();
        else
            _reader.Read(ref t);
    }

    private void LineBreaks(ref ShellText t)
    {
        for (t.SkipBlanks(); t.Current == '\n' && !_effects.Failed; t.SkipBlanks())
        {
            t.Position++;
            _redirections.ReadDocuments(ref t);
        }
    }

    /// <summary>Steps over an operator. One that goes on behind a continued line would be another one.</summary>
    private void Operator(ref ShellText t, int length)
    {
        t.Position += length;
        if (t.Current == '\\' && t.Peek(1) == '\n')
            _effects.Fail();
    }

    private void Expect(ref ShellText t, ReadOnlySpan<byte> what)
    {
        if (t.AtEnd || !t.Text[t.Position..].StartsWith(what))
            _effects.Fail();
        else
            t.Position += what.Length;
    }

    private void ExpectWord(ref ShellText t, ReadOnlySpan<byte> word)
    {
        if (!t.IsWord(word))
            _effects.Fail();
        else
            t.Position += word.Length;
    }
}
