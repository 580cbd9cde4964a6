using Sallyport.Protocols.Ssh;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Ssh;

/// <summary>Makes of a listener's settings what the engine needs of them.</summary>
internal static class SshListeners
{
    /// <param name="keys">The listener's host keys as of the last reload.</param>
    public static SshListener Of(string node, string name, SshListenerConfig config, Func<GatewayKeys> keys, LimitsConfig limits)
    {
        var listener = new SshListener
        {
            Node = node,
            Name = name,
            HostKeys = () => keys().Own(),
            TargetHostKeys = target => keys().OfTarget(target),
            Limits = new SshLimits { Handshake = limits.Handshake },
        };
        return config.Methods.IsEmpty ? listener : listener with { Methods = [.. config.Methods.Select(sequence => (IReadOnlyList<SshMethod>)[.. sequence])] };
    }
}
