using System.Globalization;
using System.Threading.Channels;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Audit;

/// <summary>
/// Brings the file's lines into the store. While the store is away only the places are remembered, not the lines: when it is back they are read from the file
/// again, and so they are after a crash, from the last place that is known to be stored. A line that is there already is not written twice (its id is unique).
/// </summary>
internal sealed class AuditTable
{
    /// <summary>Batches waiting for the store.</summary>
    private const int Longest = 8;

    private const int Page = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IStateStore _store;
    private readonly Log _log;
    private readonly string _markFile;
    private readonly Channel<Batch> _batches = Channel.CreateBounded<Batch>(new BoundedChannelOptions(Longest) { SingleReader = true });
    private readonly Queue<Place> _behind = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _storing;
    private readonly bool _alone;
    private AuditFile _file;
    private long _end;
    private long _markedAt;

    /// <param name="alone">True for the daemon, which answers for the whole file; false for a command beside it, which answers for its own lines.</param>
    public AuditTable(IStateStore store, AuditFile file, string path, bool alone, Log log)
    {
        _store = store;
        _log = log;
        _markFile = path + ".stored";
        _alone = alone;
        _file = file;
        _end = alone ? ReadMark(file) : 0;
        if (alone && file.Length() is var length && length > _end)
        {
            _behind.Enqueue(new Place(file, _end, length));
            _end = length;
        }

        _storing = Task.Run(RunAsync);
    }

    /// <summary>Takes over lines that are in the file. Called by one thread; waits while the store is slower than the file.</summary>
    /// <returns>Completes, never failing, when they are in the store, or put off because it is away.</returns>
    public Task Post(Batch batch)
    {
        if (!_batches.Writer.TryWrite(batch))
            _batches.Writer.WriteAsync(batch).AsTask().GetAwaiter().GetResult();
        return batch.Done.Task;
    }

    /// <summary>The writer has gone on to another file. The one before is closed when nothing of it is behind.</summary>
    public void Moved(AuditFile before, AuditFile now) => Post(new Batch(now, 0, 0, []) { Close = before });

    /// <summary>Stores what it was given, for a bounded time; the rest is stored at the next start.</summary>
    public async Task StopAsync(TimeSpan time)
    {
        _batches.Writer.TryComplete();
        _stop.CancelAfter(time);
        await _storing.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        ChannelReader<Batch> reader = _batches.Reader;
        while (true)
        {
            if (!reader.TryRead(out Batch? batch))
            {
                using var tick = new CancellationTokenSource(Interval);
                Task<bool> more = reader.WaitToReadAsync(_behind.Count > 0 ? tick.Token : CancellationToken.None).AsTask();
                await ((Task)more).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (more.IsCompletedSuccessfully && !await more.ConfigureAwait(false))
                    break;
                if (!more.IsCompletedSuccessfully)
                    await CatchUpAsync().ConfigureAwait(false);
                continue;
            }

            await StoreAsync(batch).ConfigureAwait(false);
            batch.Done.SetResult();
        }

        await CatchUpAsync().ConfigureAwait(false);
    }

    private async Task StoreAsync(Batch batch)
    {
        // Lines between ours are a command's. It may not have lived to store them.
        if (_alone && batch.File == _file && batch.From > _end)
            _behind.Enqueue(new Place(batch.File, _end, batch.From));
        (_file, _end) = (batch.File, batch.To);

        // In the order of the file: what is behind comes first.
        bool caughtUp = await CatchUpAsync().ConfigureAwait(false);
        if (batch.Rows.Count > 0)
        {
            if (caughtUp && await TryStoreAsync(batch.Rows).ConfigureAwait(false))
                WriteMark(batch.File, batch.To);
            else
                _behind.Enqueue(new Place(batch.File, batch.From, batch.To));
        }

        if (batch.Close is { } close)
        {
            if (_behind.Count == 0)
                close.Dispose();
            else
                _behind.Enqueue(new Place(close, 0, 0) { Close = true });
        }
    }

