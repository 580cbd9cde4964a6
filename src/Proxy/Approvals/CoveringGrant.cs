using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>Finds a yes that was given before and still covers what is held now.</summary>
internal static class CoveringGrant
{
    /// <summary>The grant in force that covers this action for exactly this session's identity; null: none does.</summary>
    public static async Task<GrantRow?> FindAsync(
        StateContext db, Binding binding, Contract.Identity identity, HeldAction action, HeldTerms held, DateTimeOffset now, CancellationToken cancel)
    {
        // What cannot be told from another credential has nothing remembered for it.
        if (binding.Credential is null)
            return null;
        List<GrantRow> grants = await db.Grants.AsNoTracking()
            .Where(g => g.Subject == binding.Subject && g.EndsAt > now && g.StartsAt <= now && g.RevokedAt == null
                && g.Issuer == binding.Issuer && g.ActingFor == binding.ActingFor && g.Credential == binding.Credential && g.Target == binding.Target)
            .OrderByDescending(g => g.EndsAt).Take(ApprovalLimits.Page).ToListAsync(cancel).ConfigureAwait(false);
        GrantRow? glass = null;
        foreach (GrantRow grant in grants)
        {
            switch (grant.Scope)
            {
                case GrantWords.BreakGlass when identity.Kind == IdentityKind.Human && held.Terms.MayBreakGlass(identity.Groups):
                    glass ??= grant;
                    break;
                case GrantWords.Digest or GrantWords.Rule or GrantWords.Target
                    when grant.Resource == binding.Resource && grant.Source == binding.Source && grant.Policy == held.Digest
                        && await CoversAsync(db, grant, action, held.Terms, cancel).ConfigureAwait(false):
                    return grant;
                default:
                    break;
            }
        }

        // A yes of others comes before an emergency of one's own.
        return glass;
    }

    private static async Task<bool> CoversAsync(StateContext db, GrantRow grant, HeldAction action, ReleaseTerms terms, CancellationToken cancel)
    {
        bool sameRules = terms.Rules.All(ApprovalJson.Texts(grant.Rules).ToHashSet(StringComparer.Ordinal).Contains);
        return grant.Scope switch
        {
            GrantWords.Digest => sameRules && grant.ActionDigest.AsSpan().SequenceEqual(action.Digest.Span),
            GrantWords.Rule => sameRules,
            _ => sameRules || await AlsoAsync(db, grant, terms, cancel).ConfigureAwait(false),
        };
    }

    /// <summary>
    /// A grant for a target covers what other rules hold only if those rules let a target be granted, and those who gave it are enough for them:
    /// otherwise the approvers of a harmless rule would release what a strict one holds.
    /// </summary>
    private static async Task<bool> AlsoAsync(StateContext db, GrantRow grant, ReleaseTerms terms, CancellationToken cancel)
    {
        if (!terms.Scopes.Contains(GrantScope.Target) || grant.EndsAt - grant.StartsAt > terms.LongestGrant)
            return false;
        List<string> approvers = await db.ApprovalDecisions.AsNoTracking()
            .Where(d => d.ApprovalId == grant.Id && d.Approves).Select(d => d.Groups).ToListAsync(cancel).ConfigureAwait(false);
        return terms.Unmet([.. approvers.Select(groups => ApprovalJson.Texts(groups).ToHashSet(StringComparer.Ordinal))]).Count == 0;
    }
}
