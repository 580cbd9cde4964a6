using System.Text;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>Where a request leads.</summary>
/// <param name="Target">The target.</param>
/// <param name="Prefix">Bytes at the start of the path that named the target, and that it does not get.</param>
/// <param name="IsUpgrade">It asks for another protocol on its connection (RFC 9110 7.8).</param>
internal readonly record struct HttpRequest(HttpTarget Target, int Prefix, bool IsUpgrade)
{
    private static ReadOnlySpan<byte> Bearer => "Bearer "u8;

    /// <summary>Finds the target.</summary>
    /// <returns>Null: found.</returns>
    public static HttpRefusal? TryRead(HttpHead head, IHttpTargets targets, out HttpRequest request)
    {
        request = default;
        for (int i = 0; i < head.Count; i++)
        {
            if (ForbiddenFields.Judge(head[i].Name) == FieldVerdict.Refuse)
                return Refusals.IdentityField(Encoding.ASCII.GetString(head[i].Name));
        }

        if (ForwardedFields.CheckListed(head) is not null)
            return Refusals.ListedField;
        if (targets.Route(head.Value(":authority"u8), head.Value(":path"u8), out int prefix) is not { } target)
            return Refusals.TargetUnknown;
        request = new HttpRequest(target, prefix, head.Has("upgrade"u8));
        return null;
    }

    /// <summary>The path as the target gets it, with its query.</summary>
    public ReadOnlySpan<byte> Path(HttpHead head)
    {
        ReadOnlySpan<byte> path = head.Value(":path"u8)[Prefix..];
        return path.IsEmpty || path[0] != (byte)'/' ? "/"u8 : path;
    }

    /// <summary>What the request proves its identity by, as it came; empty: nothing.</summary>
    public static ReadOnlySpan<byte> Proof(HttpHead head) => head.Value("authorization"u8);

    /// <summary>The client does not want to wait (RFC 7240 4.1).</summary>
    public static bool PrefersNotToWait(HttpHead head)
    {
        for (int i = 0; i < head.Count; i++)
        {
            if (!head[i].Name.SequenceEqual("prefer"u8))
                continue;
            string preferences = Encoding.Latin1.GetString(head[i].Value);
            if (preferences.Split(',').Any(one => one.Split(';')[0].Trim().Equals("respond-async", StringComparison.OrdinalIgnoreCase)))
                return true;
        }

        return false;
    }

    /// <summary>The bearer token (RFC 6750 2.1); null: there is none.</summary>
    public static string? Token(HttpHead head)
    {
        ReadOnlySpan<byte> proof = Proof(head);
        if (proof.Length <= Bearer.Length || !Ascii.EqualsIgnoreCase(proof[..Bearer.Length], Bearer))
            return null;
        return Encoding.Latin1.GetString(proof[Bearer.Length..].Trim((byte)' '));
    }
}
