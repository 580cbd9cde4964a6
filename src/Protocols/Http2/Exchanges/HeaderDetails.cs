using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A request's header fields, gRPC's metadata among them, as details that rules can look at.</summary>
internal static class HeaderDetails
{
    /// <summary>Of interest to servers alone: they are not shown to people who decide.</summary>
    private static readonly byte[][] Technical =
    [
        "accept"u8.ToArray(), "accept-encoding"u8.ToArray(), "accept-language"u8.ToArray(), "content-length"u8.ToArray(), "content-type"u8.ToArray(), "grpc-accept-encoding"u8.ToArray(),
        "user-agent"u8.ToArray(),
    ];

    /// <summary>
    /// Adds all that goes on to the target, but secrets. A client that marks a field as one that nobody may index (RFC 7541 7.1.3) does not keep it from rules. Binary metadata is
    /// the Base64 text that it is sent as.
    /// </summary>
    public static void Add(HttpActions actions, HttpHead head)
    {
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            if (IsDetail(field.Name))
                actions.Header(field.Name, field.Value);
        }
    }

    /// <summary>Whether people who decide on a request are shown that field.</summary>
    public static bool IsShown(HttpHead head, ReadOnlySpan<byte> name)
    {
        foreach (byte[] technical in Technical)
        {
            if (name.SequenceEqual(technical))
                return false;
        }

        int index = head.IndexOf(name);
        return index < 0 || !head[index].NeverIndexed;
    }

    private static bool IsDetail(ReadOnlySpan<byte> name) =>
        name is not [(byte)':', ..] && !SecretFields.Has(name) && !HopByHop.IsHopByHop(name) && !name.SequenceEqual("host"u8);
}
