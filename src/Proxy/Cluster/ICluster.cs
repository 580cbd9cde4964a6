namespace Sallyport.Proxy.Cluster;

/// <summary>What one node tells all others, itself included.</summary>
/// <param name="Kind">A word of <see cref="ClusterEvents"/>.</param>
/// <param name="Payload">JSON, at most 4 KiB; never a secret.</param>
/// <param name="Node">Who says it.</param>
internal sealed record ClusterEvent(string Kind, string Payload, string Node);

/// <summary>The kinds of event.</summary>
internal static class ClusterEvents
{
    /// <summary>A revocation was written: <c>{"id":…}</c>.</summary>
    public const string Revoked = "revoked";

    /// <summary>Something of a subject changed (groups, disabled, a grant began or ended): <c>{"subject":…}</c>.</summary>
    public const string IdentityChanged = "identity-changed";

    /// <summary>An approval was made, decided, withdrawn: <c>{"id":…,"status":…}</c>.</summary>
    public const string Approval = "approval";

    /// <summary>Store policies changed: <c>{"name":…}</c>.</summary>
    public const string Policy = "policy";

    /// <summary>Store targets changed: <c>{"name":…}</c>.</summary>
    public const string Target = "target";

    /// <summary>Something is to be done to a live session: <c>{"session":…,"do":"freeze|resume|end","reason":…}</c>.</summary>
    public const string Session = "session";

    /// <summary>A one-time item was decided (a login prompt): <c>{"key":…}</c>.</summary>
    public const string OneTime = "one-time";

    /// <summary>A person's public key was registered or removed: <c>{"id":…}</c>.</summary>
    public const string PersonKey = "person-key";

    /// <summary>A target's host key was pinned or unpinned: <c>{"address":…}</c>.</summary>
    public const string HostPin = "host-pin";

    /// <summary>Signing keys changed.</summary>
    public const string Keys = "keys";
}

/// <summary>The nodes on one store, as one. What was published reaches every node within a second while the store can be reached.</summary>
internal interface ICluster
{
    /// <summary>This node's name.</summary>
    string Node { get; }

    /// <summary>Tells every node. Returns when the event is in the store; this node hears of it before that returns.</summary>
    Task PublishAsync(string kind, string payload, CancellationToken cancel);

    /// <summary>Calls <paramref name="handle"/> for each event of a kind, one at a time, in order, on the thread pool. Handlers look up the state themselves: an event may come twice, and events may be missed while the store is away, so after it was away every handler is called with null: look at everything again.</summary>
    IDisposable Subscribe(string kind, Func<ClusterEvent?, CancellationToken, Task> handle);
}
