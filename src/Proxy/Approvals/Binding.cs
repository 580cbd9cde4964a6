using System.Net;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Approvals;

/// <summary>Whom a yes is for: it covers nobody who differs in any of these. What they do is bound by <see cref="HeldAction.Digest"/>, by which rules by the policy's digest.</summary>
/// <param name="Subject">Who acts.</param>
/// <param name="Issuer">Who vouches for them.</param>
/// <param name="Kind">Human, agent or service.</param>
/// <param name="ActingFor">The whole chain, as JSON.</param>
/// <param name="Credential">What they logged in with: see <see cref="CredentialOf"/>.</param>
/// <param name="Source">Their address, without the port.</param>
internal sealed record Binding(
    string Subject, string Issuer, string Kind, string ActingFor, string? Credential, string Source, string Target, string Resource)
{
    public static Binding Of(SessionFacts facts) => new(
        facts.Identity.Subject,
        facts.Identity.Issuer,
        KebabNames.Name(facts.Identity.Kind),
        ApprovalJson.Write(facts.Identity.ActingFor),
        CredentialOf(facts.Identity),
        AddressOf(facts.Source.Address),
        facts.Target,
        facts.Resource);

    /// <summary>
    /// One credential: a login at the issuer, whose tokens are renewed while it lasts, or one token by its id. Null when the issuer gives neither:
    /// then one credential cannot be told from another, and nothing is remembered for it.
    /// </summary>
    public static string? CredentialOf(Contract.Identity identity) =>
        identity.LoginSession is { Length: > 0 } login ? "sid:" + login
        : identity.TokenId is { Length: > 0 } token ? "jti:" + token
        : null;

    private static string AddressOf(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
