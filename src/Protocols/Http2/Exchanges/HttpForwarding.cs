using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A request's head as the target is to get it: for its own host, with its own credential, and with the person's identity where it asks for that.</summary>
internal static class HttpForwarding
{
    /// <returns>False: it would be too large.</returns>
    public static bool TryWrite(HttpHead head, HttpRequest request, HttpScope scope, HttpHead into)
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
            if (field.Name[0] != (byte)':' && Passes(field, target))
                fits = into.TryAdd(field.Name, field.Value, field.NeverIndexed);
        }

        // We forward trailers, and servers of gRPC want to hear it.
        if (FieldRules.EqualsIgnoringCase(head.Value("te"u8), "trailers"u8))
            fits &= into.TryAdd("te"u8, "trailers"u8);
        if (request.IsUpgrade)
            fits &= into.TryAdd("upgrade"u8, head.Value("upgrade"u8));
        foreach ((byte[] name, byte[] value) in scope.Upstream.Fields)
            fits &= into.TryAdd(name, value, neverIndexed: true);
        if (target.Impersonates)
            fits &= TryImpersonate(scope.Context.Facts.Identity, scope.Context.Facts.SessionId, into);
        return fits;
    }

    /// <summary>Not the client's own proof, no expectation (we answer that), nothing of this connection alone, nothing that says who somebody is.</summary>
    private static bool Passes(in HttpField field, HttpTarget target) =>
        !field.Name.SequenceEqual("authorization"u8)
        && !field.Name.SequenceEqual("proxy-authorization"u8)
        && !field.Name.SequenceEqual("host"u8)
        && !field.Name.SequenceEqual("expect"u8)
        && !HopByHop.IsHopByHop(field.Name)
        && ForbiddenFields.Judge(field.Name) != FieldVerdict.Strip
        && !(target.CredentialHeader.Length > 0 && ForbiddenFields.AreAlike(field.Name, Encoding.ASCII.GetBytes(target.CredentialHeader)));

    /// <summary>Kubernetes, "User impersonation".</summary>
    private static bool TryImpersonate(Identity identity, Guid session, HttpHead into)
    {
        bool fits = into.TryAdd("impersonate-user"u8, Encoding.UTF8.GetBytes(identity.Subject));
        foreach (string group in identity.Groups)
            fits &= into.TryAdd("impersonate-group"u8, Encoding.UTF8.GetBytes(group));
        fits &= into.TryAdd("impersonate-extra-sallyport.dev%2fissuer"u8, Encoding.UTF8.GetBytes(identity.Issuer));
        fits &= into.TryAdd("impersonate-extra-sallyport.dev%2fsession"u8, Encoding.ASCII.GetBytes(session.ToString()));
        foreach (string person in identity.ActingFor)
            fits &= into.TryAdd("impersonate-extra-sallyport.dev%2facting-for"u8, Encoding.UTF8.GetBytes(person));
        return fits;
    }
}
