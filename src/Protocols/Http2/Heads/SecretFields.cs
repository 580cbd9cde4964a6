using System.Text;

namespace Sallyport.Protocols.Http2.Heads;

/// <summary>What a recording shows of a field's value.</summary>
internal enum FieldShown : byte
{
    Whole,

    /// <summary>It is a URL, or part of one: its query is shown without secrets.</summary>
    WithoutQuerySecrets,

    /// <summary>It is a credential, or could be one.</summary>
    Nothing,
}

/// <summary>
/// Fields whose values are credentials: never in a recording, a log or a peer's compression table. Names that are often sent are looked up; of others, words in them decide. That a peer wants a field
/// in no compression table (RFC 7541 7.1.3) hides it too, but never what a request is: nobody takes their path or program out of the record by asking for it.
/// </summary>
internal static class SecretFields
{
    private const int Longest = 128;
    private const int Slots = 1024;

    private static readonly byte[][] Words =
    [
        .. new[]
        {
            "authorization", "cookie", "token", "secret", "password", "passwd", "passphrase", "apikey", "-key", "credential", "signature", "websocket-protocol", "session", "jwt", "assertion", "x-auth",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    // RFC 7541 appendix A and RFC 9110, but for what is decided by its words; then Kubernetes, gRPC, MCP and tracing.
    private static readonly string[] Plain =
    [
        ":authority", ":method", ":scheme", ":status", ":protocol", "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "access-control-allow-origin", "age", "allow", "cache-control",
        "connection", "content-disposition", "content-encoding", "content-language", "content-length", "content-range", "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "max-forwards", "proxy-authenticate", "range", "retry-after", "server", "strict-transport-security", "te", "trailer",
        "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning", "www-authenticate", "priority", "alt-svc", "origin", "sec-websocket-accept", "sec-websocket-key", "sec-websocket-version",
        "sec-websocket-extensions", "idempotency-key", "kubectl-command", "kubectl-session", "audit-id", "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid", "x-stream-protocol-version",
        "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message", "mcp-protocol-version", "last-event-id", "traceparent", "tracestate", "x-request-id", "x-correlation-id",
        "x-content-type-options", "x-frame-options", "content-security-policy", "access-control-allow-headers", "access-control-allow-methods", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-dest", "sec-ch-ua",
    ];

    private static readonly string[] Urls = [":path", "location", "content-location", "referer", "refresh"];

    private static readonly (byte[] Name, FieldShown Shown)[] Known = Compile();

    /// <summary>What stands in the place of a secret.</summary>
    public static ReadOnlySpan<byte> Blank => "[secret]"u8;

    /// <summary>True when values of this field are credentials.</summary>
    /// <param name="name">In lower case.</param>
    public static bool Has(ReadOnlySpan<byte> name) => Shown(name, neverIndexed: false) == FieldShown.Nothing;

    /// <inheritdoc cref="Has"/>
    public static FieldShown Shown(ReadOnlySpan<byte> name, bool neverIndexed)
    {
        if (name.IsEmpty || name.Length > Longest)
            return FieldShown.Nothing;
        for (int slot = Slot(name); Known[slot].Name is { } known; slot = (slot + 1) % Slots)
        {
            if (name.SequenceEqual(known))
                return Known[slot].Shown;
        }

        return neverIndexed || HasWord(name) ? FieldShown.Nothing : FieldShown.Whole;
    }

    private static bool HasWord(ReadOnlySpan<byte> name)
    {
        Span<byte> folded = stackalloc byte[Longest];
        folded = folded[..name.Length];
        for (int i = 0; i < name.Length; i++)
            folded[i] = name[i] is (byte)'_' or (byte)'.' ? (byte)'-' : name[i];
        foreach (byte[] word in Words)
        {
            if (folded.IndexOf(word) >= 0)
                return true;
        }

        return false;
    }

    private static int Slot(ReadOnlySpan<byte> name)
    {
        uint hash = (uint)name.Length * 0x9E3779B1;
        hash = (hash ^ name[0]) * 0x85EBCA6B;
        hash = (hash ^ name[name.Length / 2]) * 0xC2B2AE35;
        hash = (hash ^ name[^1]) * 0x27D4EB2F;
        hash = (hash ^ name[name.Length * 3 / 4]) * 0x9E3779B1;
        return (int)(hash >> 22);
    }

    private static (byte[] Name, FieldShown Shown)[] Compile()
    {
        var table = new (byte[] Name, FieldShown Shown)[Slots];
        foreach (string name in Plain)
            Add(name, FieldShown.Whole);
        foreach (string name in Urls)
            Add(name, FieldShown.WithoutQuerySecrets);
        foreach (string name in (string[])["authorization", "cookie", "set-cookie", "proxy-authorization", "sec-websocket-protocol"])
            Add(name, FieldShown.Nothing);
        return table;

        void Add(string text, FieldShown shown)
        {
            byte[] name = Encoding.ASCII.GetBytes(text);
            int slot = Slot(name);
            while (table[slot].Name is not null)
                slot = (slot + 1) % Slots;
            table[slot] = (name, shown);
        }
    }
}
