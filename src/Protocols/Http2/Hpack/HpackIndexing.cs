using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>What the encoder does with a field that no table holds.</summary>
internal enum HpackIndexing : byte
{
    /// <summary>
    /// Into the table when the same line is sent for the second time shortly after another. For all whose value is often unique (paths, dates, lengths, tags, ids): what never comes again does not drive out what does,
    /// and what is asked for again and again (a path that is polled, this second's date) costs one byte all the same.
    /// </summary>
    SecondTime,

    /// <summary>Into the table at once: the same for nearly all heads of a connection.</summary>
    FirstTime,

    /// <summary>Never, nor may anyone behind us (RFC 7541 6.2.3): a secret, which a table would let others guess octet by octet (RFC 7541 7.1).</summary>
    Never,
}

/// <summary>A name that the encoder knows.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Index">Of its first line in the static table; 0: it is not there.</param>
/// <param name="Lines">How many lines of the static table have it, one behind the other.</param>
/// <param name="Indexing">What is done with its lines.</param>
internal sealed record HpackName(byte[] Name, int Index, int Lines, HpackIndexing Indexing);

/// <summary>The names of the static table and some others, found by hash.</summary>
internal static class HpackNames
{
    /// <summary>A cookie below this could be guessed (RFC 7541 7.1.3 names 20 as what "might" be enough entropy is up to the encoder; browsers and nghttp2 draw the line here).</summary>
    public const int ShortestCookieIndexed = 20;

    private const int Buckets = 512;

    private static readonly HpackName?[] Table = new HpackName?[Buckets];

    static HpackNames()
    {
        for (int index = 1, next; index <= StaticTable.Count; index = next)
        {
            ReadOnlySpan<byte> name = StaticTable.Name(index);
            for (next = index + 1; next <= StaticTable.Count && StaticTable.Name(next).SequenceEqual(name);)
                next++;
            Add(name, index, next - index);
        }

        foreach (string name in (string[])["te", "origin", "dnt", "impersonate-user", "impersonate-group", "impersonate-uid", "grpc-encoding", "grpc-accept-encoding", "x-content-type-options",
            "audit-id", "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid", "kubectl-command", "kubectl-session"])
            Add(System.Text.Encoding.ASCII.GetBytes(name), 0, 0);
    }

    /// <summary>A name with its place in the static table; null: it is in no table of ours.</summary>
    public static HpackName? Find(ReadOnlySpan<byte> name)
    {
        for (uint at = HpackHash.Of(name); ; at++)
        {
            HpackName? found = Table[at % Buckets];
            if (found is null || name.SequenceEqual(found.Name))
                return found;
        }
    }

    /// <summary>
    /// What is done with a line. Secrets are those of <see cref="SecretFields"/>, but for cookies long enough to be safe.
    /// </summary>
    public static HpackIndexing Judge(HpackName? known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (known is null)
            return SecretFields.Has(name) ? HpackIndexing.Never : HpackIndexing.SecondTime;
        return known.Index == Cookie && value.Length < ShortestCookieIndexed ? HpackIndexing.Never : known.Indexing;
    }

    private const int Cookie = 32;

    private static HpackIndexing Of(ReadOnlySpan<byte> name) => System.Text.Encoding.ASCII.GetString(name) switch
    {
        "authorization" or "proxy-authorization" or "set-cookie" => HpackIndexing.Never,
        ":path" or "age" or "content-length" or "content-range" or "content-location" or "content-disposition" or "date" or "etag" or "expires" or "if-match" or "if-modified-since" or "if-none-match" or "if-range"
            or "if-unmodified-since" or "last-modified" or "link" or "location" or "range" or "referer" or "retry-after" or "audit-id" or "kubectl-session" => HpackIndexing.SecondTime,
        _ => HpackIndexing.FirstTime,
    };

    private static void Add(ReadOnlySpan<byte> name, int index, int lines)
    {
        uint at = HpackHash.Of(name);
        while (Table[at % Buckets] is not null)
            at++;
        Table[at % Buckets] = new HpackName(name.ToArray(), index, lines, Of(name));
    }
}
