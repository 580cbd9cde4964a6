using System.Buffers;
using System.Threading.Channels;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Audit;

/// <summary>
/// The audit: a queue, one thread that writes all that is queued to the file at once and forces it to the disk, and behind it <see cref="AuditTable"/>, which brings the
/// same lines into the store. The file decides: what is not in it did not happen. The store follows, at once or when it is back.
/// </summary>
internal sealed class AuditStream : IAudit, IAsyncDisposable
{
    /// <summary>Events waiting for the file. Who must keep one waits for room; a note is dropped, and the drop is counted.</summary>
    private const int Longest = 16 * 1024;

    /// <summary>Events written at once: one flush, one transaction.</summary>
    private const int Batch = 2000;

    /// <summary>How long the end waits for the store.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    private readonly Channel<Item> _items = Channel.CreateBounded<Item>(new BoundedChannelOptions(Longest) { SingleReader = true });
    private readonly string _path;
    private readonly string _node;
    private readonly AuditTable _table;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly Thread _writer;
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AuditFile _file;
    private long _lost;
    private int _reopen;

    private AuditStream(string path, string node, AuditTable table, AuditFile file, TimeProvider time, Log log)
    {
        _path = path;
        _node = node;
        _table = table;
        _file = file;
        _time = time;
        _log = log;
        _writer = new Thread(Write) { IsBackground = true, Name = "audit" };
        _writer.Start();
    }

    /// <summary>Notes that did not find room, or no disk, and have not been told of.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <param name="alone">True for the daemon; false for a command that may run beside it.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static AuditStream Open(string path, string node, IStateStore store, bool alone, TimeProvider time, Log log)
    {
        AuditFile file = new(path, AuditChain.Start);
        return new AuditStream(path, node, new AuditTable(store, file, path, alone, log), file, time, log);
    }

    public async ValueTask KeepAsync(AuditEvent audit, CancellationToken cancel)
    {
        var item = new Item(audit, _time.GetUtcNow(), new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await _items.Writer.WriteAsync(item, cancel).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new IOException("the audit is closed");
        }

        // Once queued it will be written whether or not anybody waits for it.
        Task stored = await item.Kept!.Task.WaitAsync(cancel).ConfigureAwait(false);
        await stored.WaitAsync(cancel).ConfigureAwait(false);
    }

    public void Note(AuditEvent audit)
    {
        if (!_items.Writer.TryWrite(new Item(audit, _time.GetUtcNow(), null)))
            Interlocked.Increment(ref _lost);
    }

    /// <summary>The file was moved away: the next line goes to a new one of the same name.</summary>
    public void Reopen() => Volatile.Write(ref _reopen, 1);

    /// <summary>Writes what is queued.</summary>
    public async ValueTask DisposeAsync()
    {
        _items.Writer.TryComplete();
        await _written.Task.ConfigureAwait(false);
        await _table.StopAsync(StopTime).ConfigureAwait(false);
        _file.Dispose();
    }

    private void Write()
    {
        var batch = new List<Item>(Batch);
        while (_items.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            AddLost(batch);
            while (batch.Count < Batch && _items.Reader.TryRead(out Item? item))
                batch.Add(item);
            if (batch.Count > 0)
                WriteBatch(batch);
        }

        _written.SetResult();
    }

    private void WriteBatch(List<Item> batch)
    {
        try
        {
            ReopenIfAsked();
            List<AuditRow> rows = [];
            (long from, long to) = _file.Append((chain, lines) => Compose(batch, chain, lines, rows), flush: batch.Any(i => i.Kept is not null));
            Task stored = _table.Post(new AuditTable.Batch(_file, from, to, rows));
            batch.ForEach(item => item.Kept?.SetResult(stored));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever it is: who waits must hear of it, and the writer must go on.
            _log.Error("audit-failed", new("file", _path), new("error", failure.Message));
            Interlocked.Add(ref _lost, batch.Sum(item => item.Kept is null ? item.Count : 0));
            var told = new IOException($"the audit cannot be kept: {failure.Message}", failure);
            batch.ForEach(item => item.Kept?.SetException(told));
        }
    }

    private AuditChain Compose(List<Item> batch, AuditChain chain, ArrayBufferWriter<byte> lines, List<AuditRow> rows)
    {
        var line = new ArrayBufferWriter<byte>(1024);
        foreach (Item item in batch)
        {
            line.ResetWrittenCount();
            var id = Guid.CreateVersion7(item.At);
            AuditLine.Write(line, item.Audit, id, item.At, _node, chain.Sequence + 1, chain.Hash);
            chain = AuditChain.Of(chain.Sequence + 1, line.WrittenSpan);
            rows.Add(AuditLine.Row(item.Audit, id, item.At, _node, line.WrittenSpan));
            lines.Write(line.WrittenSpan);
            lines.Write("\n"u8);
        }

        return chain;
    }

    /// <summary>What was lost is an event too, in front of what comes next.</summary>
    private void AddLost(List<Item> batch)
    {
        long lost = Interlocked.Exchange(ref _lost, 0);
        if (lost == 0)
            return;
        var audit = new AuditEvent(AuditTypes.AuditLost, null) { Outcome = "failed", Details = new Dictionary<string, string> { ["count"] = lost.ToString(System.Globalization.CultureInfo.InvariantCulture) } };
        batch.Add(new Item(audit, _time.GetUtcNow(), null) { Count = lost });
    }

    private void ReopenIfAsked()
    {
        if (Interlocked.Exchange(ref _reopen, 0) == 0)
            return;
        AuditFile before = _file;
        _file = new AuditFile(_path, before.Chain);
        _table.Moved(before, _file);
    }

    /// <param name="Kept">Completes with the task that brings it into the store; null for a note.</param>
    private sealed record Item(AuditEvent Audit, DateTimeOffset At, TaskCompletionSource<Task>? Kept)
    {
        /// <summary>How many events are lost when this one is.</summary>
        public long Count { get; init; } = 1;
    }
}
