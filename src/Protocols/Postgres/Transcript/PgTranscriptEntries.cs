namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>Turns requests and what became of them into entries, which wait here to be taken.</summary>
internal sealed class PgTranscriptEntries
{
    private readonly Queue<PgTranscriptEntry> _entries = new();

    public void Add(PgTranscriptEntry entry) => _entries.Enqueue(entry);

    public bool TryTake(out PgTranscriptEntry? entry) => _entries.TryDequeue(out entry);

    public void Finished(PgTranscriptRequest request, PgTranscriptNames names, PgOutcome outcome, DateTimeOffset? time)
    {
        TimeSpan? duration = time is null ? null : time.Value - request.At;
        if (request.Kind == PgTranscriptKind.FunctionCall)
        {
            Add(new PgFunctionCallEntry
            {
                At = request.At,
                FunctionOid = request.FunctionOid,
                Outcome = outcome,
                Duration = duration,
                Error = request.Error,
            });
            return;
        }

        PgTranscriptPortal? portal = request.Kind switch
        {
            PgTranscriptKind.Execute or PgTranscriptKind.DescribePortal => names.Portal(request.Name),
            PgTranscriptKind.Bind => new PgTranscriptPortal { Statement = names.Statement(request.Bound!.Statement), Bound = request.Bound },
            _ => null,
        };
        PgTranscriptStatement? statement = request.Statement ?? portal?.Statement
            ?? (request.Kind == PgTranscriptKind.DescribeStatement ? names.Statement(request.Name) : null);
        PgTranscriptColumn[] columns = request.FirstRows.Count > 0 ? names.Columns(request) : [];
        Add(new PgStatementEntry
        {
            At = request.At,
            Step = Step(request.Kind),
            Text = statement?.Text ?? "",
            TextTruncated = statement?.TextTruncated ?? false,
            StatementName = statement?.Name ?? "",
            PortalName = portal is null ? "" : request.Name,
            Parameters = Parameters(portal?.Bound, statement?.Types ?? []),
            ParameterCount = portal?.Bound?.Count ?? 0,
            Outcome = outcome,
            Duration = duration,
            Rows = request.Rows,
            Tags = request.Tags,
            Error = request.Error,
            CopyInBytes = request.CopyIn,
            CopyOutBytes = request.CopyOut,
            Columns = Array.ConvertAll(columns, column => column.Name),
            FirstRows = request.FirstRows,
        });
    }

    /// <summary>The request with nothing of size in it.</summary>
    public static PgTranscriptRequest WithoutTexts(PgTranscriptRequest request)
    {
        PgTranscriptStatement? statement = request.Statement is null
            ? null
            : new PgTranscriptStatement { Name = request.Statement.Name, TextTruncated = true };
        PgTranscriptBound? bound = request.Bound is null
            ? null
            : new PgTranscriptBound { Portal = request.Bound.Portal, Statement = request.Bound.Statement, Count = request.Bound.Count };
        return new PgTranscriptRequest
        {
            Kind = request.Kind,
            At = request.At,
            Name = request.Name,
            Statement = statement,
            Bound = bound,
            FunctionOid = request.FunctionOid,
        };
    }

    private static PgStep Step(PgTranscriptKind kind) => kind switch
    {
        PgTranscriptKind.Query => PgStep.Query,
        PgTranscriptKind.Parse => PgStep.Parse,
        PgTranscriptKind.Bind => PgStep.Bind,
        PgTranscriptKind.Execute => PgStep.Execute,
        _ => PgStep.Describe,
    };

    private static PgParameter[] Parameters(PgTranscriptBound? bound, uint[] types)
    {
        if (bound is null)
            return [];
        var parameters = new PgParameter[bound.Values.Count];
        for (int i = 0; i < parameters.Length; i++)
        {
            PgTranscriptValue value = bound.Values[i];
            uint type = i < types.Length ? types[i] : 0;
            string? text = PgTranscriptText.Of(value, type, PgTranscriptBound.IsBinary(bound.Formats, i));
            parameters[i] = new PgParameter(text, type, value.Length, value.Truncated);
        }

        return parameters;
    }
}
