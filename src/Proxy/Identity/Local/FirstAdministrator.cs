using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>Makes the first administrator, straight in the store: there is nobody yet who could do it over the admin API.</summary>
internal static class FirstAdministrator
{
    /// <summary>Makes the user in the group of administrators.</summary>
    /// <param name="again">Do so although there is one; a user of that name who has not chosen a password yet gets a new invitation.</param>
    /// <returns>The address that lets them choose a password, once. A secret.</returns>
    /// <exception cref="UserRefusedException">There is one, or the name cannot be had.</exception>
    public static async Task<string> InviteAsync(IStateStore store, IAudit audit, BrokerConfig config, string name, bool again, AuditActor actor, TimeProvider time, CancellationToken cancel)
    {
        string subject = LocalUsers.Normalize(name) ?? throw new UserRefusedException($"\"{name}\" is no user name: letters, digits, '.', '-', '_' and '@', a letter or digit first.");
        await audit.KeepAsync(new AuditEvent(AuditTypes.UserInvited, actor) { Object = "user:" + subject, Details = new Dictionary<string, string> { ["group"] = LocalUsers.Administrators } }, cancel).ConfigureAwait(false);
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        Guid id = await store.WriteAsync(
            async (state, token) =>
            {
                if (!again && await state.Memberships.AnyAsync(row => row.Group == LocalUsers.Administrators, token).ConfigureAwait(false))
                    throw new UserRefusedException("There is an administrator already; say --again to make another.");
                UserRow? user = await state.Users.SingleOrDefaultAsync(row => row.Subject == subject, token).ConfigureAwait(false);
                bool waiting = user is { Provider: null, PasswordHash: null } && await state.Memberships.AnyAsync(row => row.Subject == subject && row.Group == LocalUsers.Administrators, token).ConfigureAwait(false);
                var invitation = new UserInvitation(subject, null, null, [LocalUsers.Administrators], waiting, SHA256.HashData(secret));
                return await LocalUsers.WriteInvitationAsync(state, invitation, time.GetUtcNow(), token).ConfigureAwait(false);
            },
            cancel).ConfigureAwait(false);
        return LocalUsers.Link(config, id, secret);
    }
}
