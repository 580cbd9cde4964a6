using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Sallyport.Proxy.Cluster;

namespace Sallyport.Proxy.Approvals;

/// <summary>Shows approvals as they come and go. A watcher who reads slowly misses steps in between, and hears of the state of each all the same.</summary>
internal sealed class ApprovalWatch(ApprovalParts parts, ApprovalViews views)
{
    /// <summary>Name of an event that tells of one approval.</summary>
    public const string Approval = "approval";

    private const int Behind = 1000;

    /// <summary>What waits now, and then whatever changes, on any node.</summary>
    public async IAsyncEnumerable<SseItem<ApprovalSummary>> RunAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var news = Channel.CreateBounded<Guid?>(new BoundedChannelOptions(Behind) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
        using IDisposable subscription = parts.Cluster.Subscribe(ClusterEvents.Approval, (said, _) =>
        {
            news.Writer.TryWrite(said is null ? null : IdOf(said));
            return Task.CompletedTask;
        });
        news.Writer.TryWrite(null);
        await foreach (Guid? id in news.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            List<ApprovalSummary> changed = id is { } one
                ? await views.SummaryAsync(one, cancel).ConfigureAwait(false)
                : await views.ListAsync(new ApprovalFilter { Status = ApprovalStatus.Pending }, cancel).ConfigureAwait(false);
            foreach (ApprovalSummary summary in changed)
                yield return new SseItem<ApprovalSummary>(summary, Approval);
        }
    }

    private static Guid? IdOf(ClusterEvent said)
    {
        using JsonDocument payload = JsonDocument.Parse(said.Payload);
        return payload.RootElement.GetProperty("id").TryGetGuid(out Guid id) ? id : null;
    }
}
