using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;
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
            Transport = Transport(config.Algorithms),
            Limits = new SshLimits { Handshake = limits.Handshake },
        };
        return config.Methods.IsEmpty ? listener : listener with { Methods = [.. config.Methods.Select(sequence => (IReadOnlyList<SshMethod>)[.. sequence])] };
    }

    /// <summary>Key types are named plainly: their certificates go with them, and before them, since who has one means it.</summary>
    private static SshTransportOptions Transport(SshAlgorithmsConfig config)
    {
        SshTransportOptions options = SshTransportOptions.Default;
        return options with
        {
            KeyExchanges = config.KeyExchanges.IsEmpty ? options.KeyExchanges : config.KeyExchanges,
            Ciphers = config.Ciphers.IsEmpty ? options.Ciphers : config.Ciphers,
            Macs = config.Macs.IsEmpty ? options.Macs : config.Macs,
            HostKeys = config.HostKeys.IsEmpty ? options.HostKeys : WithCertificates(config.HostKeys),
            UserSignatures = config.PublicKeys.IsEmpty ? options.UserSignatures : WithCertificates(config.PublicKeys),
        };
    }

    private static IReadOnlyList<string> WithCertificates(IReadOnlyList<string> plain) => [.. plain.Select(SshKeyTypes.Certified), .. plain];
}
