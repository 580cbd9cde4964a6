using System.Collections.Immutable;
using System.Text;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Whose sessions an identity provider has ended.</summary>
/// <param name="Id">The request's ID, which the answer names.</param>
/// <param name="NameId">Who: <see cref="SamlAssertion.NameId"/> of the login.</param>
/// <param name="SessionIndexes">Which of that person's sessions; empty: all.</param>
internal sealed record SamlLogoutRequest(string Provider, string Id, string NameId, string? NameIdFormat, ImmutableArray<string> SessionIndexes);

/// <summary>
/// Single logout, begun by the identity provider (SAML profiles 4.4): verifies its signed requests by both bindings and answers them.
/// What is refused ends no session: a logout that anybody can send is a way to throw people out.
/// </summary>
internal sealed class SamlLogout(SamlProvider provider, ISamlReplays replays, TimeProvider time)
{
    /// <summary>Takes a request by HTTP-POST.</summary>
    /// <param name="samlRequest">The form field as posted.</param>
    public async ValueTask<(SamlLogoutRequest? Request, string? Refusal)> AcceptPostAsync(string samlRequest, CancellationToken cancel)
    {
        Timed? read = SamlGuard.Run((out string? word) => ReadPost(samlRequest, out word), out string? refusal);
        return await OnceAsync(read, refusal, cancel).ConfigureAwait(false);
    }

    /// <summary>Takes a request by HTTP-Redirect.</summary>
    /// <param name="query">The query exactly as it was sent, with or without its question mark: the signature is over these characters.</param>
    public async ValueTask<(SamlLogoutRequest? Request, string? Refusal)> AcceptRedirectAsync(string query, CancellationToken cancel)
    {
        Timed? read = SamlGuard.Run((out string? word) => ReadRedirect(query, out word), out string? refusal);
        return await OnceAsync(read, refusal, cancel).ConfigureAwait(false);
    }

    /// <summary>The answer by HTTP-Redirect, signed: the address to send the browser to.</summary>
    /// <exception cref="InvalidOperationException">The provider has no such address.</exception>
    public string AnswerByRedirect(SamlLogoutRequest request, bool success, string? relayState)
    {
        string url = provider.Idp.LogoutRedirectUrl ?? throw new InvalidOperationException($"{provider.Name} has no logout address for HTTP-Redirect.");
        return SamlMessage.WithQuery(url, SamlSigner.SignedQuery("SAMLResponse", Answer(url, request, success), relayState, provider.Sp.SigningCertificate));
    }

    /// <summary>The answer by HTTP-POST, signed.</summary>
    /// <exception cref="InvalidOperationException">The provider has no such address.</exception>
    public SamlPostForm AnswerByPost(SamlLogoutRequest request, bool success, string? relayState)
    {
        string url = provider.Idp.LogoutPostUrl ?? throw new InvalidOperationException($"{provider.Name} has no logout address for HTTP-POST.");
        XmlElement answer = Answer(url, request, success);
        SamlSigner.Sign(answer, provider.Sp.SigningCertificate);
        return new SamlPostForm(url, "SAMLResponse", SamlMessage.Base64(answer), relayState);
    }

    private XmlElement Answer(string url, SamlLogoutRequest request, bool success)
    {
        XmlElement answer = SamlMessage.New("LogoutResponse", SamlId.New(), time.GetUtcNow(), url, provider.Sp.EntityId);
        answer.SetAttribute("InResponseTo", request.Id);
        XmlElement code = SamlMessage.Add(SamlMessage.Add(answer, "samlp", "Status", SamlNames.Protocol), "samlp", "StatusCode", SamlNames.Protocol);
        code.SetAttribute("Value", success ? SamlNames.Success : SamlNames.Responder);
        return answer;
    }

    private async ValueTask<(SamlLogoutRequest? Request, string? Refusal)> OnceAsync(Timed? read, string? refusal, CancellationToken cancel)
    {
        if (read is null)
            return (null, refusal);
        return await replays.TryAddAsync(provider.Idp.EntityId, read.Request.Id, read.Until, cancel).ConfigureAwait(false)
            ? (read.Request, null)
            : (null, SamlRefusals.Replayed);
    }