    /// <summary>True when nothing is behind any more.</summary>
    private async Task<bool> CatchUpAsync()
    {
        while (_behind.TryPeek(out Place? place))
        {
            if (place.Close)
                place.File.Dispose();
            else if (!await CatchUpAsync(place).ConfigureAwait(false))
                return false;
            _behind.Dequeue();
        }

        return true;
    }

    private async Task<bool> CatchUpAsync(Place place)
    {
        while (_store.IsReachable && ReadLines(place, out long next) is { } lines)
        {
            List<AuditRow> rows = [];
            foreach (ReadOnlyMemory<byte> line in lines)
            {
                if (Row(line) is { } row)
                    rows.Add(row);
            }

            if (!await TryStoreAsync(rows).ConfigureAwait(false))
                return false;
            place.From = next;
            WriteMark(place.File, next);
        }

        return _store.IsReachable;
    }

    private List<ReadOnlyMemory<byte>>? ReadLines(Place place, out long next)
    {
        try
        {
            return place.File.ReadLines(place.From, place.To, Page, out next);
        }
        catch (IOException unreadable)
        {
            // The store stays without them; the log says so, and the file is there for whoever can read it.
            _log.Error("audit-not-stored", new("bytes", place.To - place.From), new("error", unreadable.Message));
            next = place.To;
            return null;
        }
    }

    private AuditRow? Row(ReadOnlyMemory<byte> line)
    {
        try
        {
            return AuditLine.Read(line);
        }
        catch (FormatException)
        {
            _log.Warning("audit-line-damaged", new LogField("bytes", line.Length));
            return null;
        }
    }

    private async Task<bool> TryStoreAsync(List<AuditRow> rows)
    {
        try
        {
            await _store.WriteAsync((db, cancel) => AuditInsert.AddMissingAsync(db, rows, cancel), _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception away) when (away is StoreUnavailableException or OperationCanceledException)
        {
            return false;
        }
        catch (System.Data.Common.DbException refused)
        {
            // The lines stay in the file, and are tried again; what is wrong must be seen.
            _log.Error("audit-not-stored", new("lines", rows.Count), new("error", refused.Message));
            return false;
        }
    }

    /// <summary>Where the file is known to be stored: a place, and the hash of the line before it, by which it is known to be the same file.</summary>
    private long ReadMark(AuditFile file)
    {
        if (!File.Exists(_markFile))
            return 0;
        string[] parts = File.ReadAllText(_markFile).Split(' ');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long end) && end > 0 && end <= file.Length()
            && AuditChain.Of(0, file.LineBefore(end).Span).Hash == parts[1]
            ? end
            : 0;
    }

    /// <summary>At most once a second: a mark that lags behind costs a look at a few lines.</summary>
    private void WriteMark(AuditFile file, long end)
    {
        long now = Environment.TickCount64;
        if (!_alone || (now - _markedAt < 1000 && !_batches.Reader.Completion.IsCompleted))
            return;
        try
        {
            string mark = string.Create(CultureInfo.InvariantCulture, $"{end} {AuditChain.Of(0, file.LineBefore(end).Span).Hash}");
            string beside = _markFile + ".new";
            File.WriteAllText(beside, mark);
            File.Move(beside, _markFile, overwrite: true);
            _markedAt = now;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _log.Warning("audit-mark-failed", new LogField("error", failure.Message));
        }
    }

    /// <summary>Lines of a file, and their rows.</summary>
    internal sealed record Batch(AuditFile File, long From, long To, List<AuditRow> Rows)
    {
        /// <summary>A file that nothing comes to any more.</summary>
        public AuditFile? Close { get; init; }

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Lines that are not in the store yet.</summary>
    private sealed record Place(AuditFile File, long From, long To)
    {
        public long From { get; set; } = From;

        public bool Close { get; init; }
    }
}
