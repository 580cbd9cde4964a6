namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>The prepared statements and portals of a session, as the server has them at the reply that was reached.</summary>
internal sealed class PgTranscriptNames
{
    private readonly PgTranscriptLimits _limits;
    private readonly Dictionary<string, PgTranscriptStatement> _statements = [];
    private readonly Dictionary<string, PgTranscriptPortal> _portals = [];

    public PgTranscriptNames(PgTranscriptLimits limits) => _limits = limits;

    /// <summary>Bytes that are kept here, about.</summary>
    public long Cost { get; private set; }

    public PgTranscriptStatement? Statement(string name) => _statements.GetValueOrDefault(name);

    public PgTranscriptPortal? Portal(string name) => _portals.GetValueOrDefault(name);

    public void Prepare(PgTranscriptStatement statement)
    {
        CloseStatement(statement.Name);
        if (_statements.Count >= _limits.NamedObjects)
            return;
        _statements[statement.Name] = statement;
        Cost += statement.Cost;
    }

    public void Bind(PgTranscriptBound bound)
    {
        ClosePortal(bound.Portal);
        if (_portals.Count >= _limits.NamedObjects)
            return;
        PgTranscriptStatement? statement = Statement(bound.Statement);
        var portal = new PgTranscriptPortal { Statement = statement, Bound = bound, Cost = 256 + bound.KeptBytes + (statement?.Cost ?? 0) };
        _portals[bound.Portal] = portal;
        Cost += portal.Cost;
    }

    public void CloseStatement(string name)
    {
        if (_statements.Remove(name, out PgTranscriptStatement? statement))
            Cost -= statement.Cost;
    }

    public void ClosePortal(string name)
    {
        if (_portals.Remove(name, out PgTranscriptPortal? portal))
            Cost -= portal.Cost;
    }

    public void EndTransaction()
    {
        foreach (PgTranscriptPortal portal in _portals.Values)
            Cost -= portal.Cost;
        _portals.Clear();
    }

    public void Describe(PgTranscriptRequest describe, PgTranscriptColumn[] columns)
    {
        int cost = PgTranscriptColumn.Cost(columns);
        if (Cost + cost > _limits.RetainedBytes)
            return;
        if (describe.Kind == PgTranscriptKind.DescribePortal)
        {
            if (Portal(describe.Name) is not { } portal)
                return;
            cost -= PgTranscriptColumn.Cost(portal.Columns ?? []);
            portal.Columns = columns;
            portal.Cost += cost;
            Cost += cost;
        }
        else if (Statement(describe.Name) is { } statement)
        {
            Cost -= statement.Cost;
            statement.Columns = columns;
            Cost += statement.Cost;
        }
    }

    public void ParameterTypes(string name, uint[] types)
    {
        if (Statement(name) is not { } statement || Cost + (4 * types.Length) > _limits.RetainedBytes)
            return;
        Cost -= statement.Cost;
        statement.Types = types;
        Cost += statement.Cost;
    }

    /// <summary>The columns of what <paramref name="request"/> returns, as far as someone asked for them.</summary>
    public PgTranscriptColumn[] Columns(PgTranscriptRequest request)
    {
        if (request.Kind == PgTranscriptKind.Query)
            return request.Columns ?? [];
        PgTranscriptPortal? portal = Portal(request.Name);
        return portal?.Columns ?? portal?.Statement?.Columns ?? [];
    }

    /// <summary>A row's fields as text.</summary>
    public IReadOnlyList<string?> Fields(PgTranscriptRequest request, PgTranscriptBound row)
    {
        PgTranscriptColumn[] columns = Columns(request);
        PgTranscriptBound? bound = request.Kind == PgTranscriptKind.Execute ? Portal(request.Name)?.Bound : null;
        string?[] fields = new string?[row.Values.Count];
        for (int i = 0; i < fields.Length; i++)
        {
            // Bind, not Describe of the statement, decides on the format (PostgreSQL 55.2.3).
            bool binary = bound is null ? i < columns.Length && columns[i].IsBinary : PgTranscriptBound.IsBinary(bound.ResultFormats, i);
            string? field = PgTranscriptText.Of(row.Values[i], i < columns.Length ? columns[i].Type : 0, binary);
            fields[i] = row.Values[i].Truncated ? field + "…" : field;
        }

        return fields;
    }
}
