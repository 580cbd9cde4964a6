namespace Sallyport.Proxy.Identity;

/// <summary>Why a token was refused: fixed words for the audit. The client is told none of them.</summary>
internal static class Refusals
{
    /// <summary>More than <see cref="TokenParts.LongestToken"/> bytes.</summary>
    public const string TooLarge = "token-too-large";

    /// <summary>Not a JWS in compact form with JSON objects inside, or with a member twice.</summary>
    public const string Malformed = "token-malformed";

    /// <summary><c>none</c>, a symmetric algorithm, or one that this issuer may not use.</summary>
    public const string Algorithm = "algorithm-refused";

    /// <summary>The header brings its own key (<c>jwk</c>, <c>jku</c>, <c>x5u</c>, <c>x5c</c>).</summary>
    public const string EmbeddedKey = "embedded-key-refused";

    /// <summary>The header demands an extension (<c>crit</c>); none is understood.</summary>
    public const string Critical = "crit-refused";

    /// <summary>A token of another type than <c>JWT</c> or <c>at+jwt</c>: an ID token's cousin (a logout token, a DPoP proof) is no access token.</summary>
    public const string Type = "type-refused";

    /// <summary>No such issuer in the configuration.</summary>
    public const string Issuer = "issuer-unknown";

    /// <summary>Meant for somebody else.</summary>
    public const string Audience = "audience-wrong";

    /// <summary>Issued to a client that the configuration does not list.</summary>
    public const string Party = "party-refused";

    /// <summary>No key of the issuer has this <c>kid</c> and fits the algorithm.</summary>
    public const string KeyUnknown = "key-unknown";

    /// <summary>The issuer's keys were never reached, or so long ago that they no longer count.</summary>
    public const string KeysUnavailable = "keys-unavailable";

    /// <summary>The signature is not the issuer's.</summary>
    public const string Signature = "signature-invalid";

    /// <summary>No <c>exp</c>: it would be good for ever.</summary>
    public const string NoExpiry = "token-without-expiry";

    /// <summary>Past <c>exp</c>.</summary>
    public const string Expired = "token-expired";

    /// <summary>Before <c>nbf</c>, or issued in the future.</summary>
    public const string NotYetValid = "token-not-yet-valid";

    /// <summary>Lives longer than the configuration lets this issuer's tokens live.</summary>
    public const string LifetimeTooLong = "lifetime-too-long";

    /// <summary>A claim is missing, of the wrong type, or out of bounds.</summary>
    public const string Claims = "claims-refused";

    /// <summary>A claim does not say what the configuration demands of this issuer's tokens.</summary>
    public const string Required = "required-claim";

    /// <summary>Bound to a key the bearer would have to prove (<c>cnf</c>, RFC 7800): a password cannot prove it.</summary>
    public const string Bound = "token-bound-to-key";

    /// <summary>Delegation in a form that is not understood (<c>act</c>, RFC 8693 4.1): who really acts would be hidden.</summary>
    public const string Delegated = "delegation-refused";

    /// <summary>The password was empty.</summary>
    public const string Missing = "token-missing";

    /// <summary>It, its login, its subject or one of its groups was revoked.</summary>
    public const string Revoked = "revoked";

    /// <summary>The subject, or somebody it acts for, has been disabled.</summary>
    public const string Disabled = "subject-disabled";

    /// <summary>The subject, or somebody it acts for, no longer exists.</summary>
    public const string Unknown = "subject-unknown";

    /// <summary>It may not be used for this: an API token for the admin API opens no target.</summary>
    public const string Scope = "scope-refused";

    /// <summary>Used from where it may not be used.</summary>
    public const string Source = "source-refused";

    /// <summary>An issued password or API token that is none, or a wrong password.</summary>
    public const string Credential = "credential-unknown";

    /// <summary>A public key that is on the list of revoked keys.</summary>
    public const string KeyRevoked = "key-revoked";

    /// <summary>A certificate whose authority is not trusted. Why others are refused, the engine's <c>certificate-…</c> words say.</summary>
    public const string Certificate = "certificate-refused";

    /// <summary>More than one principal where the principal is the person.</summary>
    public const string Principal = "principal-refused";

    /// <summary>A FIDO key that does not say that a person touched it.</summary>
    public const string Presence = "presence-missing";

    /// <summary>A FIDO key that does not say that it knows the person, where that is demanded.</summary>
    public const string Verification = "verification-missing";

    /// <summary>Too many failures from there, or of that name: wait.</summary>
    public const string Throttled = "throttled";

    /// <summary>What must be looked up cannot be.</summary>
    public const string StoreUnavailable = "store-unavailable";

    /// <summary>A failure of our own.</summary>
    public const string Internal = "internal-error";
}
