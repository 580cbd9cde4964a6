using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// The groups an approver is of at this moment. A token says what was so when it was made; of users whose groups the store keeps, only what still
/// stands there counts, and somebody who was disabled or revoked since counts for nothing.
/// </summary>
internal static class ApproverGroups
{
    private static readonly HashSet<string> None = new(StringComparer.Ordinal);

    /// <param name="said">The groups their login said.</param>
    /// <param name="since">What was revoked after this moment is counted out.</param>
    public static async Task<IReadOnlySet<string>> NowAsync(
        StateContext db, IReadOnlySet<string> own, string subject, string issuer, IEnumerable<string> said, DateTimeOffset since, DateTimeOffset now, CancellationToken cancel)
    {
        var groups = said.ToHashSet(StringComparer.Ordinal);
        bool isOwn = own.Contains(issuer);
        string ofIssuer = isOwn ? "" : issuer;
        bool revoked = await db.Revocations.AnyAsync(
            r => r.Kind == "subject" && r.Value == subject && r.At >= since && (r.Issuer == issuer || r.Issuer == ofIssuer), cancel).ConfigureAwait(false);
        if (revoked)
            return None;
        if (!isOwn)
            return groups;
        UserRow? user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Subject == subject, cancel).ConfigureAwait(false);
        if (user is null)
            return groups;
        if (user.Disabled)
            return None;
        groups.IntersectWith(await db.Memberships.Where(m => m.Subject == subject && (m.ExpiresAt == null || m.ExpiresAt > now))
            .Select(m => m.Group).ToListAsync(cancel).ConfigureAwait(false));
        return groups;
    }
}
