namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>What a request was.</summary>
internal enum PgTranscriptKind : byte
{
    Query,
    Parse,
    Bind,
    DescribeStatement,
    DescribePortal,
    Execute,
    CloseStatement,
    ClosePortal,
    FunctionCall,
    Sync,
}

/// <summary>One column as RowDescription tells it.</summary>
internal readonly record struct PgTranscriptColumn(string Name, uint Type, bool IsBinary)
{
    public static int Cost(PgTranscriptColumn[] columns)
    {
        int cost = 0;
        foreach (PgTranscriptColumn column in columns)
            cost += 48 + (2 * column.Name.Length);
        return cost;
    }
}

/// <summary>A prepared statement.</summary>
internal sealed class PgTranscriptStatement
{
    public string Name { get; init; } = "";

    public string Text { get; init; } = "";

    public bool TextTruncated { get; init; }

    /// <summary>Types of the parameters: as Parse declared them, then as ParameterDescription corrects them.</summary>
    public uint[] Types { get; set; } = [];

    public PgTranscriptColumn[] Columns { get; set; } = [];

    /// <summary>About how many bytes it holds.</summary>
    public int Cost => 256 + (2 * Text.Length) + (4 * Types.Length) + PgTranscriptColumn.Cost(Columns);
}

/// <summary>A portal: a statement with its parameters.</summary>
internal sealed class PgTranscriptPortal
{
    public PgTranscriptStatement? Statement { get; init; }

    public PgTranscriptBound? Bound { get; init; }

    public PgTranscriptColumn[]? Columns { get; set; }

    /// <summary>About how many bytes it holds. Its statement counts too: it may outlive its name.</summary>
    public int Cost { get; set; }
}

/// <summary>A request on its way to its replies.</summary>
internal sealed class PgTranscriptRequest
{
    public required PgTranscriptKind Kind { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Name of the statement or portal that it is about.</summary>
    public string Name { get; init; } = "";

    /// <summary>Query: its text. Parse: the statement it makes.</summary>
    public PgTranscriptStatement? Statement { get; init; }

    /// <summary>Bind: what was bound.</summary>
    public PgTranscriptBound? Bound { get; init; }

    public uint FunctionOid { get; init; }

    // What the replies have told so far.
    public long Rows { get; set; }

    public List<string> Tags { get; } = [];

    public PgError? Error { get; set; }

    public long CopyIn { get; set; }

    public long CopyOut { get; set; }

    public bool IsCopyIn { get; set; }

    public bool CopyInEnded { get; set; }

    public PgTranscriptColumn[]? Columns { get; set; }

    public List<IReadOnlyList<string?>> FirstRows { get; } = [];

    public bool Runs => Kind is PgTranscriptKind.Query or PgTranscriptKind.Execute;

    public int Cost => 128 + (Statement?.Cost ?? 0) + (Bound?.KeptBytes ?? 0);
}
