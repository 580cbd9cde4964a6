using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Grpc;

/// <summary>
/// A request as a call of gRPC ("gRPC over HTTP2", Requests):
/// <code>
///   :method       POST
///   :path         / Service-Name / {method name}        /shop.v1.Orders/Get
///   content-type  application/grpc [ "+proto" / "+json" / ... ]
///   grpc-timeout  a deadline; every other field is metadata
/// </code>
/// What a server takes for a call is a call here, whatever version of HTTP it came by; what is not of this form is a call that was not understood.
/// </summary>
internal static class GrpcCall
{
    // Before "/" and behind it; nothing that anybody writes is longer.
    private const int MostName = 1024;

    private static ReadOnlySpan<byte> MediaType => "application/grpc"u8;

    /// <summary>True of a request whose content is gRPC's. gRPC-Web is not: it is a POST as any other.</summary>
    public static bool Is(HttpHead head)
    {
        for (int at = head.IndexOf("content-type"u8); at >= 0; at = head.IndexOf("content-type"u8, at + 1))
        {
            if (IsMediaType(head[at].Value))
                return true;
        }

        return false;
    }

    /// <summary>Begins the action of a call.</summary>
    /// <param name="path">With its query.</param>
    public static void Describe(HttpActions actions, HttpHead head, ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> method = head.Value(":method"u8);
        actions.Begin(Verb.GrpcCall, method, path);
        if (TrySplit(path, out ReadOnlySpan<byte> service, out ReadOnlySpan<byte> name))
        {
            actions.Effect(Verb.GrpcCall, service, (byte)'.', name);
        }
        else
        {
            actions.Effect(Verb.GrpcCall, [], 0, path);
            actions.Flag(ActionFlags.Unparsed);
        }

        // A server that does not care for media types takes it for this: rules about the path stop it, too, and masks apply.
        actions.Path(method, path);
        // Of two types a server may take either.
        if (!method.SequenceEqual("POST"u8) || head.IndexOf("content-type"u8, head.IndexOf("content-type"u8) + 1) >= 0)
            actions.Flag(ActionFlags.Unparsed);
    }

    private static bool IsMediaType(ReadOnlySpan<byte> value)
    {
        value = value.Trim(" \t"u8);
        if (value.Length < MediaType.Length || !FieldRules.EqualsIgnoringCase(value[..MediaType.Length], MediaType))
            return false;
        return value.Length == MediaType.Length || value[MediaType.Length] is (byte)'+' or (byte)';' or (byte)' ' or (byte)'\t' or (byte)',';
    }

    private static bool TrySplit(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> service, out ReadOnlySpan<byte> method)
    {
        service = method = default;
        if (path is not [(byte)'/', ..] || path.Length > MostName)
            return false;
        int slash = path[1..].IndexOf((byte)'/');
        if (slash < 0)
            return false;
        service = path.Slice(1, slash);
        method = path[(slash + 2)..];
        foreach (Range part in service.Split((byte)'.'))
        {
            if (!IsIdentifier(service[part]))
                return false;
        }

        return IsIdentifier(method);
    }

    // "ident" of the language of protocol buffers; names of other definitions have no other characters, either.
    private static bool IsIdentifier(ReadOnlySpan<byte> name)
    {
        foreach (byte c in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c != '_')
                return false;
        }

        return !name.IsEmpty;
    }
}
