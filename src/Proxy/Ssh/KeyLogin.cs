using System.Collections.Immutable;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Identity.Revocations;

namespace Sallyport.Proxy.Ssh;

/// <summary>
/// Whom a public key or certificate stands for. The caller has verified that the key signed; nothing here believes the user name, but that
/// a certificate may have to name it among its principals. What revocations and the store say of the person is looked at afterwards, as for any proof.
/// </summary>
/// <param name="trust">What files say, as of the last reload.</param>
/// <param name="registered">Keys of the store; null: there is no store.</param>
/// <param name="identities">The broker's people; null: there is no store.</param>
/// <param name="broker">The broker's address.</param>
internal sealed class KeyLogin(Func<KeyTrust> trust, PersonKeys? registered, Identities? identities, LastUses? uses, string broker, TimeProvider time)
{
    /// <summary>What stands between account and target in a user name.</summary>
    private const char Separator = '+';

    /// <summary>True when a signature by this key could prove anything.</summary>
    public bool IsKnown(KeyProof offered)
    {
        // The client has signed nothing yet: whether somebody is there is seen then.
        return Find(offered with { Present = true, Verified = true }).Refusal is null;
    }

    /// <summary>Who it is.</summary>
    public async ValueTask<LoginResult> LoginAsync(KeyProof proven, CancellationToken cancel)
    {
        Holding held = Find(proven);
        if (held.Refusal is not null)
            return new LoginResult(null, held.Refusal);
        LoginResult result = held.Holders!.Issuer is { } issuer
            ? new LoginResult(Identity(held, issuer, held.Holders.Groups, held.Holders.Kind, proven), null)
            : await OfBrokerAsync(held, proven, cancel).ConfigureAwait(false);
        if (result.Identity is not null && held.Registered is { } id)
            uses?.Key(id, proven.Source.Address.ToString());
        return result with { Restrictions = held.Restrictions };
    }

    /// <summary>
    /// Why a key or certificate that proved this identity, or any of several, would not prove it any more: files say otherwise of it than at the login. Null: it would, or
    /// nothing of the kind did.
    /// </summary>
    public string? Refuse(Contract.Identity identity)
    {
        if (identity.Key is { } proof)
        {
            Holding held = Find(proof);
            if (held.Refusal is not null)
                return held.Refusal;

            // The key has become somebody else's.
            if (held.Subject != identity.Subject || (held.Holders!.Issuer ?? broker) != identity.Issuer)
                return Refusals.KeyUnknown;
        }

        return identity.Earlier.Select(Refuse).FirstOrDefault(refusal => refusal is not null);
    }

    private async ValueTask<LoginResult> OfBrokerAsync(Holding held, KeyProof proven, CancellationToken cancel)
    {
        if (identities is null || await identities.OfBrokerAsync(held.Subject, cancel).ConfigureAwait(false) is not { } subject)
            return new LoginResult(null, Refusals.StoreUnavailable);
        if (!subject.Known || subject.Disabled)
            return new LoginResult(null, subject.Known ? Refusals.Disabled : Refusals.Unknown);
        ImmutableArray<string> groups = [.. subject.GroupsAt(time.GetUtcNow()).Distinct()];
        return new LoginResult(Identity(held, broker, groups, subject.Kind, proven), null);
    }

