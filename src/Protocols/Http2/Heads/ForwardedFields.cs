namespace Sallyport.Protocols.Http2.Heads;

/// <summary>
/// What of a head is forwarded: all but fields of the connection, those that Connection names, and those that <see cref="ForbiddenFields"/> takes away. The copy is made before anything of ours is added to it, so what a client lists in
/// Connection can never take away a field that we set (CVE-2025-48865), and what it spells with underscores never stands beside ours (CVE-2025-64484).
/// </summary>
internal static class ForwardedFields
{
    private static readonly HttpViolation Forbidden = new(H2ErrorCode.PROTOCOL_ERROR, "a field that only this proxy may set") { Status = 403 };
    private static readonly HttpViolation ListsField = new(H2ErrorCode.PROTOCOL_ERROR, "a Connection field that names one of the message") { Status = 400 };
    private static readonly HttpViolation TooLarge = new(H2ErrorCode.PROTOCOL_ERROR, "a head that is too large to forward") { Status = 431 };

    /// <summary>Copies what is forwarded of a client's request.</summary>
    /// <param name="into">Cleared first.</param>
    /// <returns>Why the request is refused; null: it is not.</returns>
    public static HttpViolation? CopyRequest(HttpHead request, HttpHead into)
    {
        HttpViolation? wrong = CheckListed(request);
        return wrong ?? Copy(request, into, ofClient: true);
    }

    /// <summary>Copies what is forwarded of a target's response, or of trailers of either side, which <see cref="HeadRules.Trailers"/> has judged.</summary>
    /// <param name="into">Cleared first.</param>
    /// <returns>Why it is not forwarded; null: it is.</returns>
    public static HttpViolation? CopyResponse(HttpHead response, HttpHead into) => Copy(response, into, ofClient: false);

    private static HttpViolation? Copy(HttpHead from, HttpHead into, bool ofClient)
    {
        into.Clear();
        bool lists = from.Has("connection"u8);
        for (int i = 0; i < from.Count; i++)
        {
            ReadOnlySpan<byte> line = from.Line(i, out int nameLength, out bool never);
            FieldVerdict verdict = Judge(from, lists, line[..nameLength], line[nameLength..], ofClient);
            if (verdict == FieldVerdict.Refuse)
                return Forbidden;
            if (verdict == FieldVerdict.Pass && !into.TryAddLine(line, nameLength, never))
                return TooLarge;
        }

        return null;
    }

    /// <summary>What becomes of one field of a head on its way.</summary>
    /// <param name="lists">The head has a Connection field.</param>
    public static FieldVerdict Judge(HttpHead from, bool lists, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool ofClient)
    {
        if (name is [(byte)':', ..])
            return FieldVerdict.Pass;
        FieldVerdict verdict = ofClient ? ForbiddenFields.Judge(name) : FieldVerdict.Pass;
        if (verdict != FieldVerdict.Pass)
            return verdict;
        return (HopByHop.IsHopByHop(name) && !IsTeTrailers(name, value)) || (lists && HopByHop.IsListed(from, name)) ? FieldVerdict.Strip : FieldVerdict.Pass;
    }

    // RFC 9110 7.6.1: "A sender MUST NOT send a connection option corresponding to a field that is intended for all recipients of the content." Who lists one wants it removed on the way: what decides whom a request is from, where it goes,
    // or where it ends is not removed, and what nobody may send is not listed, either.
    public static HttpViolation? CheckListed(HttpHead request)
    {
        for (int at = request.IndexOf("connection"u8); at >= 0; at = request.IndexOf("connection"u8, at + 1))
        {
            for (ReadOnlySpan<byte> rest = request[at].Value; HopByHop.TryNext(ref rest, out ReadOnlySpan<byte> option);)
            {
                if (ForbiddenFields.Judge(option) != FieldVerdict.Pass || option[0] == ':' || IsOfMessage(option))
                    return ListsField;
            }
        }

        return null;
    }

    private static bool IsOfMessage(ReadOnlySpan<byte> name) =>
        ForbiddenFields.AreAlike(name, "host"u8) || ForbiddenFields.AreAlike(name, "authorization"u8) || ForbiddenFields.AreAlike(name, "cookie"u8) || ForbiddenFields.AreAlike(name, "content-length"u8)
        || ForbiddenFields.AreAlike(name, "content-type"u8) || ForbiddenFields.AreAlike(name, "content-encoding"u8) || ForbiddenFields.AreAlike(name, "cache-control"u8);

    private static bool IsTeTrailers(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => name.SequenceEqual("te"u8) && FieldRules.EqualsIgnoringCase(value, "trailers"u8);
}
