using Sallyport.Contract;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Protocols.Http2;

/// <summary>
/// A request as an action that policy can judge: begun by <see cref="Http"/> or <see cref="Kubernetes"/>, then given whatever else is known of it. One action at a time, whose
/// spans are valid until the next is begun. Nothing is allocated once the buffers have grown.
/// </summary>
internal sealed class HttpActions
{
    // Text is for people: the rest of a longer target is not shown.
    private const int MostText = 1 << 14;

    private readonly HttpActionArena _arena = new();
    private byte[] _text = new byte[512];
    private byte[] _scratch = new byte[512];
    private int _textLength;
    private Verb _verb;
    private ActionFlags _flags;

    /// <summary>Begins the action of a request that is none of Kubernetes, or none of its resources: a method on a path.</summary>
    /// <param name="method">As it was sent.</param>
    /// <param name="target">Path and query, as they were sent.</param>
    public void Http(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        ReadOnlySpan<byte> query = QueryReader.Of(target, out ReadOnlySpan<byte> path);
        Begin(method, path, query, target.Length > path.Length);
        _verb = HttpMethods.VerbOf(method);
        AddPath(_verb, path);
    }

    /// <summary>Begins the action of a request that is not about its path: its effects are added behind it.</summary>
    /// <param name="verb">Of one of them.</param>
    /// <param name="method">As it was sent.</param>
    /// <param name="target">Path and query, as they were sent.</param>
    public void Begin(Verb verb, ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        ReadOnlySpan<byte> query = QueryReader.Of(target, out ReadOnlySpan<byte> path);
        Begin(method, path, query, target.Length > path.Length);
        _verb = verb;
    }

    /// <summary>Begins the action of a request to an API server.</summary>
    /// <param name="method">As it was sent.</param>
    /// <param name="info">What it is about. One with a <see cref="RequestProblem"/> is refused anyway; its action is one that was not understood.</param>
    /// <param name="created">The name that the body gives to what is created (<c>metadata.name</c>); empty: none, or it was not read.</param>
    public void Kubernetes(ReadOnlySpan<byte> method, in RequestInfo info, ReadOnlySpan<byte> created = default)
    {
        Begin(method, info.Path, info.Query, !info.Query.IsEmpty);
        if (info.Problem != RequestProblem.None || !info.IsResource)
        {
            _verb = info.Problem != RequestProblem.None ? Verb.Unknown : info.Verb;
            _flags |= info.Problem != RequestProblem.None ? ActionFlags.Unparsed : ActionFlags.None;
            AddPath(_verb, info.Path);
            return;
        }

        _verb = info.Verb;
        if (info.Verb == Verb.Unknown)
            _flags |= ActionFlags.Unparsed;
        ReadOnlySpan<byte> name = info.Verb == Verb.KubeCreate && info.Name.IsEmpty ? created : info.Name;
        // Zero bytes part the name from what stands before it.
        if (name.Contains((byte)0))
        {
            _flags |= ActionFlags.Unparsed;
            name = default;
        }

        ReadOnlySpan<byte> port = default;
        if (info.IsProxy && !KubeNames.TrySplit(info.Name, out name, out port))
            _flags |= ActionFlags.Unparsed;
        AddResource(info.Verb, info, name);
        // Whoever may read may not therefore speak another protocol, nor the other way round.
        if (info.Upgrades && info.Verb != Verb.KubeConnect)
            AddResource(Verb.KubeConnect, info, name);
        Detail("version"u8, info.Version);
        if (info.IsProxy)
        {
            if (!port.IsEmpty)
                Detail("port"u8, port);
            return;
        }

        AddParameters(info);
        if (info.Subresource.SequenceEqual("exec"u8))
            AddCommand(info.Query);
        else if (info.Subresource.SequenceEqual("portforward"u8))
            AddPorts(info, name);
    }

    /// <summary>The connection is to become another protocol's (RFC 9110 7.8): whoever may read a path may not therefore speak another protocol with it, so that is an effect of its own.</summary>
    /// <param name="target">Path and query, as they were sent.</param>
    /// <param name="protocol">The Upgrade field.</param>
    public void Upgrade(ReadOnlySpan<byte> target, ReadOnlySpan<byte> protocol)
    {
        QueryReader.Of(target, out ReadOnlySpan<byte> path);
        AddPath(Verb.HttpConnect, path);
        Detail("upgrade"u8, protocol);
    }

