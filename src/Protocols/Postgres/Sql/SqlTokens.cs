namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>
/// The tokens of a text with one token of look-ahead. A failure is sticky and looks like the end of the text, so that every loop over
/// tokens ends; whoever started the parse looks at <see cref="Failed"/>.
/// </summary>
internal ref struct SqlTokens
{
    private readonly SqlScannerLimits _limits;
    private SqlLexer _lexer;
    private SqlToken _next;
    private bool _hasNext;
    private int _count;
    private int _depth;
    private int _failedAt;

    public SqlTokens(ReadOnlySpan<byte> text, SqlSettings settings, SqlScannerLimits limits)
    {
        _limits = limits;
        _lexer = new SqlLexer(text, settings.StandardConformingStrings);
        Advance();
    }

    /// <summary>The token to look at.</summary>
    public SqlToken Current;

    /// <summary>Where the token before <see cref="Current"/> ended.</summary>
    public int PreviousEnd;

    /// <summary>The statement was not understood.</summary>
    public bool Failed;

    /// <summary>Nothing after this statement can be trusted either: the lexer gave up, or a body with semicolons follows.</summary>
    public bool Hopeless;

    public readonly ReadOnlySpan<byte> Text => _lexer.Text;

    public readonly SqlTokenKind Kind => Current.Kind;

    /// <summary>The keyword that <see cref="Current"/> is, if it is one.</summary>
    public readonly Kw Keyword => Current.Keyword;

    public readonly bool AtEnd => Current.Kind is SqlTokenKind.End or SqlTokenKind.Semicolon;

    public void Advance()
    {
        if (Failed)
            return;
        PreviousEnd = Current.End;
        if (_hasNext)
        {
            Current = _next;
            _hasNext = false;
        }
        else
        {
            Read(out Current);
        }

        if (Current.Kind == SqlTokenKind.Bad)
            FailHopelessly();
    }

    /// <summary>The token after <see cref="Current"/>.</summary>
    public SqlToken Peek()
    {
        if (!_hasNext && !Failed)
        {
            Read(out _next);
            _hasNext = true;
        }

        return _next;
    }

    public bool Take(SqlTokenKind kind)
    {
        if (Current.Kind != kind)
            return false;
        Advance();
        return true;
    }

    public bool Take(Kw keyword)
    {
        if (Current.Keyword != keyword)
            return false;
        Advance();
        return true;
    }

    /// <summary>Takes both keywords or none.</summary>
    public bool Take(Kw first, Kw second)
    {
        if (Current.Keyword != first || Peek().Keyword != second)
            return false;
        Advance();
        Advance();
        return true;
    }

    public void Expect(SqlTokenKind kind)
    {
        if (!Take(kind))
            Fail();
    }

    public void Expect(Kw keyword)
    {
        if (!Take(keyword))
            Fail();
    }

    /// <summary>One level of nesting deeper. False: too deep, and the parse has failed.</summary>
    public bool Enter()
    {
        if (++_depth <= _limits.Depth)
            return true;
        Fail();
        return false;
    }

    public void Leave() => _depth--;

    public void Fail()
    {
        if (Failed)
            return;
        Failed = true;
        _failedAt = Current.Start;
        Current.Kind = SqlTokenKind.End;
        Current.Keyword = Kw.None;
        _next = Current;
        _hasNext = false;
    }

    public void FailHopelessly()
    {
        Fail();
        Hopeless = true;
    }

    /// <summary>After a failure: goes on behind the next semicolon, at whatever depth it is. A semicolon ends a statement for PostgreSQL's grammar too,
    /// except in two kinds of body, which are hopeless. So at worst more statements are seen than there are.</summary>
    public void Recover()
    {
        int at = Current.Start;
        Failed = false;
        _depth = 0;
        _lexer.MoveTo(_failedAt);
        do
        {
            Advance();
        }
        while (!Failed && !AtEnd);

        if (Failed)
            Current.Start = at;
    }

    private void Read(out SqlToken token)
    {
        _lexer.Next(out token);
        if (++_count > _limits.Tokens)
            token.Kind = SqlTokenKind.Bad;
        if (token.Kind == SqlTokenKind.UnicodeQuoted)
            ReadEscape(ref token);
    }

    /// <summary>U&amp;"…" UESCAPE '!' (4.1.2.3; base_yylex in parser.c): only the simplest spelling of the literal is taken.</summary>
    private void ReadEscape(ref SqlToken token)
    {
        token.NameEnd = token.End;
        _lexer.Next(out SqlToken next);
        if (next.Keyword == Kw.UESCAPE)
        {
            _lexer.Next(out next);
            ReadOnlySpan<byte> literal = Text[next.Start..next.End];
            bool simple = next.Kind == SqlTokenKind.String && literal.Length == 3 && literal[0] == '\'' && IsEscape(literal[1]);
            token.Escape = simple ? literal[1] : (byte)0;
            token.Kind = simple ? token.Kind : SqlTokenKind.Bad;
            token.End = next.End;
            return;
        }

        _lexer.MoveTo(token.End);
    }

    /// <summary>check_uescapechar in parser.c.</summary>
    private static bool IsEscape(byte c) =>
        c is > 0x20 and < 0x7F && !char.IsAsciiHexDigit((char)c) && c is not ((byte)'+' or (byte)'\'' or (byte)'"');
}
