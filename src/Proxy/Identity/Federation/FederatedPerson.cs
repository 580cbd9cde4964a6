using System.Collections.Immutable;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>A person, as a provider vouched for them just now.</summary>
internal sealed record FederatedPerson
{
    /// <summary>The provider's name in the configuration.</summary>
    public required string Provider { get; init; }

    /// <summary>What the provider calls them: stable, never reused (OpenID Connect Core 1.0, 5.7).</summary>
    public required string Subject { get; init; }

    public string? DisplayName { get; init; }

    /// <summary>Their e-mail address, if the provider says that it has verified it and its domain is one it may speak for.</summary>
    public string? Email { get; init; }

    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>When they proved who they are, at the provider.</summary>
    public required DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>How; null: the provider does not say.</summary>
    public string? AuthenticationContext { get; init; }

    /// <summary>The provider's own login, for its back-channel logout; null: the provider does not say.</summary>
    public string? Session { get; init; }

    /// <summary>To ask later whether they are still of their groups; a secret; null: none given.</summary>
    public string? RefreshToken { get; init; }
}

/// <summary>A login at a provider that did not come about. The word is for the audit; the person is told no more than that it failed.</summary>
internal sealed class FederationException(string word, Exception? inner = null) : IOException(word, inner)
{
    /// <summary>A fixed word, never the provider's text.</summary>
    public string Word => Message;
}