    private Timed? ReadPost(string samlRequest, out string? refusal)
    {
        refusal = samlRequest.Length > SamlLimits.LongestMessage ? SamlRefusals.TooLarge : SamlRefusals.Malformed;
        if (samlRequest.Length is 0 or > SamlLimits.LongestMessage || SamlBase64.Decode(samlRequest) is not { } octets || Shaped(octets, out refusal) is not { } request)
            return null;
        if (!SamlSignature.IsOn(request))
        {
            refusal = SamlRefusals.Unsigned;
            return null;
        }

        return SamlSignature.Verify(request, provider, out refusal) is { } verified && Shaped(verified, out refusal) is { } signed ? Judge(signed, out refusal) : null;
    }

    private Timed? ReadRedirect(string query, out string? refusal)
    {
        if (SamlSignedQuery.Read(query, "SAMLRequest", out refusal) is not { } signed)
            return null;
        if (!SamlSignature.VerifyOctets(signed.Algorithm, Encoding.ASCII.GetBytes(signed.Signed), signed.Signature, provider, out refusal))
            return null;
        if (SamlDeflate.Decode(signed.Message, out refusal) is not { } octets || Shaped(octets, out refusal) is not { } request)
            return null;
        // SAML bindings 3.4.4.1: the signature is in the query, so there is none in the message.
        refusal = SamlRefusals.SignatureForm;
        return SamlSignature.IsOn(request) ? null : Judge(request, out refusal);
    }

    private static XmlElement? Shaped(byte[] octets, out string? refusal)
    {
        if (SamlXml.Parse(octets, out refusal) is not { } root)
            return null;
        refusal = SamlXml.Is(root, SamlNames.Protocol, "LogoutRequest") ? SamlShape.Refuse(root, new HashSet<string>(StringComparer.Ordinal)) : SamlRefusals.Structure;
        return refusal is null ? root : null;
    }

    /// <summary>SAML core 3.7.1, over octets that were verified.</summary>
    private Timed? Judge(XmlElement request, out string? refusal)
    {
        refusal = SamlRefusals.Structure;
        if (request.GetAttribute("Version") != "2.0" || SamlXml.Attribute(request, "ID") is not { } id || SamlTime.Parse(request.GetAttribute("IssueInstant")) is not { } issued)
            return null;
        refusal = RefuseEnvelope(request, issued, out DateTimeOffset until);
        if (refusal is not null)
            return null;

        refusal = SamlRefusals.Claims;
        XmlElement? nameId = SamlXml.Only(request, SamlNames.Assertion, "NameID");
        if (SamlXml.Name(nameId) is not { } name || !SamlText.IsVisible(name))
            return null;
        ImmutableArray<string>.Builder indexes = ImmutableArray.CreateBuilder<string>();
        foreach (XmlElement element in SamlXml.Children(request, SamlNames.Protocol, "SessionIndex"))
        {
            // One that cannot be read must not turn "this session" into "all of them", nor the reverse.
            if (indexes.Count == SamlLimits.SessionIndexes || SamlXml.Name(element) is not { } index)
                return null;
            indexes.Add(index);
        }

        refusal = null;
        return new Timed(new SamlLogoutRequest(provider.Name, id, name, SamlXml.Attribute(nameId!, "Format"), indexes.DrainToImmutable()), until);
    }

    private string? RefuseEnvelope(XmlElement request, DateTimeOffset issued, out DateTimeOffset until)
    {
        DateTimeOffset now = time.GetUtcNow();
        until = default;
        if (provider.Sp.LogoutUrl is null || SamlXml.Attribute(request, "Destination") != provider.Sp.LogoutUrl)
            return SamlRefusals.Destination;
        if (!SamlIssuer.Is(SamlXml.Only(request, SamlNames.Assertion, "Issuer"), provider.Idp.EntityId))
            return SamlRefusals.Issuer;
        if (issued - now > provider.ClockSkew)
            return SamlRefusals.NotYetValid;
        DateTimeOffset? end = SamlTime.Parse(request.GetAttribute("NotOnOrAfter"));
        if (end is null && request.HasAttribute("NotOnOrAfter"))
            return SamlRefusals.Structure;
        if (now - issued >= SamlLimits.LogoutLifetime + provider.ClockSkew || (end is not null && now - end >= provider.ClockSkew))
            return SamlRefusals.Expired;
        // It is refused as too old from here on, so it need not be remembered longer.
        until = issued + SamlLimits.LogoutLifetime + provider.ClockSkew;
        return null;
    }

    private sealed record Timed(SamlLogoutRequest Request, DateTimeOffset Until);
}
