using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A request's header fields, gRPC's metadata among them, as details that rules can look at.</summary>
internal static class HeaderDetails
{
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

    /// <summary>Whether people who decide on a request are shown what that field says; that it is there they always are.</summary>
    public static bool IsShown(HttpHead head, ReadOnlySpan<byte> name)
    {
        for (int index = head.IndexOf(name); index >= 0; index = head.IndexOf(name, index + 1))
        {
            if (SecretFields.Shown(name, head[index].NeverIndexed) == FieldShown.Nothing)
                return false;
        }

        return true;
    }

    private static bool IsDetail(ReadOnlySpan<byte> name) =>
        name is not [(byte)':', ..] && !SecretFields.Has(name) && !HopByHop.IsHopByHop(name) && !name.SequenceEqual("host"u8);
}
