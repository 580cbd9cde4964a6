using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>
/// What a request to a Kubernetes API server is about, read as the server itself reads it before it authorises (k8s.io/apiserver, endpoints/request). What it would
/// read in a way that is not certain is a <see cref="Problem"/>. A view over the request's target and the space it was decoded into.
/// </summary>
/// <remarks>
/// Forms of paths: <c>/api/VERSION/…</c> and <c>/apis/GROUP/VERSION/…</c>, then <c>[watch|proxy/][namespaces/NAMESPACE/]RESOURCE[/NAME[/SUBRESOURCE[/…]]]</c>.
/// Everything else is no resource. Where this is stricter: exec, attach, portforward and proxy are <see cref="Verb.KubeConnect"/> by whatever method.
/// </remarks>
internal readonly ref struct RequestInfo
{
    /// <summary>What is done: a <c>Kube…</c> verb; of what is no resource an <c>Http…</c> one. <see cref="Verb.Unknown"/>: the method is none the API server knows.</summary>
    public Verb Verb { get; private init; }

    public bool IsResource { get; private init; }

    public RequestProblem Problem { get; private init; }

    /// <summary><c>api</c> or <c>apis</c>.</summary>
    public ReadOnlySpan<byte> ApiPrefix { get; private init; }

    /// <summary>Empty: the core group.</summary>
    public ReadOnlySpan<byte> Group { get; private init; }

    public ReadOnlySpan<byte> Version { get; private init; }

    /// <summary>Empty: the object belongs to the cluster, or it is about all namespaces.</summary>
    public ReadOnlySpan<byte> Namespace { get; private init; }

    public ReadOnlySpan<byte> Resource { get; private init; }

    public ReadOnlySpan<byte> Subresource { get; private init; }

    /// <summary>The object, as the path has it; of a list the one it selects by name. Empty: none is named.</summary>
    public ReadOnlySpan<byte> Name { get; private init; }

    /// <summary>What follows the subresource, as it was sent: the path that is proxied to.</summary>
    public ReadOnlySpan<byte> Tail { get; private init; }

    /// <summary>The path, as it was sent.</summary>
    public ReadOnlySpan<byte> Path { get; private init; }

    /// <summary>As it was sent, without its question mark.</summary>
    public ReadOnlySpan<byte> Query { get; private init; }

    /// <summary>The connection is to become another protocol's.</summary>
    public bool Upgrades { get; private init; }

    /// <summary>The query is the business of what is proxied to.</summary>
    public bool IsProxy => Subresource.SequenceEqual("proxy"u8);

    /// <summary>Reads a request.</summary>
    /// <param name="method">As it was sent.</param>
    /// <param name="target">Path and query, as they were sent.</param>
    /// <param name="upgrades">It asks to upgrade the connection (RFC 9110 7.8), or is an extended CONNECT (RFC 8441 4).</param>
    /// <param name="scratch">Space to decode into, at least twice as long as the target.</param>
    public static RequestInfo Parse(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target, bool upgrades, Span<byte> scratch)
    {
        ReadOnlySpan<byte> query = QueryReader.Of(target, out ReadOnlySpan<byte> path);
        if (target.Length > scratch.Length / 2 || path is not [(byte)'/', ..])
        {
            RequestProblem problem = path is [(byte)'/', ..] ? RequestProblem.TooLong : RequestProblem.NoPath;
            return new RequestInfo { Verb = HttpMethods.VerbOf(method), Path = path, Query = query, Upgrades = upgrades, Problem = problem };
        }

        var parts = new KubePath(path, scratch[..path.Length]);
        Span<byte> left = scratch[path.Length..];
        bool core = parts.Count >= 3 && parts[0].SequenceEqual("api"u8);
        bool grouped = parts.Count >= 4 && parts[0].SequenceEqual("apis"u8);
        return core || grouped
            ? Resourceful(method, parts, core ? 1 : 2, path, query, upgrades, left)
            : new RequestInfo { Verb = HttpMethods.VerbOf(method), Path = path, Query = query, Upgrades = upgrades };
    }

    private static RequestInfo Resourceful(
        ReadOnlySpan<byte> method, KubePath parts, int version, ReadOnlySpan<byte> path, ReadOnlySpan<byte> query, bool upgrades, Span<byte> scratch)
    {
        int at = version + 1;
        bool proxyPrefix = parts[at].SequenceEqual("proxy"u8);
        bool watchPrefix = parts[at].SequenceEqual("watch"u8);
        bool incomplete = (proxyPrefix || watchPrefix) && at + 1 >= parts.Count;
        if ((proxyPrefix || watchPrefix) && !incomplete)
            at++;

        ReadOnlySpan<byte> space = default;
        if (parts[at].SequenceEqual("namespaces"u8) && at + 1 < parts.Count)
        {
            space = parts[at + 1];
            // A namespace has subresources of its own; whatever else follows its name is a resource in it.
            if (at + 2 < parts.Count && !parts[at + 2].SequenceEqual("status"u8) && !parts[at + 2].SequenceEqual("finalize"u8))
                at += 2;
        }

        bool hasName = at + 1 < parts.Count;
        bool hasSubresource = at + 2 < parts.Count && !proxyPrefix;
        int last = hasSubresource ? at + 2 : hasName ? at + 1 : at;
        ReadOnlySpan<byte> subresource = proxyPrefix ? "proxy"u8 : hasSubresource ? parts[at + 2] : default;
        ReadOnlySpan<byte> name = hasName ? parts[at + 1] : default;
        bool proxied = subresource.SequenceEqual("proxy"u8);
        RequestProblem problem = incomplete ? RequestProblem.Incomplete : First(parts, last);
        if (problem == RequestProblem.None)
            problem = KubeNames.Check(version == 1 ? default : parts[1], parts[version], space, parts[at], subresource);
        if (problem == RequestProblem.None)
            problem = KubeNames.CheckTail(parts.After(last), proxied);
        if (problem == RequestProblem.None && !proxied)
            problem = KubeQuery.Check(query, scratch);

        Verb verb = VerbOf(method, subresource, hasName, watchPrefix, upgrades);
        if (problem == RequestProblem.None && verb == Verb.KubeList)
        {
            if (KubeQuery.TryGet(query, "watch"u8, scratch, out ReadOnlySpan<byte> watch) && KubeQuery.IsTrue(watch))
                verb = Verb.KubeWatch;
            if (KubeQuery.TryGet(query, "fieldSelector"u8, scratch, out ReadOnlySpan<byte> selector))
                name = KubeQuery.NameOf(selector);
        }

        return new RequestInfo
        {
            Verb = verb,
            IsResource = true,
            Problem = problem,
            ApiPrefix = parts[0],
            Group = version == 1 ? default : parts[1],
            Version = parts[version],
            Namespace = space,
            Resource = parts[at],
            Subresource = subresource,
            Name = name,
            Tail = parts.After(last),
            Path = path,
            Query = query,
            Upgrades = upgrades,
        };
    }

    private static Verb VerbOf(ReadOnlySpan<byte> method, ReadOnlySpan<byte> subresource, bool hasName, bool watchPrefix, bool upgrades)
    {
        if (KubeNames.Connects(subresource))
            return Verb.KubeConnect;
        return HttpMethods.VerbOf(method) switch
        {
            Verb.HttpGet or Verb.HttpHead when watchPrefix => Verb.KubeWatch,
            Verb.HttpGet or Verb.HttpHead => hasName ? Verb.KubeGet : Verb.KubeList,
            _ when watchPrefix => Verb.Unknown,
            Verb.HttpPost => Verb.KubeCreate,
            Verb.HttpPut => Verb.KubeUpdate,
            Verb.HttpPatch => Verb.KubePatch,
            Verb.HttpDelete => hasName ? Verb.KubeDelete : Verb.KubeDeleteCollection,
            // An extended CONNECT asks for what GET asks for over HTTP/1.1 (RFC 8441 5).
            Verb.HttpConnect when upgrades => hasName ? Verb.KubeGet : Verb.KubeList,
            _ => Verb.Unknown,
        };
    }

    private static RequestProblem First(KubePath parts, int last)
    {
        for (int i = 0; i <= last; i++)
        {
            if (parts.Problem(i) != RequestProblem.None)
                return parts.Problem(i);
        }

        return RequestProblem.None;
    }
}
