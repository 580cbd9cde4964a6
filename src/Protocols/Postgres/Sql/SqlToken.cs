namespace Sallyport.Protocols.Postgres.Sql;

internal enum SqlTokenKind : byte
{
    /// <summary>The end of the text, or of what could be understood.</summary>
    End = 0,

    /// <summary>Something that PostgreSQL's lexer refuses, or that we do.</summary>
    Bad,

    /// <summary>An unquoted identifier or keyword.</summary>
    Word,

    /// <summary>"…".</summary>
    Quoted,

    /// <summary>U&amp;"…", with the escape character in <see cref="SqlToken.Escape"/>.</summary>
    UnicodeQuoted,

    /// <summary>Any literal in quotes or dollar quotes.</summary>
    String,
    Number,
    Param,

    /// <summary>An operator other than a lone <c>*</c>.</summary>
    Op,
    Star,
    Comma,
    Dot,
    Semicolon,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,

    /// <summary>::</summary>
    TypeCast,

    /// <summary><c>:</c>, <c>:=</c> or <c>..</c></summary>
    Colon,
}

/// <summary>One token: where it is, and what it is.</summary>
internal struct SqlToken
{
    public int Start;
    public int End;

    /// <summary>Where the name in a <see cref="SqlTokenKind.UnicodeQuoted"/> ends; <see cref="End"/> is behind its UESCAPE clause.</summary>
    public int NameEnd;
    public SqlTokenKind Kind;
    public byte Escape;
    public Kw Keyword;

    /// <summary>True for anything that may stand after a dot or after AS (ColLabel in gram.y): every keyword may.</summary>
    public readonly bool IsLabel => Kind is SqlTokenKind.Word or SqlTokenKind.Quoted or SqlTokenKind.UnicodeQuoted;

    /// <summary>True for anything that may name a table, a column or an alias (ColId in gram.y).</summary>
    public readonly bool IsColId => IsLabel && SqlKeywords.IsColId(Keyword);
}
