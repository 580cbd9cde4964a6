namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>
/// Gives every reply to its request. Replies come in the order of the requests; after an error in the extended protocol the server
/// discards requests up to the next Sync (PostgreSQL 55.2.3). Names are resolved when the server has reached a request, as the server does.
/// </summary>
internal sealed class PgTranscriptMatcher
{
    private const int MaxTags = 32;

    // Clients send one; a hostile one must not make every piece of COPY data walk a long queue.
    private const int MaxSyncsBeforeCopy = 16;

    private readonly PgTranscriptLimits _limits;
    private readonly PgTranscriptEntries _entries;
    private readonly PgTranscriptNames _names;
    private readonly LinkedList<PgTranscriptRequest> _requests = new();
    private long _requestCost;
    private readonly HashSet<string> _undefined = [];
    private bool _skipping;
    private bool _inStartup;
    private bool _any;

    public PgTranscriptMatcher(PgTranscriptLimits limits, PgTranscriptEntries entries)
    {
        _limits = limits;
        _entries = entries;
        _names = new PgTranscriptNames(limits);
    }

    /// <summary>Replies that no request was waiting for.</summary>
    public long Unmatched { get; private set; }

    /// <summary>True when the next row is to be kept, not only counted.</summary>
    public bool WantsRow => First is { Runs: true } request && request.FirstRows.Count < _limits.Rows;

    private PgTranscriptRequest? First => _requests.First?.Value;

    /// <summary>A request of the client. False when more are in flight than are followed.</summary>
    public bool Add(PgTranscriptRequest request)
    {
        bool isSync = request.Kind == PgTranscriptKind.Sync;

        // In COPY mode the server ignores Sync (PostgreSQL 55.2.6), since a client cannot know what Execute will start.
        if (isSync && First is { IsCopyIn: true, CopyInEnded: false })
            return true;
        if (_skipping && !isSync)
        {
            Skip(request);
            return true;
        }

        _skipping = false;
        if (_requests.Count >= _limits.RequestsInFlight)
            return false;
        if (_requestCost + _names.Cost + request.Cost > _limits.RetainedBytes)
            request = PgTranscriptEntries.WithoutTexts(request);
        _requestCost += request.Cost;
        _requests.AddLast(request);
        return true;
    }

    /// <summary>COPY data of the client, or its end: for the last request that can have asked for it.</summary>
    public void CopyIn(int bytes, bool ended)
    {
        LinkedListNode<PgTranscriptRequest>? node = _requests.Last;
        for (int i = 0; i < MaxSyncsBeforeCopy && node is { Value.Kind: PgTranscriptKind.Sync }; i++)
            node = node.Previous;
        if (node is not { Value.Runs: true })
            return;
        node.Value.CopyIn += bytes;
        if (ended || !node.Value.IsCopyIn)
            RemoveSyncsAfter(node);
        node.Value.CopyInEnded |= ended;
    }

    public void CopyOut(int bytes)
    {
        if (First is { Runs: true } request)
            request.CopyOut += bytes;
    }

    /// <summary>A message of the server begins. The first tells whether the recording begins with the end of the start-up phase.</summary>
    public void Began(byte type)
    {
        bool first = !_any;
        _any = true;
        if (first)
            _inStartup = type is (byte)'R' or (byte)'K' or (byte)'v' || (type == 'S' && First is null);
        else if (type is not ((byte)'R' or (byte)'K' or (byte)'v' or (byte)'S' or (byte)'N' or (byte)'E' or (byte)'Z'))
            _inStartup = false;
    }

    /// <summary>A reply without a body, or whose body does not matter.</summary>
    public void Reply(byte type, DateTimeOffset time)
    {
        PgTranscriptRequest? request = First;
        switch ((char)type, request?.Kind)
        {
            case ('1', PgTranscriptKind.Parse): _names.Prepare(request!.Statement!); Remove(); break;
            case ('2', PgTranscriptKind.Bind): _names.Bind(request!.Bound!); Remove(); break;
            case ('3', PgTranscriptKind.CloseStatement): _names.CloseStatement(request!.Name); Remove(); break;
            case ('3', PgTranscriptKind.ClosePortal): _names.ClosePortal(request!.Name); Remove(); break;
            case ('n', PgTranscriptKind.DescribeStatement or PgTranscriptKind.DescribePortal): Remove(); break;
            case ('s', PgTranscriptKind.Execute): Finish(PgOutcome.Suspended, time); break;
            case ('I', PgTranscriptKind.Execute): Finish(PgOutcome.Completed, time); break;
            case ('I', PgTranscriptKind.Query): break;
            case ('G' or 'W', PgTranscriptKind.Query or PgTranscriptKind.Execute): BeginCopyIn(request!); break;
            case ('H' or 'c', PgTranscriptKind.Query or PgTranscriptKind.Execute): break;
            case ('V', PgTranscriptKind.FunctionCall): break;
            default: Unmatched++; break;
        }
    }

    public void Row(PgTranscriptBound? row)
    {
        if (First is not { Runs: true } request)
        {
            Unmatched++;
            return;
        }

        request.Rows++;
        if (row is not null)
            request.FirstRows.Add(_names.Fields(request, row));
    }

