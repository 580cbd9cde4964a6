using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A target's head as its client is to get it.</summary>
internal static class ResponseHeads
{
    /// <summary>Without what concerns the target's connection alone. A head that has nothing of the kind stays as it is.</summary>
    public static HttpHead ForClient(HttpHead head, HttpFront front)
    {
        for (int i = 0; i < head.Count; i++)
        {
            if (!HopByHop.IsHopByHop(head[i].Name))
                continue;
            HttpHead forwarded = front.NewHead();
            ForwardedFields.CopyResponse(head, forwarded);
            if (HeadValues.Status(head) == 101)
                forwarded.TryAdd("upgrade"u8, head.Value("upgrade"u8));
            return forwarded;
        }

        return head;
    }

    /// <summary>Without the length of a body that is changed on its way, and what a cache would know it again by (RFC 9110 8.6, 8.8, 14).</summary>
    public static HttpHead WithoutLength(HttpHead head, HttpFront front)
    {
        HttpHead without = front.NewHead();
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            if (!field.Name.SequenceEqual("content-length"u8) && !field.Name.SequenceEqual("etag"u8) && !field.Name.SequenceEqual("accept-ranges"u8)
                && !field.Name.SequenceEqual("content-md5"u8) && !field.Name.SequenceEqual("digest"u8) && !field.Name.SequenceEqual("repr-digest"u8) && !field.Name.SequenceEqual("content-digest"u8))
                without.TryAdd(field.Name, field.Value, field.NeverIndexed);
        }

        return without;
    }
}
