using System.Net;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>The facts of a session in the form that conditions are matched in: encoded once, compared with every document.</summary>
internal sealed class FactsText(SessionFacts facts)
{
    public byte[] Subject { get; } = Encoding.UTF8.GetBytes(facts.Identity.Subject);

    public byte[] Issuer { get; } = Encoding.UTF8.GetBytes(facts.Identity.Issuer);

    public byte[][] Groups { get; } = facts.Identity.Groups.IsDefault ? [] : [.. facts.Identity.Groups.Select(Encoding.UTF8.GetBytes)];

    public IdentityKind Kind { get; } = facts.Identity.Kind;

    /// <summary>Whom the subject acts for; empty when for itself.</summary>
    public byte[][] ActingFor { get; } = facts.Identity.ActingFor.IsDefault ? [] : [.. facts.Identity.ActingFor.Select(Encoding.UTF8.GetBytes)];

    /// <summary>How the person proved who they are; null when the issuer does not say.</summary>
    public byte[]? LoginContext { get; } = facts.Identity.AuthenticationContext is string acr ? Encoding.UTF8.GetBytes(acr) : null;

    /// <summary>When they did; null when the issuer does not say.</summary>
    public DateTimeOffset? AuthenticatedAt { get; } = facts.Identity.AuthenticatedAt;

    public byte[] Target { get; } = Encoding.UTF8.GetBytes(facts.Target);

    public byte[] Resource { get; } = Encoding.UTF8.GetBytes(facts.Resource);

    public IPAddress Source { get; } = facts.Source.Address;
}