    public void Columns(PgTranscriptColumn[] columns)
    {
        switch (First)
        {
            case { Kind: PgTranscriptKind.Query } query:
                query.Columns = columns;
                break;
            case { Kind: PgTranscriptKind.DescribeStatement or PgTranscriptKind.DescribePortal } describe:
                _names.Describe(describe, columns);
                Remove();
                break;
            default:
                Unmatched++;
                break;
        }
    }

    public void ParameterTypes(uint[] types)
    {
        if (First is { Kind: PgTranscriptKind.DescribeStatement } describe)
            _names.ParameterTypes(describe.Name, types);
        else
            Unmatched++;
    }

    public void Complete(string tag, DateTimeOffset time)
    {
        switch (First)
        {
            case { Kind: PgTranscriptKind.Query } query:
                if (query.Tags.Count < MaxTags)
                    query.Tags.Add(tag);
                query.IsCopyIn = false;
                break;
            case { Kind: PgTranscriptKind.Execute } execute:
                execute.Tags.Add(tag);
                Finish(PgOutcome.Completed, time);
                break;
            default:
                Unmatched++;
                break;
        }
    }

    public void Error(PgError error, DateTimeOffset time)
    {
        switch (First)
        {
            case null or { Kind: PgTranscriptKind.Sync }:
                Emit(new PgMessageEntry { At = time, IsError = true, Message = error });
                break;
            case { Kind: PgTranscriptKind.Query or PgTranscriptKind.FunctionCall } request:
                request.Error ??= error;
                request.IsCopyIn = false;
                break;
            case { } request:
                request.Error = error;
                if (request.Kind == PgTranscriptKind.Parse)
                    _undefined.Add(request.Name);
                Finish(PgOutcome.Failed, time);
                SkipToSync();
                break;
        }
    }

    public void Notice(PgError notice, DateTimeOffset time) => Emit(new PgMessageEntry { At = time, IsError = false, Message = notice });

    public void Ready(byte status, DateTimeOffset time)
    {
        bool startup = _inStartup;
        _inStartup = false;
        if (startup)
            return;
        _undefined.Clear();

        // Portals live as long as their transaction; a simple Query also ends the unnamed ones.
        if (status == 'I')
            _names.EndTransaction();
        switch (First)
        {
            case { Kind: PgTranscriptKind.Sync }:
                Remove();
                break;
            case { Kind: PgTranscriptKind.Query or PgTranscriptKind.FunctionCall } request:
                Finish(request.Error is null ? PgOutcome.Completed : PgOutcome.Failed, time);
                break;
            default:
                Unmatched++;
                break;
        }
    }

    public void Emit(PgTranscriptEntry entry) => _entries.Add(entry);

    /// <summary>The recording has ended: what still waits gets no reply.</summary>
    public void End()
    {
        while (First is { } request)
        {
            if (request.Kind is PgTranscriptKind.Query or PgTranscriptKind.Execute or PgTranscriptKind.Parse or PgTranscriptKind.FunctionCall)
                Finish(request.Error is null ? PgOutcome.NoReply : PgOutcome.Failed, null);
            else
                Accept(request);
        }
    }

    // Without its reply a Bind still tells the parameters of the Execute behind it.
    private void Accept(PgTranscriptRequest request)
    {
        if (request.Bound is not null)
            _names.Bind(request.Bound);
        Remove();
    }

    private void BeginCopyIn(PgTranscriptRequest request)
    {
        request.IsCopyIn = true;
        if (!request.CopyInEnded)
            RemoveSyncsAfter(_requests.First!);
    }

    private void RemoveSyncsAfter(LinkedListNode<PgTranscriptRequest> node)
    {
        if (node.Value.Kind != PgTranscriptKind.Execute)
            return;
        while (node.Next is { Value.Kind: PgTranscriptKind.Sync } sync)
        {
            _requestCost -= sync.Value.Cost;
            _requests.Remove(sync);
        }
    }

    private void SkipToSync()
    {
        while (First is { } request && request.Kind != PgTranscriptKind.Sync)
        {
            Skip(request);
            Remove();
        }

        _skipping = First is null;
    }

    // A request that the server discarded. Told once for each statement: at the Parse that would have made it, or else at the Bind.
    private void Skip(PgTranscriptRequest request)
    {
        bool told = request.Kind is PgTranscriptKind.Query or PgTranscriptKind.Parse or PgTranscriptKind.FunctionCall
            || (request.Kind == PgTranscriptKind.Bind && !_undefined.Contains(request.Bound!.Statement));
        if (told)
            _entries.Finished(request, _names, PgOutcome.Skipped, null);
        if (request.Kind == PgTranscriptKind.Parse && _undefined.Count < _limits.NamedObjects)
            _undefined.Add(request.Name);
    }

    private void Finish(PgOutcome outcome, DateTimeOffset? time)
    {
        PgTranscriptRequest request = First!;
        _entries.Finished(request, _names, outcome, time);
        if (outcome == PgOutcome.NoReply && request.Kind == PgTranscriptKind.Parse)
            _names.Prepare(request.Statement!);
        Remove();
    }

    private void Remove()
    {
        _requestCost -= First!.Cost;
        _requests.RemoveFirst();
    }
}
