namespace Sallyport.Proxy.Sessions;

/// <summary>What is to be done to a live session (<see cref="Cluster.ClusterEvents.Session"/>).</summary>
/// <param name="Session">Which.</param>
/// <param name="Do"><see cref="Freeze"/>, <see cref="Resume"/> or <see cref="End"/>.</param>
/// <param name="Reason">Why; the client is told.</param>
/// <param name="By">Who wants it; null: the daemon.</param>
internal sealed record SessionOrder(Guid Session, string Do, string Reason, string? By = null)
{
    public const string Freeze = "freeze";

    public const string Resume = "resume";

    public const string End = "end";
}