    /// <summary>What the body is (<c>Content-Type</c>); of a patch also how it is to be applied.</summary>
    public void ContentType(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)';');
        ReadOnlySpan<byte> type = Trim(end < 0 ? value : value[..end]);
        Detail("content-type"u8, type);
        if (_verb == Verb.KubePatch)
            Detail("patch-type"u8, KubeParameters.PatchType(type));
    }

    /// <summary>The method on the path, as one more effect.</summary>
    /// <param name="target">Path and query, as they were sent.</param>
    public void Path(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        QueryReader.Of(target, out ReadOnlySpan<byte> path);
        AddPath(HttpMethods.VerbOf(method), path);
    }

    /// <summary>Another effect, such as a method of gRPC or a tool of MCP.</summary>
    /// <param name="verb">What is done.</param>
    /// <param name="qualifier">Empty: the name stands alone.</param>
    /// <param name="separator">Between the two.</param>
    /// <param name="name">To what.</param>
    public void Effect(Verb verb, ReadOnlySpan<byte> qualifier, byte separator, ReadOnlySpan<byte> name) => _arena.Add(verb, qualifier, separator, name);

    /// <summary>A detail; as often as the attribute has values.</summary>
    public void Detail(ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value)
    {
        Span<byte> space = _arena.Space(attribute.Length + 1 + value.Length);
        if (!space.IsEmpty)
            AddDetail(space, [], attribute, value);
    }

    /// <summary>A field of the request's object, by its path as docs/policy.md writes it.</summary>
    public void Field(ReadOnlySpan<byte> path, ReadOnlySpan<byte> value) => Prefixed("field:"u8, path, value);

    /// <summary>A header field, its name in lower case.</summary>
    public void Header(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Prefixed("header:"u8, name, value);

    /// <summary>What else is known of the action as a whole: a body that was not understood, or not seen whole.</summary>
    public void Flag(ActionFlags flags) => _flags |= flags;

    /// <summary>The action.</summary>
    public ActionView View() => new()
    {
        Kind = ActionKind.HttpRequest,
        Verb = _verb,
        Flags = _flags | (_arena.IsFull ? ActionFlags.Truncated : ActionFlags.None),
        Text = _text.AsSpan(0, _textLength),
        Names = _arena.Names,
        Objects = _arena.Objects,
    };

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t"u8);

    private void Begin(ReadOnlySpan<byte> method, ReadOnlySpan<byte> path, ReadOnlySpan<byte> query, bool hasQuery)
    {
        _arena.Clear();
        _flags = ActionFlags.None;
        _textLength = 0;
        if (_scratch.Length < query.Length)
            _scratch = new byte[query.Length];
        Write(method);
        Write(" "u8);
        Write(path);
        if (!hasQuery)
            return;
        byte lead = (byte)'?';
        var parameters = new QueryReader(query);
        while (parameters.TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            Write([lead]);
            lead = (byte)'&';
            if (value.IsEmpty || !HttpSecrets.IsSecret(name))
            {
                Write(parameters.Pair);
                continue;
            }

            Write(name);
            Write("="u8);
            Write(HttpSecrets.Blank);
        }
    }

    private void Write(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, MostText - _textLength)];
        if (_textLength + text.Length > _text.Length)
            Array.Resize(ref _text, Math.Max(_textLength + text.Length, _text.Length * 2));
        text.CopyTo(_text.AsSpan(_textLength));
        _textLength += text.Length;
    }

    private void AddPath(Verb verb, ReadOnlySpan<byte> path)
    {
        Span<byte> space = _arena.Space(Math.Max(path.Length, 1));
        if (space.IsEmpty)
            return;
        if (!HttpPath.Normalise(path, space, out int length))
            _flags |= ActionFlags.Unparsed;
        _arena.Add(verb, length, 0);
    }

    private void AddResource(Verb verb, in RequestInfo info, ReadOnlySpan<byte> name)
    {
        int qualifier = info.Resource.Length + (info.Group.IsEmpty ? 0 : 1 + info.Group.Length) + (info.Subresource.IsEmpty ? 0 : 1 + info.Subresource.Length);
        int length = qualifier + 1 + info.Namespace.Length + 1 + name.Length;
        Span<byte> space = _arena.Space(length);
        if (space.IsEmpty)
            return;
        int at = Put(space, 0, info.Resource);
        if (!info.Group.IsEmpty)
        {
            space[at++] = (byte)'.';
            at = Put(space, at, info.Group);
        }

        if (!info.Subresource.IsEmpty)
        {
            space[at++] = (byte)'/';
            at = Put(space, at, info.Subresource);
        }

        space[at++] = 0;
        at = Put(space, at, info.Namespace);
        space[at++] = 0;
        Put(space, at, name);
        _arena.Add(verb, length, qualifier);
    }

    private void AddParameters(in RequestInfo info)
    {
        var parameters = new QueryReader(info.Query);
        while (parameters.TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (!PercentText.TryDecodeForm(name, _scratch, out int length))
                continue;
            ReadOnlySpan<byte> attribute = KubeParameters.AttributeOf(_scratch.AsSpan(0, length));
            if (!attribute.IsEmpty && PercentText.TryDecodeForm(value, _scratch, out length))
                Detail(attribute, KubeParameters.ValueOf(attribute, _scratch.AsSpan(0, length)));
        }
    }

    // One argument for each parameter "command" (PodExecOptions of core/v1); the first is the program.
    private void AddCommand(ReadOnlySpan<byte> query)
    {
        int length = 0;
        int program = 0;
        int words = 0;
        var parameters = new QueryReader(query);
        // Decoded and parted by single bytes the words are no longer than the query; the parameters' names lie in the scratch before their values do.
        Span<byte> space = _arena.Space(query.Length + 1);
        while (!space.IsEmpty && parameters.TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (!PercentText.TryDecodeForm(name, _scratch, out int decoded) || !_scratch.AsSpan(0, decoded).SequenceEqual("command"u8))
                continue;
            if (words++ > 0)
                space[length++] = 0;
            if (!PercentText.TryDecodeForm(value, space[length..], out decoded) || space.Slice(length, decoded).Contains((byte)0))
                _flags |= ActionFlags.Unparsed;
            length += decoded;
            program = words == 1 ? length : program;
        }

        if (program == 0)
            _flags |= ActionFlags.Unparsed;
        else
            _arena.Add(Verb.Exec, length, words > 1 ? program : 0);
    }

    /// <summary>Begins the action of a port that is forwarded to within a tunnel that was let through.</summary>
    public void Forward(ReadOnlySpan<byte> pod, ReadOnlySpan<byte> space, ReadOnlySpan<byte> port)
    {
        Begin("forward"u8, pod, default, hasQuery: false);
        Write("."u8);
        Write(space);
        Write(":"u8);
        Write(port);
        _verb = Verb.ForwardLocal;
        Port(pod, space, port);
    }

    // Ports that the query names; those of SPDY come with their streams.
    private void AddPorts(in RequestInfo info, ReadOnlySpan<byte> pod)
    {
        var parameters = new QueryReader(info.Query);
        while (parameters.TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (!PercentText.TryDecodeForm(name, _scratch, out int length) || !_scratch.AsSpan(0, length).SequenceEqual("ports"u8))
                continue;
            if (!PercentText.TryDecodeForm(value, _scratch, out length))
                _flags |= ActionFlags.Unparsed;
            ReadOnlySpan<byte> ports = _scratch.AsSpan(0, length);
            foreach (Range part in ports.Split((byte)','))
                Port(pod, info.Namespace, ports[part]);
        }
    }

    /// <summary>One port of a pod that is forwarded to.</summary>
    public void Port(ReadOnlySpan<byte> pod, ReadOnlySpan<byte> space, ReadOnlySpan<byte> port)
    {
        if (!ushort.TryParse(port, System.Globalization.NumberStyles.None, null, out ushort number) || number == 0)
        {
            _flags |= ActionFlags.Unparsed;
            return;
        }

        Span<byte> digits = stackalloc byte[5];
        number.TryFormat(digits, out int written);
        int host = pod.Length + 1 + space.Length;
        Span<byte> text = _arena.Space(host + 1 + written);
        if (text.IsEmpty)
            return;
        int at = Put(text, 0, pod);
        text[at++] = (byte)'.';
        at = Put(text, at, space);
        text[at++] = (byte)':';
        Put(text, at, digits[..written]);
        _arena.Add(Verb.ForwardLocal, host + 1 + written, host);
    }

    private void Prefixed(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value)
    {
        Span<byte> space = _arena.Space(prefix.Length + attribute.Length + 1 + value.Length);
        if (!space.IsEmpty)
            AddDetail(space, prefix, attribute, value);
    }

    private void AddDetail(Span<byte> space, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value)
    {
        int qualifier = Put(space, Put(space, 0, prefix), attribute);
        // The name of an attribute ends at the first zero byte.
        if (qualifier == 0 || attribute.Contains((byte)0))
        {
            _flags |= ActionFlags.Unparsed;
            return;
        }

        space[qualifier] = 0;
        Put(space, qualifier + 1, value);
        _arena.Add(Verb.HttpDetail, space.Length, qualifier);
    }

    private static int Put(Span<byte> space, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(space[at..]);
        return at + text.Length;
    }
}
