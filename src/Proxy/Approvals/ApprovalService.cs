using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// Approvals of this node: finds a person who says yes to what a rule holds. The state is in the store and every node sees the same; what waits,
/// waits on the node of its session. Nothing of this runs for sessions that hold nothing.
/// </summary>
internal sealed class ApprovalService : IApprovals, IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ApprovalParts _parts;
    private readonly Waiters _waiters = new();
    private readonly HoldRequests _requests;
    private readonly ApprovalTidying _tidying;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<IDisposable> _subscriptions = [];
    private Task _loop = Task.CompletedTask;
    private string _policy = "";
    private DateTimeOffset _polled = DateTimeOffset.UnixEpoch;

    public ApprovalService(ApprovalParts parts)
    {
        _parts = parts;
        _requests = new HoldRequests(parts, _waiters);
        _tidying = new ApprovalTidying(parts, _waiters);
        Decisions = new Decisions(parts);
        Grants = new Grants(parts);
        BreakGlass = new BreakGlass(parts, Decisions, Grants);
        Access = new AccessRequests(parts);
        Reviews = new Reviews(parts);
        Own = new OwnRequests(parts);
        Views = new ApprovalViews(parts);
        Watch = new ApprovalWatch(parts, Views);
    }

    public Decisions Decisions { get; }

    public Grants Grants { get; }

    public BreakGlass BreakGlass { get; }

    public AccessRequests Access { get; }

    public Reviews Reviews { get; }

    public OwnRequests Own { get; }

    public ApprovalViews Views { get; }

    public ApprovalWatch Watch { get; }

    /// <summary>What waits on this node.</summary>
    public int Waiting => _waiters.Count;

    /// <summary>Begins. What this node left behind when it last ended is lost.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        await NodeLostAsync(_parts.Cluster.Node, cancel).ConfigureAwait(false);
        _subscriptions.Add(_parts.Cluster.Subscribe(ClusterEvents.Approval, HeardAsync));
        _subscriptions.Add(_parts.Cluster.Subscribe(ClusterEvents.Revoked, (_, stop) => Grants.EndRevokedAsync(stop)));
        _parts.Webhooks.Start();
        _loop = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <inheritdoc/>
    public ValueTask<HoldOutcome> RequestAsync(
        SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn) =>
        _requests.RequestAsync(session, verdict, action, tell, withdrawn);

    /// <summary>A node is gone for good: what waited there is lost.</summary>
    public Task NodeLostAsync(string node, CancellationToken cancel) => _tidying.LoseAsync(node, cancel);

    /// <summary>One round of what is to be done every second: called by the service's own loop.</summary>
    public async Task TickAsync(CancellationToken cancel)
    {
        DateTimeOffset now = _parts.Now;
        _waiters.Expire(now);
        string policy = _parts.Terms.Digest;
        if (policy != _policy)
        {
            _waiters.Wake(null);
            await Grants.EndOtherPoliciesAsync(policy, cancel).ConfigureAwait(false);
            _policy = policy;
        }

        if (now - _polled < ApprovalLimits.Poll)
            return;
        _polled = now;
        await _tidying.PollAsync(cancel).ConfigureAwait(false);
        await _tidying.ExpireAsync(cancel).ConfigureAwait(false);
        await Grants.CloseEndedAsync(cancel).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IDisposable subscription in _subscriptions)
            subscription.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _parts.Webhooks.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Second, _parts.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                try
                {
                    await TickAsync(_stop.Token).ConfigureAwait(false);
                }
                catch (IOException away)
                {
                    // The next round does what this one could not; what waits expires all the same.
                    _parts.Log.Warning("approvals-not-tidied", new LogField("error", away.Message));
                }
                catch (Exception failure) when (failure is not OutOfMemoryException && !_stop.IsCancellationRequested)
                {
                    // Nothing that waits would expire any more, and nothing granted would be taken back.
                    _parts.Log.Error("approvals-not-tidied", new("error", failure.GetType().FullName), new("detail", failure.Message));
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task HeardAsync(ClusterEvent? news, CancellationToken cancel)
    {
        if (news is null)
        {
            _waiters.Wake(null);
            await Grants.CatchUpAsync(cancel).ConfigureAwait(false);
            return;
        }

        using var payload = JsonDocument.Parse(news.Payload);
        if (!payload.RootElement.GetProperty("id").TryGetGuid(out Guid id))
            return;
        switch (payload.RootElement.GetProperty("status").GetString())
        {
            case ApprovalStatus.Pending:
                break; // Whoever waits knows.
            case Approvals.Grants.EndedStatus:
                Grants.Hear(id);
                break;
            default:
                _waiters.Wake(id);
                break;
        }
    }
}
