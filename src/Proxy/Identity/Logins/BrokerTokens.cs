namespace Sallyport.Proxy.Identity.Logins;

/// <summary>The broker as an issuer: its keys are in this process, and its tokens may say who acts for whom.</summary>
/// <param name="Issuer">The <c>iss</c> of its tokens, exactly.</param>
/// <param name="Audience">The <c>aud</c> of tokens meant for this system.</param>
/// <param name="Keys">Its public keys, those that only verify included.</param>
internal sealed record BrokerTokens(string Issuer, string Audience, IKeySource Keys)
{
    /// <summary>The name it goes by among the configured issuers.</summary>
    public const string Name = "broker";

    /// <summary>The nodes' clocks may differ by this.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    /// <summary>Where its clients find it (OpenID Connect Discovery 1.0, 4).</summary>
    public string DiscoveryUrl => Issuer + "/.well-known/openid-configuration";

    /// <summary>ID tokens and logout tokens are signed with the same keys: only what says it is an access token is one (RFC 9068 4).</summary>
    public Issuer ToIssuer() => new(
        new IssuerRules
        {
            Name = Name,
            Issuer = Issuer,
            Audiences = [Audience],
            Delegation = true,
            AccessTokensOnly = true,
            ClockSkew = Skew,
            LongestLifetime = TimeSpan.FromHours(24),
        },
        Keys);
}
