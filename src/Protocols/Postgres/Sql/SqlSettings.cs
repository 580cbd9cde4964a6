namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>What is known of a setting that the server reports.</summary>
public enum TriState : byte
{
    Off = 0,
    On = 1,
    Unknown = 2,
}

/// <summary>The session settings that change how PostgreSQL lexes a text.</summary>
/// <param name="StandardConformingStrings">Whether a backslash in a plain literal is an ordinary character (PostgreSQL 4.1.2.1). Unknown: such a literal is not understood.</param>
/// <param name="AsciiSafeEncoding">False when <c>client_encoding</c> is unknown, or is one whose trail bytes can be ASCII
/// (SJIS, BIG5, GBK, UHC, GB18030, JOHAB): a text with any byte above 0x7F is then not understood.</param>
public readonly record struct SqlSettings(TriState StandardConformingStrings, bool AsciiSafeEncoding);

/// <summary>Every bound of the scanner. A text that exceeds one is Unparsed, never half understood.</summary>
public sealed record SqlScannerLimits
{
    /// <summary>Tokens of one text. A megabyte of bulk INSERT has about half a million.</summary>
    public int Tokens { get; init; } = 1 << 20;

    /// <summary>Statements of one text. Migration scripts have hundreds.</summary>
    public int Statements { get; init; } = 1024;

    /// <summary>Effects and function names of one text, each. pg_dump locks thousands of tables in one statement.</summary>
    public int Objects { get; init; } = 4096;

    /// <summary>Bytes of all normalised names of one text.</summary>
    public int NameBytes { get; init; } = 256 * 1024;

    /// <summary>Names of common table expressions in scope at one time.</summary>
    public int CommonTables { get; init; } = 256;

    /// <summary>Nested parentheses and subqueries: bounds our own stack (under 1 KiB a level).</summary>
    public int Depth { get; init; } = 200;
}
