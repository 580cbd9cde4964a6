using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Contract;

namespace Sallyport.Proxy.Identity;

/// <summary>Signs tokens of the local issuer.</summary>
internal static class TokenMinter
{
    /// <summary>Whom a token is for.</summary>
    internal sealed record Request
    {
        public required string Subject { get; init; }

        public IReadOnlyList<string> Groups { get; init; } = [];

        public IdentityKind Kind { get; init; }

        public IReadOnlyList<string> ActingFor { get; init; } = [];

        public required TimeSpan Lifetime { get; init; }
    }

    /// <summary>A signed token.</summary>
    public static string Mint(ECDsa key, string issuer, string audience, Request request, DateTimeOffset now)
    {
        ClaimNames names = new();
        var claims = new Dictionary<string, object>
        {
            [names.Subject] = request.Subject,
            [names.Groups] = request.Groups,
            [names.Kind] = request.Kind switch { IdentityKind.Agent => "agent", IdentityKind.Service => "service", _ => "human" },
            ["jti"] = Guid.CreateVersion7(now).ToString("N"),
        };
        if (request.ActingFor.Count > 0)
            claims[names.ActingFor] = request.ActingFor;

        var signingKey = new ECDsaSecurityKey(key) { KeyId = LocalKey.PublicJwk(key).Kid };
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + request.Lifetime).UtcDateTime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(signingKey, SecurityAlgorithms.EcdsaSha256),
        });
    }
}
