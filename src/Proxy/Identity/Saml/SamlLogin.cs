using System.Collections.Immutable;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>What one login asks for beyond what its provider's settings ask of every login: a step-up.</summary>
internal sealed record SamlLoginOptions
{
    /// <summary>Comes back with the response, unauthenticated; at most 80 bytes.</summary>
    public string? RelayState { get; init; }

    /// <summary>The person must log in anew.</summary>
    public bool ForceAuthn { get; init; }

    /// <summary>Authentication contexts to choose from, instead of the provider's; empty: the provider's.</summary>
    public ImmutableArray<string> AuthnContexts { get; init; } = [];
}

/// <summary>Web browser SSO (SAML profiles 4.1) with one provider: sends requests, and takes each answer once.</summary>
internal sealed class SamlLogin(SamlProvider provider, ISamlRequests requests, ISamlReplays replays, TimeProvider time)
{
    private readonly SamlResponseReader _reader = new(provider, time);

    /// <summary>A signed request by HTTP-Redirect: the address to send the browser to, and the ID that this browser must bring back.</summary>
    /// <exception cref="InvalidOperationException">The provider has no such address.</exception>
    public async ValueTask<(string RequestId, string Url)> RedirectAsync(SamlLoginOptions options, CancellationToken cancel)
    {
        string url = provider.Idp.RedirectUrl ?? throw new InvalidOperationException($"{provider.Name} has no address for HTTP-Redirect.");
        XmlElement request = await NewRequestAsync(url, options, cancel).ConfigureAwait(false);
        string query = SamlSigner.SignedQuery("SAMLRequest", request, options.RelayState, provider.Sp.SigningCertificate);
        return (request.GetAttribute("ID"), SamlMessage.WithQuery(url, query));
    }

    /// <summary>A signed request by HTTP-POST: the form for the browser to send, and the ID that this browser must bring back.</summary>
    /// <exception cref="InvalidOperationException">The provider has no such address.</exception>
    public async ValueTask<(string RequestId, SamlPostForm Form)> PostAsync(SamlLoginOptions options, CancellationToken cancel)
    {
        string url = provider.Idp.PostUrl ?? throw new InvalidOperationException($"{provider.Name} has no address for HTTP-POST.");
        XmlElement request = await NewRequestAsync(url, options, cancel).ConfigureAwait(false);
        SamlSigner.Sign(request, provider.Sp.SigningCertificate);
        return (request.GetAttribute("ID"), new SamlPostForm(url, "SAMLRequest", SamlMessage.Base64(request), options.RelayState));
    }

    /// <summary>Takes an answer: verified, to a request of ours that nobody answered before, and never seen before.</summary>
    /// <param name="samlResponse">The form field as posted.</param>
    /// <param name="begunHere">
    /// The ID of the request that this very browser began with, from a cookie of ours (SameSite=None, as the provider's page posts here);
    /// null when it has none. Without it anybody could have their own answer posted from somebody else's browser.
    /// </param>
    /// <returns>The assertion, or null and the word for the audit.</returns>
    public async ValueTask<(SamlAssertion? Assertion, string? Refusal)> AcceptAsync(string samlResponse, string? begunHere, CancellationToken cancel)
    {
        if (_reader.Read(samlResponse, out string? refusal) is not { } assertion)
            return (null, refusal);
        if (assertion.InResponseTo is null && !provider.AllowIdpInitiated)
            return (null, SamlRefusals.Unsolicited);
        if (assertion.InResponseTo is not null && assertion.InResponseTo != begunHere)
            return (null, SamlRefusals.OtherBrowser);

        // Only what is verified costs memory; and only that can use up a request.
        DateTimeOffset until = assertion.NotOnOrAfter + provider.ClockSkew;
        if (!await replays.TryAddAsync(assertion.Issuer, assertion.Id, until, cancel).ConfigureAwait(false))
            return (null, SamlRefusals.Replayed);
        if (assertion.InResponseTo is null)
            refusal = RefuseContext(assertion, provider.AuthnContexts);
        else if (await requests.TakeAsync(assertion.InResponseTo, cancel).ConfigureAwait(false) is { } request)
            refusal = RefuseAnswer(assertion, request);
        else
            refusal = SamlRefusals.RequestUnknown;
        return refusal is null ? (assertion, null) : (null, refusal);
    }

    private string? RefuseAnswer(SamlAssertion assertion, SamlPendingRequest request)
    {
        if (request.Provider != provider.Name)
            return SamlRefusals.MixUp;
        if (request.ExpiresAt <= time.GetUtcNow())
            return SamlRefusals.RequestUnknown;
        if (request.ForceAuthn && request.IssuedAt - assertion.AuthenticatedAt > provider.ClockSkew)
            return SamlRefusals.AuthnContext;
        return RefuseContext(assertion, request.AuthnContexts);
    }

    /// <summary>SAML core 3.3.2.2.1: comparison is exact.</summary>
    private static string? RefuseContext(SamlAssertion assertion, ImmutableArray<string> asked) =>
        asked.IsEmpty || (assertion.AuthnContext is { } context && asked.Contains(context)) ? null : SamlRefusals.AuthnContext;

    private async ValueTask<XmlElement> NewRequestAsync(string url, SamlLoginOptions options, CancellationToken cancel)
    {
        SamlMessage.RequireRelayState(options.RelayState);
        DateTimeOffset now = time.GetUtcNow();
        var pending = new SamlPendingRequest
        {
            Id = SamlId.New(),
            Provider = provider.Name,
            IssuedAt = now,
            ExpiresAt = now + SamlLimits.RequestLifetime,
            ForceAuthn = provider.ForceAuthn || options.ForceAuthn,
            AuthnContexts = options.AuthnContexts.IsEmpty ? provider.AuthnContexts : options.AuthnContexts,
        };
        await requests.AddAsync(pending, cancel).ConfigureAwait(false);
        return AuthnRequest(url, pending);
    }

    /// <summary>SAML core 3.4.1.</summary>
    private XmlElement AuthnRequest(string url, SamlPendingRequest pending)
    {
        XmlElement request = SamlMessage.New("AuthnRequest", pending.Id, pending.IssuedAt, url, provider.Sp.EntityId);
        request.SetAttribute("AssertionConsumerServiceURL", provider.Sp.AssertionConsumerUrl);
        request.SetAttribute("ProtocolBinding", SamlNames.PostBinding);
        if (pending.ForceAuthn)
            request.SetAttribute("ForceAuthn", "true");

        XmlElement policy = SamlMessage.Add(request, "samlp", "NameIDPolicy", SamlNames.Protocol);
        if (provider.NameIdFormat is not null)
            policy.SetAttribute("Format", provider.NameIdFormat);
        policy.SetAttribute("AllowCreate", "true");
        if (!pending.AuthnContexts.IsEmpty)
        {
            XmlElement context = SamlMessage.Add(request, "samlp", "RequestedAuthnContext", SamlNames.Protocol);
            context.SetAttribute("Comparison", "exact");
            foreach (string reference in pending.AuthnContexts)
                SamlMessage.Add(context, "saml", "AuthnContextClassRef", SamlNames.Assertion).InnerText = reference;
        }

        return request;
    }
}
