using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>What else an engine must know of a statement.</summary>
[Flags]
public enum SqlTraits : ushort
{
    None = 0,

    /// <summary>It may read relations that its text does not name: DO, CALL, EXECUTE, FETCH, MOVE.</summary>
    ReadsUnknown = 1,

    /// <summary>It calls functions: see <see cref="SqlScanner.Functions"/>.</summary>
    CallsFunctions = 2,

    /// <summary>COPY … TO STDOUT: rows come as CopyData.</summary>
    CopyToStdout = 4,

    /// <summary>COPY … FROM STDIN: the client will send CopyData.</summary>
    CopyFromStdin = 8,

    /// <summary>COPY to or from a file or a program of the server.</summary>
    CopyServerSide = 16,

    /// <summary>Session settings may differ afterwards: SET, RESET, DISCARD, set_config, DO, CALL, EXECUTE, and the end of a transaction, which may revert SET LOCAL.</summary>
    ChangesSettings = 32,

    /// <summary>What it reads, it stores: CREATE TABLE AS, SELECT INTO, CREATE VIEW, INSERT … SELECT, and MERGE or UPDATE that read a relation.</summary>
    StoresQueryResult = 64,

    /// <summary>BEGIN, COMMIT, ROLLBACK, SAVEPOINT and the like.</summary>
    TransactionControl = 128,

    /// <summary>The text holds a password: see <see cref="SqlScanner.Secrets"/>.</summary>
    HasSecret = 256,

    /// <summary>PREPARE, EXECUTE or DEALLOCATE of a statement by name.</summary>
    PreparedByName = 512,

    /// <summary>A modification has a RETURNING clause: what is in the rows it touches can be read from it.</summary>
    Returns = 1024,
}

/// <summary>A range of bytes in the scanned text.</summary>
/// <param name="Start">Offset of the first byte.</param>
/// <param name="Length">Number of bytes.</param>
public readonly record struct SqlRange(int Start, int Length);

/// <summary>One statement of a text.</summary>
public struct SqlStatement
{
    /// <summary>The verb of the statement as a whole.</summary>
    public Verb Verb { readonly get; internal init; }

    /// <summary>Unparsed and MultiStatement, where they apply.</summary>
    public ActionFlags Flags { readonly get; internal set; }

    /// <summary>What else is known.</summary>
    public SqlTraits Traits { readonly get; internal init; }

    /// <summary>Offset of its first byte in the text.</summary>
    public int Start { readonly get; internal init; }

    /// <summary>Its length in bytes, without the semicolon.</summary>
    public int Length { readonly get; internal init; }

    internal SqlRange Objects { readonly get; init; }

    internal SqlRange Functions { readonly get; init; }

    internal SqlRange Secrets { readonly get; init; }

    /// <summary>True when it was not fully understood.</summary>
    public readonly bool IsUnparsed => (Flags & ActionFlags.Unparsed) != 0;
}