    private Contract.Identity Identity(Holding held, string issuer, ImmutableArray<string> groups, IdentityKind kind, KeyProof proven)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset ends = now + trust().LoginLifetime;
        return new Contract.Identity
        {
            Subject = held.Subject,
            Groups = groups,
            Kind = kind,
            Issuer = issuer,
            TokenId = held.TokenId,
            IssuedAt = held.IssuedAt,

            // A key in an agent says nothing of when its owner was last there; one that was touched does.
            AuthenticatedAt = held.IsSecurityKey && proven.Present ? now : null,
            ExpiresAt = held.ExpiresAt < ends ? held.ExpiresAt.Value : ends,
            Key = proven,
        };
    }

    private Holding Find(KeyProof proof)
    {
        KeyTrust files = trust();
        if (SshPublicKey.TryParse(proof.Blob.Span, out SshPublicKey? key))
            return OfKey(files, key, proof);
        return SshCertificate.TryParse(proof.Blob.Span, out SshCertificate? certificate) ? OfCertificate(files, certificate, proof) : Holding.No(Refusals.KeyUnknown);
    }

    private Holding OfKey(KeyTrust files, SshPublicKey key, KeyProof proof)
    {
        if (files.Revoked.IsRevoked(key))
            return Holding.No(Refusals.KeyRevoked);
        Holding held = registered?.Find(key) is { } own ? OfStore(own) : files.Files.TryGetValue(key.Fingerprint, out FileKey? line) ? OfFile(files, line, proof) : Holding.No(Refusals.KeyUnknown);
        if (held.Refusal is not null)
            return held;
        if (held.ExpiresAt <= time.GetUtcNow())
            return Holding.No(Refusals.Expired);
        return key.IsSecurityKey && !proof.Present ? Holding.No(Refusals.Presence) : held with { IsSecurityKey = key.IsSecurityKey };
    }

    private static Holding OfStore(PersonKey key) => new()
    {
        Subject = key.Subject,
        Holders = new KeyHolders(null, [], IdentityKind.Human),
        TokenId = RevocationKinds.KeyPrefix + key.Id,
        IssuedAt = key.CreatedAt,
        ExpiresAt = key.ExpiresAt,
        Registered = key.Id,
    };

    private static Holding OfFile(KeyTrust files, FileKey key, KeyProof proof)
    {
        if (key.Line.From is { } from && !from.Contains(proof.Source.Address))
            return Holding.No(Refusals.Source);
        if (key.Line.VerifyRequired && !proof.Verified)
            return Holding.No(Refusals.Verification);
        return new Holding
        {
            Subject = key.Subject,
            Holders = files.Holders,
            TokenId = RevocationKinds.KeyPrefix + key.Line.Key.Fingerprint,
            ExpiresAt = key.Line.ExpiresAt,
            Restrictions = key.Line.Restrictions,
        };
    }

    private Holding OfCertificate(KeyTrust files, SshCertificate certificate, KeyProof proof)
    {
        if (files.AuthorityOf(certificate) is not { } authority)
            return Holding.No(Refusals.Certificate);
        string? account = authority.Accounts == CertificateAccounts.Principals ? proof.ClaimedUser.Split(Separator)[0] : null;
        string? refusal = certificate.Check(new SshCertificateUse
        {
            Kind = SshCertificateKind.User,
            Authorities = authority.Keys,
            Principals = account is null ? null : [account],
            Now = time.GetUtcNow(),
            Source = proof.Source.Address,
            Verified = proof.Verified,
            Revoked = files.Revoked,
        });
        if (refusal is not null)
            return Holding.No(refusal);
        if (certificate.Key.IsSecurityKey && !proof.Present)
            return Holding.No(Refusals.Presence);

        // Of several names one would be chosen by us, and not by whoever signed.
        if (authority.Subject == CertificateSubject.Principal && certificate.Principals.Count != 1)
            return Holding.No(Refusals.Principal);
        string subject = authority.Subject == CertificateSubject.KeyId ? certificate.KeyId : certificate.Principals[0];
        if (Claims.Printable(subject) is not { Length: > 0 and <= TokenParts.LongestName })
            return Holding.No(Refusals.Claims);
        return new Holding
        {
            Subject = subject,
            Holders = authority.Holders,
            TokenId = $"cert:{certificate.Authority.Fingerprint}:{certificate.Serial}",
            IssuedAt = certificate.ValidAfter,
            ExpiresAt = certificate.ValidBefore,
            // The user name says which account now; a menu asks again later.
            Restrictions = account is null ? certificate.Restrictions : certificate.Restrictions with { Accounts = certificate.Principals },
            IsSecurityKey = certificate.Key.IsSecurityKey,
        };
    }

    /// <summary>What a key gives its holder, or why it gives nothing.</summary>
    private sealed record Holding
    {
        public string Subject { get; init; } = "";

        public KeyHolders? Holders { get; init; }

        public string? TokenId { get; init; }

        public DateTimeOffset? IssuedAt { get; init; }

        public DateTimeOffset? ExpiresAt { get; init; }

        public LoginRestrictions? Restrictions { get; init; }

        public bool IsSecurityKey { get; init; }

        /// <summary>Of the store.</summary>
        public Guid? Registered { get; init; }

        public string? Refusal { get; init; }

        public static Holding No(string refusal) => new() { Refusal = refusal };
    }
}
