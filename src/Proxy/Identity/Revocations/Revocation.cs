using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Revocations;

/// <summary>The kinds of <see cref="RevocationRow"/> that end logins and sessions.</summary>
internal static class RevocationKinds
{
    /// <summary>One token (<c>jti</c>) of an issuer.</summary>
    public const string Token = "token";

    /// <summary>All that came from one login (<c>sid</c>) at an issuer.</summary>
    public const string Login = "login";

    /// <summary>All that was issued to a subject up to now, and to whoever acts for it.</summary>
    public const string Subject = "subject";

    /// <summary>All that was issued to members of a group up to now.</summary>
    public const string Group = "group";

    /// <summary>One issued password, by its id.</summary>
    public const string Issued = "issued";

    /// <summary>One API token, by its id.</summary>
    public const string ApiToken = "api-token";

    /// <summary>One registered public key, by its id.</summary>
    public const string Key = "key";

    public static readonly IReadOnlyList<string> All = [Token, Login, Subject, Group, Issued, ApiToken, Key];

    /// <summary>What stands before the id of an issued password in <see cref="Contract.Identity.TokenId"/>.</summary>
    public const string IssuedPrefix = "issued:";

    /// <summary>What stands before the id of an API token in <see cref="Contract.Identity.TokenId"/>.</summary>
    public const string ApiTokenPrefix = "pat:";

    /// <summary>What stands before the id of a registered key in <see cref="Contract.Identity.TokenId"/>.</summary>
    public const string KeyPrefix = "key:";
}

/// <summary>What is no longer good before its time is over.</summary>
/// <param name="Issuer">Of what issuer; never empty: the broker goes by its own address.</param>
/// <param name="At">What was issued up to then is no longer good.</param>
/// <param name="ExpiresAt">When nothing that it concerns can still be good by itself.</param>
internal sealed record Revocation(Guid Id, string Kind, string Issuer, string Value, DateTimeOffset At, DateTimeOffset ExpiresAt, string Reason)
{
    /// <summary>What a session that it ends or refuses is told, as a rule id.</summary>
    public string RuleId => $"revoked/{Kind}";

    public static Revocation Of(RevocationRow row, string broker) =>
        new(row.Id, row.Kind, row.Issuer.Length == 0 ? broker : row.Issuer, row.Value, row.At, row.ExpiresAt, row.Reason);
}
