using System.Text.Json;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Approvals;

/// <summary>Tells every node that the groups of a subject have changed.</summary>
internal static class IdentityNews
{
    public static async Task TellAsync(ApprovalParts parts, string subject, CancellationToken cancel)
    {
        try
        {
            string payload = $"{{\"subject\":{JsonSerializer.Serialize(subject, ApprovalJsonTypes.Default.String)}}}";
            await parts.Cluster.PublishAsync(ClusterEvents.IdentityChanged, payload, cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException away)
        {
            // Nodes that were away look at everyone again when they are back.
            parts.Log.Warning("identity-change-not-told", new("subject", subject), new("error", away.Message));
        }
    }
}
