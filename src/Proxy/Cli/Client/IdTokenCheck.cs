using System.Text.Json;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>
/// Checks the ID token of a login (OpenID Connect Core 1.0, 3.1.3.7). It came from the token endpoint itself over TLS, which vouches for its
/// origin in place of the signature (step 6); what is checked is that it answers this login and no other.
/// </summary>
internal static class IdTokenCheck
{
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    /// <summary>The subject.</summary>
    /// <param name="nonce">What this login asked with; null: it could not send one.</param>
    /// <exception cref="ClientException">It is not the answer to this login.</exception>
    public static string Subject(string? token, string issuer, string? nonce, DateTimeOffset now)
    {
        if (token is null || TokenParts.Read(token, out _) is not { } parts)
            throw new ClientException("The broker answered without an ID token, or with one that cannot be read: nobody is logged in.");
        JsonElement payload = parts.Payload;
        string? wrong =
            parts.Issuer != issuer ? "another issuer"
            : !IsFor(payload) ? "another client"
            : nonce is not null && TokenParts.Text(payload, "nonce") != nonce ? "another login (nonce)"
            : !payload.TryGetProperty("exp", out JsonElement exp) || !exp.TryGetDouble(out double seconds) || seconds <= (now - Skew).ToUnixTimeSeconds() ? "another time"
            : TokenParts.Text(payload, "sub") is null ? "nobody"
            : null;
        return wrong is null ? TokenParts.Text(payload, "sub")! : throw new ClientException($"The ID token is for {wrong}: nobody is logged in. Somebody may have tampered with the login; try again.");
    }

    private static bool IsFor(JsonElement payload)
    {
        if (!payload.TryGetProperty("aud", out JsonElement audience))
            return false;
        bool single = TokenParts.StringOf(audience) == BrokerClient.ClientId;
        bool listed = audience.ValueKind == JsonValueKind.Array && audience.EnumerateArray().Any(a => TokenParts.StringOf(a) == BrokerClient.ClientId);
        return (single || listed) && (TokenParts.Text(payload, "azp") ?? BrokerClient.ClientId) == BrokerClient.ClientId;
    }
}
