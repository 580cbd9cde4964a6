using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A request's head as the target is to get it: for its own host, with its own credential, and with the person's identity where it asks for that.</summary>
internal static class HttpForwarding
{
    /// <param name="head">As the client sent it.</param>
    /// <param name="request">Where it leads.</param>
    /// <param name="scope">Whose it is.</param>
    /// <param name="into">Gets it.</param>
    /// <returns>Null: written. Otherwise why the target cannot have it.</returns>
    public static HttpRefusal? Write(HttpHead head, HttpRequest request, HttpScope scope, HttpHead into)
    {
        if (!scope.TryGetPersona(out HttpPersona? persona))
            return Refusals.NotImpersonated;
        return TryWrite(head, request, scope, persona, into) ? null : Refusals.HeadTooLarge;
    }

    private static bool TryWrite(HttpHead head, HttpRequest request, HttpScope scope, HttpPersona? persona, HttpHead into)
    {
        HttpTarget target = request.Target;
        into.Clear();
        bool fits = into.TryAdd(":method"u8, head.Value(":method"u8));
        bool isConnect = head.Value(":method"u8).SequenceEqual("CONNECT"u8);
        if (!isConnect || head.Has(":protocol"u8))
        {
            fits &= into.TryAdd(":scheme"u8, target.Info.TlsMode == TargetTlsMode.Disable ? "http"u8 : "https"u8);
            fits &= into.TryAdd(":path"u8, request.Path(head));
        }

        fits &= into.TryAdd(":authority"u8, scope.Upstream.Authority);
        if (head.Has(":protocol"u8))
            fits &= into.TryAdd(":protocol"u8, head.Value(":protocol"u8));
        for (int i = 0; i < head.Count && fits; i++)
        {
            HttpField field = head[i];
            if (field.Name[0] != (byte)':' && Passes(field, scope.Upstream.CredentialHeader))
                fits = into.TryAdd(field.Name, field.Value, field.NeverIndexed);
        }

        // We forward trailers, and servers of gRPC want to hear it.
        if (FieldRules.EqualsIgnoringCase(head.Value("te"u8), "trailers"u8))
            fits &= into.TryAdd("te"u8, "trailers"u8);
        if (request.IsUpgrade)
            fits &= into.TryAdd("upgrade"u8, head.Value("upgrade"u8));
        foreach ((byte[] name, byte[] value) in scope.Upstream.Fields)
            fits &= into.TryAdd(name, value, neverIndexed: true);
        if (persona is not null)
            fits &= persona.TryAdd(into);
        return fits;
    }

    /// <summary>Not the client's own proof, no expectation (we answer that), nothing of this connection alone, nothing that says who somebody is.</summary>
    private static bool Passes(in HttpField field, ReadOnlySpan<byte> credentialHeader) =>
        !field.Name.SequenceEqual("authorization"u8)
        && !field.Name.SequenceEqual("proxy-authorization"u8)
        && !field.Name.SequenceEqual("host"u8)
        && !field.Name.SequenceEqual("expect"u8)
        && !HopByHop.IsHopByHop(field.Name)
        && ForbiddenFields.Judge(field.Name) != FieldVerdict.Strip
        && !(credentialHeader.Length > 0 && ForbiddenFields.AreAlike(field.Name, credentialHeader));
}
