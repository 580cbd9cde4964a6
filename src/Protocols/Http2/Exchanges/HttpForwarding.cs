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
        bool lists = head.Has("connection"u8);
        for (int i = 0; i < head.Count && fits; i++)
        {
            HttpField field = head[i];
            if (Passes(head, lists, field, scope.Upstream.CredentialHeader))
                fits = into.TryAdd(field.Name, field.Value, field.NeverIndexed);
        }

        if (request.IsUpgrade)
            fits &= into.TryAdd("upgrade"u8, head.Value("upgrade"u8));
        foreach ((byte[] name, byte[] value) in scope.Upstream.Fields)
            fits &= into.TryAdd(name, value, neverIndexed: true);
        if (persona is not null)
            fits &= persona.TryAdd(into);
        return fits;
    }

    /// <summary>Whether the target gets a field as the client sent it.</summary>
    /// <param name="lists">The head has a Connection field.</param>
    public static bool Passes(HttpHead head, bool lists, HttpField field, ReadOnlySpan<byte> credentialHeader) =>
        field.Name[0] != (byte)':' && !IsOurs(field.Name, credentialHeader) && ForwardedFields.Judge(head, lists, field.Name, field.Value, ofClient: true) == FieldVerdict.Pass;

    /// <summary>The client's own proof, its host, its expectation (we answer that), and the field that the target's credential stands in.</summary>
    private static bool IsOurs(ReadOnlySpan<byte> name, ReadOnlySpan<byte> credentialHeader) =>
        name.SequenceEqual("authorization"u8)
        || name.SequenceEqual("host"u8)
        || name.SequenceEqual("expect"u8)
        || (credentialHeader.Length > 0 && ForbiddenFields.AreAlike(name, credentialHeader));
}
