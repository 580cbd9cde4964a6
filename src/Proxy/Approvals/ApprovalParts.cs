using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Approvals;

/// <summary>What approvals are made of.</summary>
internal sealed record ApprovalParts
{
    public required IStateStore Store { get; init; }

    public required ICluster Cluster { get; init; }

    public required IAudit Audit { get; init; }

    public required IHoldTerms Terms { get; init; }

    public required ApprovalsConfig Config { get; init; }

    public required Log Log { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Where people approve; null: by command only.</summary>
    public Uri? AdminUrl { get; init; }

    /// <summary>
    /// The issuers whose subjects are the users of the store: only of them is it known whether they still belong to a group, and only to them can a
    /// group be given.
    /// </summary>
    public IReadOnlySet<string> OwnIssuers { get; init; } = new HashSet<string>();

    public WebhookQueue Webhooks { get; init; } = WebhookQueue.None;

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Where this approval is shown: a route of the admin API, to a browser that is signed in and to programs.</summary>
    public string? UrlOf(Guid id) => AdminUrl is null ? null : $"{AdminUrl.AbsoluteUri.TrimEnd('/')}/v1/approvals/{id}";

    /// <summary>Tells every node. What cannot be told is found by looking: nodes poll.</summary>
    public async Task TellAsync(Guid id, string status, CancellationToken cancel)
    {
        try
        {
            await Cluster.PublishAsync(ClusterEvents.Approval, $$"""{"id":"{{id}}","status":"{{status}}"}""", cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException away)
        {
            Log.Warning("approval-not-told", new("approval", id.ToString()), new("error", away.Message));
        }
    }
}
