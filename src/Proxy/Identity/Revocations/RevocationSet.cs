using System.Collections.Concurrent;

namespace Sallyport.Proxy.Identity.Revocations;

/// <summary>
/// The revocations in force, in memory, so that a login costs a few look-ups. As many as the store has: only those who may revoke add to it.
/// Safe from any thread.
/// </summary>
/// <param name="broker">The broker's address: its clock is this system's own.</param>
internal sealed class RevocationSet(string broker)
{
    /// <summary>
    /// How far another issuer's clock may run ahead: a token that it dates a little after the revocation may have been issued before it.
    /// </summary>
    private static readonly TimeSpan ForeignSkew = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Key, Revocation> _entries = new();
    private volatile bool _groups;

    /// <summary>Revocations held.</summary>
    public int Count => _entries.Count;

    /// <summary>Takes up one more. Of two on the same thing the later counts.</summary>
    public void Add(Revocation revocation)
    {
        if (revocation.Kind == RevocationKinds.Group)
            _groups = true;
        bool own = revocation.Kind is RevocationKinds.Issued or RevocationKinds.ApiToken or RevocationKinds.Key;
        _entries.AddOrUpdate(
            new Key(revocation.Kind, own ? broker : revocation.Issuer, revocation.Value), revocation, (_, known) => known.At >= revocation.At ? known : revocation);
    }

    /// <summary>Forgets what can no longer matter.</summary>
    public void Prune(DateTimeOffset now)
    {
        foreach ((Key key, Revocation revocation) in _entries)
        {
            if (revocation.ExpiresAt <= now)
                _entries.TryRemove(KeyValuePair.Create(key, revocation));
        }
    }

    /// <summary>What revokes this identity; null: nothing.</summary>
    public Revocation? Find(Contract.Identity identity)
    {
        if (_entries.IsEmpty)
            return null;
        Revocation? found = OfProof(identity) ?? OfSubjects(identity) ?? (_groups ? OfGroups(identity) : null);

        // Of several proofs each must be good.
        for (int i = 0; found is null && i < identity.Earlier.Length; i++)
            found = Find(identity.Earlier[i]);
        return found;
    }

    private Revocation? OfProof(Contract.Identity identity)
    {
        if (identity.LoginSession is { } login && Find(RevocationKinds.Login, identity.Issuer, login) is { } ended)
            return ended;
        if (identity.TokenId is not { } id)
            return null;
        return Find(RevocationKinds.Token, identity.Issuer, id)
            ?? After(RevocationKinds.Issued, RevocationKinds.IssuedPrefix, id)
            ?? After(RevocationKinds.ApiToken, RevocationKinds.ApiTokenPrefix, id)
            ?? After(RevocationKinds.Key, RevocationKinds.KeyPrefix, id);
    }

    private Revocation? After(string kind, string prefix, string id) =>
        id.StartsWith(prefix, StringComparison.Ordinal) ? Find(kind, broker, id[prefix.Length..]) : null;

    /// <summary>Whoever acts for a person is good only as long as the person is.</summary>
    private Revocation? OfSubjects(Contract.Identity identity)
    {
        if (Dated(RevocationKinds.Subject, identity, identity.Subject) is { } own)
            return own;
        foreach (string principal in identity.ActingFor)
        {
            if (Dated(RevocationKinds.Subject, identity, principal) is { } found)
                return found;
        }

        return null;
    }

    private Revocation? OfGroups(Contract.Identity identity)
    {
        foreach (string group in identity.Groups)
        {
            if (Dated(RevocationKinds.Group, identity, group) is { } found)
                return found;
        }

        return null;
    }

    /// <summary>A proof that does not say when it was issued may have been issued before.</summary>
    private Revocation? Dated(string kind, Contract.Identity identity, string value)
    {
        if (Find(kind, identity.Issuer, value) is not { } found)
            return null;
        TimeSpan skew = identity.Issuer == broker ? TimeSpan.Zero : ForeignSkew;
        return identity.IssuedAt is { } issued && issued > found.At + skew ? null : found;
    }

    private Revocation? Find(string kind, string issuer, string value) => _entries.GetValueOrDefault(new Key(kind, issuer, value));

    private readonly record struct Key(string Kind, string Issuer, string Value);
}
