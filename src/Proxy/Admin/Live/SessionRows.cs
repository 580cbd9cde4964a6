using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>
/// Keeps this node's part of the table of live sessions. Sessions never wait for it: they leave a note here, and one task writes what has
/// gathered. While the store is away notes gather too, at most one for each session that came or went since.
/// </summary>
internal sealed class SessionRows(IStateStore store, string node, TimeProvider time, Log log) : IAsyncDisposable
{
    public const string Live = "live";

    public const string Frozen = "frozen";

    /// <summary>It has been told to end.</summary>
    public const string Ending = "ending";

    /// <summary>Rows in one transaction.</summary>
    private const int Batch = 256;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, SessionRow?> _notes = [];
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Begins to write; what an earlier run of this node left behind goes first.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    public void Entered(SessionFacts facts) => Note(facts.SessionId, new SessionRow
    {
        Id = facts.SessionId,
        Node = node,
        Protocol = facts.Protocol,
        Subject = facts.Identity.Subject,
        Issuer = facts.Identity.Issuer,
        IdentityKind = Policy.Yaml.KebabNames.Name(facts.Identity.Kind),
        ActingFor = JsonSerializer.Serialize(facts.Identity.ActingFor.AsEnumerable()),
        Target = facts.Target,
        Resource = facts.Resource,
        Source = facts.Source.ToString(),
        ClientApplication = facts.ClientApplication,
        StartedAt = facts.StartedAt,
        State = Live,
    });

    public void Left(Guid session) => Note(session, null);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _signal.Dispose();
    }

    private void Note(Guid id, SessionRow? row)
    {
        lock (_lock)
        {
            _notes[id] = row;
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
    }

    private async Task RunAsync()
    {
        bool cleared = false;
        while (true)
        {
            KeyValuePair<Guid, SessionRow?>[] notes = [];
            try
            {
                cleared = cleared || await store.WriteAsync(ClearAsync, _stop.Token).ConfigureAwait(false);
                notes = Take();
                if (notes.Length == 0)
                    await _signal.WaitAsync(_stop.Token).ConfigureAwait(false);
                else
                    await store.WriteAsync((state, cancel) => ApplyAsync(state, notes, cancel), _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is StoreUnavailableException or DbUpdateException)
            {
                GiveBack(notes);
                log.Warning("session-rows-late", new LogField("error", failure.Message));
                await Task.Delay(Pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<bool> ClearAsync(StateContext state, CancellationToken cancel)
    {
        await state.Sessions.Where(row => row.Node == node).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        return true;
    }

    private static async Task<bool> ApplyAsync(StateContext state, KeyValuePair<Guid, SessionRow?>[] notes, CancellationToken cancel)
    {
        // Those that came are taken out first too: an earlier transaction may have been written although its answer was lost.
        Guid[] ids = [.. notes.Select(note => note.Key)];
        await state.Sessions.Where(row => ids.Contains(row.Id)).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        state.Sessions.AddRange(notes.Where(note => note.Value is not null).Select(note => note.Value!));
        return true;
    }

    private KeyValuePair<Guid, SessionRow?>[] Take()
    {
        lock (_lock)
        {
            KeyValuePair<Guid, SessionRow?>[] notes = [.. _notes.Take(Batch)];
            foreach ((Guid id, _) in notes)
                _notes.Remove(id);
            return notes;
        }
    }

    /// <summary>What is newer stays.</summary>
    private void GiveBack(KeyValuePair<Guid, SessionRow?>[] notes)
    {
        lock (_lock)
        {
            foreach ((Guid id, SessionRow? row) in notes)
                _notes.TryAdd(id, row);
        }
    }
}
