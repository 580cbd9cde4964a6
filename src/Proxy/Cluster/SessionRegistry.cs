using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Cluster;

/// <summary>
/// Shows this node's live sessions in the store. Sessions only change a map in memory; a task of its own brings the table into line a few times a second, all changes
/// at once. There is no queue that could overflow, and after the store was away the table is made right from the map.
/// </summary>
internal sealed class SessionRegistry : IAsyncDisposable
{
    private const int Batch = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly IStateStore _store;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, SessionRow> _live = [];
    private readonly HashSet<Guid> _changed = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;
    private bool _all;

    public SessionRegistry(IStateStore store, string node, TimeProvider time)
    {
        _store = store;
        _node = node;
        _time = time;
        _writing = Task.Run(RunAsync);
    }

    /// <summary>A session has begun. The row is the registry's from here on.</summary>
    public void Enter(SessionRow session)
    {
        lock (_gate)
        {
            _live[session.Id] = session;
            _changed.Add(session.Id);
        }
    }

    /// <summary>A session is over.</summary>
    public void Leave(Guid session)
    {
        lock (_gate)
        {
            if (_live.Remove(session))
                _changed.Add(session);
        }
    }

    /// <summary>A session was frozen or goes on.</summary>
    /// <param name="state"><c>live</c> or <c>frozen</c>.</param>
    public void SetState(Guid session, string state)
    {
        lock (_gate)
        {
            if (!_live.TryGetValue(session, out SessionRow? row) || row.State == state)
                return;
            _live[session] = Copy(row, state);
            _changed.Add(session);
        }
    }

    /// <summary>The table may have lost this node's rows: all are written again.</summary>
    public void WriteAll()
    {
        lock (_gate)
            _all = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        _stop.Dispose();
    }

    private static SessionRow Copy(SessionRow row, string state) => new()
    {
        Id = row.Id,
        Node = row.Node,
        Protocol = row.Protocol,
        Subject = row.Subject,
        Issuer = row.Issuer,
        IdentityKind = row.IdentityKind,
        ActingFor = row.ActingFor,
        Target = row.Target,
        Resource = row.Resource,
        Source = row.Source,
        ClientApplication = row.ClientApplication,
        StartedAt = row.StartedAt,
        State = state,
    };

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                await WriteChangesAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed; the node's rows go with the node.
        }
    }

    private async Task WriteChangesAsync()
    {
        Guid[] changed;
        Dictionary<Guid, SessionRow> live;
        bool all;
        lock (_gate)
        {
            all = _all;
            if (all)
                _changed.UnionWith(_live.Keys);
            changed = [.. _changed.Take(Batch)];
            live = changed.Where(_live.ContainsKey).ToDictionary(id => id, id => _live[id]);
            _changed.ExceptWith(changed);
            _all = false;
        }

        if (changed.Length == 0 && !all)
            return;
        try
        {
            await _store.WriteAsync((db, cancel) => ApplyAsync(db, changed, live, all, cancel), _stop.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !_stop.IsCancellationRequested)
        {
            // Whatever it is (a store that is away says so itself): written with the next round.
            lock (_gate)
            {
                _changed.UnionWith(changed);
                _all |= all;
            }
        }
    }

    private async Task<bool> ApplyAsync(StateContext db, Guid[] changed, Dictionary<Guid, SessionRow> live, bool all, CancellationToken cancel)
    {
        if (all)
            await db.Sessions.Where(s => s.Node == _node).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        Dictionary<Guid, SessionRow> there = await db.Sessions.Where(s => changed.Contains(s.Id)).ToDictionaryAsync(s => s.Id, cancel).ConfigureAwait(false);
        foreach (Guid id in changed)
        {
            bool isThere = there.TryGetValue(id, out SessionRow? row);
            if (live.TryGetValue(id, out SessionRow? wanted))
            {
                if (isThere)
                    row!.State = wanted.State;
                else
                    db.Sessions.Add(Copy(wanted, wanted.State));
            }
            else if (isThere)
            {
                db.Sessions.Remove(row!);
            }
        }

        return true;
    }
}
