using System.Collections.Frozen;
using Sallyport.Protocols.Http2;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Upstream;

/// <summary>
/// Which target a request is for: by its host, whole or by its first label, or by a path that begins with <c>/k8s/NAME</c> or <c>/http/NAME</c>. Immutable; made
/// anew when targets change.
/// </summary>
internal sealed class HttpRoutes
{
    private readonly FrozenDictionary<string, HttpTarget>.AlternateLookup<ReadOnlySpan<char>> _byHost;
    private readonly FrozenDictionary<string, HttpTarget>.AlternateLookup<ReadOnlySpan<char>> _byName;

    /// <param name="configured">Targets of the configuration: they come first.</param>
    /// <param name="stored">Those of the store: what leads to another already does not lead to them.</param>
    public HttpRoutes(IEnumerable<Target> configured, IEnumerable<Target> stored)
    {
        var byHost = new Dictionary<string, HttpTarget>(StringComparer.Ordinal);
        var byName = new Dictionary<string, HttpTarget>(StringComparer.Ordinal);
        foreach (Target target in configured.Where(target => target.Config.Http is not null))
            Add(byHost, byName, target, target.Config.Http!.Hosts);
        var first = byName.ToFrozenDictionary(StringComparer.Ordinal);
        foreach (Target target in stored.Where(target => target.Config.Http is not null).OrderBy(target => target.Info.Name, StringComparer.Ordinal))
            Add(byHost, byName, target, target.Config.Http!.Hosts.Where(host => !first.ContainsKey(Label(host).ToString())));

        _byHost = byHost.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>What of a target's name and hosts leads to another already, and to which; null: nothing does.</summary>
    public (string What, string Owner)? Taken(TargetConfig target)
    {
        if (target.Http is not { } http)
            return null;
        if (_byName.TryGetValue(target.Name.ToLowerInvariant(), out HttpTarget? same) && same.Info.Name != target.Name)
            return (target.Name, same.Info.Name);
        foreach (string host in http.Hosts)
        {
            if ((_byHost.TryGetValue(host, out HttpTarget? owner) || _byName.TryGetValue(Label(host), out owner)) && owner.Info.Name != target.Name)
                return (host, owner.Info.Name);
        }

        return null;
    }

    private static void Add(Dictionary<string, HttpTarget> byHost, Dictionary<string, HttpTarget> byName, Target target, IEnumerable<string> hosts)
    {
        HttpTarget http = Http(target, target.Config.Http!);
        byName.TryAdd(target.Info.Name.ToLowerInvariant(), http);
        foreach (string host in hosts)
            byHost.TryAdd(host, http);
    }

    /// <summary>The first label of a host; empty: it is an address, which has none (10.0.0.1 is not the host of a target that is called 10).</summary>
    private static ReadOnlySpan<char> Label(ReadOnlySpan<char> host)
    {
        if (host.IndexOfAnyExcept(Address) < 0 || host.Contains(':'))
            return default;
        int dot = host.IndexOf('.');
        return dot < 0 ? host : host[..dot];
    }

    private static ReadOnlySpan<byte> Kubernetes => "/k8s/"u8;

    private static ReadOnlySpan<byte> Http1 => "/http/"u8;

    /// <inheritdoc cref="IHttpTargets.Route"/>
    public HttpTarget? Route(ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path, out int prefix)
    {
        prefix = 0;
        Span<char> text = stackalloc char[HostPortLength];
        if (path.StartsWith(Kubernetes) || path.StartsWith(Http1))
        {
            int start = path.StartsWith(Kubernetes) ? Kubernetes.Length : Http1.Length;
            int length = path[start..].IndexOfAny((byte)'/', (byte)'?');
            length = length < 0 ? path.Length - start : length;
            if (TryLower(path.Slice(start, length), text, out ReadOnlySpan<char> name) && _byName.TryGetValue(name, out HttpTarget? named)
                && named.IsKubernetes == path.StartsWith(Kubernetes))
            {
                prefix = start + length;
                return named;
            }
        }

        if (!TryLower(Host(authority), text, out ReadOnlySpan<char> host))
            return null;
        if (_byHost.TryGetValue(host, out HttpTarget? whole))
            return whole;
        return _byName.TryGetValue(Label(host), out HttpTarget? first) ? first : null;
    }

    private const int HostPortLength = 260;

    private static readonly System.Buffers.SearchValues<char> Address = System.Buffers.SearchValues.Create("0123456789.");

    /// <summary>Without a port and the root's dot. Empty: it is no host, or not one alone.</summary>
    private static ReadOnlySpan<byte> Host(ReadOnlySpan<byte> authority)
    {
        bool isBracketed = !authority.IsEmpty && authority[0] == (byte)'[';
        int end = isBracketed ? authority.IndexOf((byte)']') : authority.IndexOf((byte)':');
        if (end < 0)
            return isBracketed || authority.Contains((byte)'@') ? default : Rootless(authority);
        ReadOnlySpan<byte> host = isBracketed ? authority[1..end] : Rootless(authority[..end]);
        ReadOnlySpan<byte> port = isBracketed ? authority[(end + 1)..] : authority[end..];
        // RFC 3986 3.2.3: a colon, and digits or none.
        bool isPort = port.IsEmpty || (port[0] == (byte)':' && port.Length <= 6 && port[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0);
        return isPort && !host.Contains((byte)'@') ? host : default;
    }

    private static ReadOnlySpan<byte> Rootless(ReadOnlySpan<byte> host) => host.Length > 1 && host[^1] == (byte)'.' ? host[..^1] : host;

    private static bool TryLower(ReadOnlySpan<byte> name, Span<char> into, out ReadOnlySpan<char> lower)
    {
        lower = default;
        if (name.IsEmpty || name.Length > into.Length)
            return false;
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] is <= 0x20 or >= 0x7f)
                return false;
            into[i] = char.ToLowerInvariant((char)name[i]);
        }

        lower = into[..name.Length];
        return true;
    }

    private static HttpTarget Http(Target target, HttpTargetConfig http) => new()
    {
        Info = target.Info,
        IsKubernetes = http.IsKubernetes,
        Authority = target.Address,
        Credential = http.Credential,
        CredentialHeader = http.CredentialHeader,
        Impersonation = http.Impersonation,
        RecordedBodies = http.RecordedBodies,
        RecordedBodyBytes = http.RecordedBodyBytes,
        PlainHttp2 = http.PlainHttp2,
        McpPaths = http.McpPaths,
    };
}
