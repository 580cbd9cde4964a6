using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>Makes a user.</summary>
internal sealed record UserInviteJson(string Name, string? DisplayName = null, string? Email = null, IReadOnlyList<string>? Groups = null);

/// <summary>Something that is done for a reason.</summary>
internal sealed record UserReasonJson(string Reason);

/// <summary>An invitation: a secret, shown this once.</summary>
internal sealed record InvitationJson(string Subject, string Invitation);

/// <summary>What was changed.</summary>
internal sealed record UserChangedJson(string Subject);

/// <summary>
/// Users over the admin API. Nobody changes their own groups or lets themselves in again: an administrator would otherwise be whatever else
/// they wish, alone.
/// </summary>
internal sealed class UserRoutes(LocalUsers users) : IAdminRoutes
{
    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/users", AdminRole.Administrator, ListAsync).Says("Users by name.");
        map.Post("/v1/users", AdminRole.Administrator, InviteAsync).Says("Make a user; the answer has the address by which they choose a password, once.");
        map.Post("/v1/users/{subject}/reset", AdminRole.Administrator, ResetAsync).Says("Take a user's password, second factor and logins, and invite them again.");
        map.Post("/v1/users/{subject}/disable", AdminRole.Administrator, DisableAsync).Says("Let a user in no more, and end what they do.");
        map.Post("/v1/users/{subject}/enable", AdminRole.Administrator, EnableAsync).Says("Let a user in again.");
        map.Put("/v1/users/{subject}/groups/{group}", AdminRole.Administrator, AddAsync).Says("Add a user to a group.");
        map.Delete("/v1/users/{subject}/groups/{group}", AdminRole.Administrator, RemoveAsync).Says("Take a user out of a group.");
    }

    private async Task<Page<UserView>> ListAsync(AdminCall call, string? after, int? limit)
    {
        int most = Paging.Limit(limit);
        return Paging.Of(await users.ListAsync(after ?? "", most + 1, call.Cancel).ConfigureAwait(false), most, user => user.Subject);
    }

    private Task<InvitationJson> InviteAsync(AdminCall call, UserInviteJson body) => DoAsync(
        call, body.Name, "invite", null,
        async cancel => new InvitationJson(body.Name, await users.InviteAsync(body.Name, body.DisplayName, body.Email, body.Groups ?? [], again: false, call.Actor, cancel).ConfigureAwait(false)));

    private Task<InvitationJson> ResetAsync(AdminCall call, string subject, UserReasonJson body) => DoAsync(
        call, subject, "reset", AdminCall.Reason(body.Reason),
        async cancel => new InvitationJson(subject, await users.InviteAsync(subject, null, null, [], again: true, call.Actor, cancel).ConfigureAwait(false)));

    private Task<UserChangedJson> DisableAsync(AdminCall call, string subject, UserReasonJson body) => DoAsync(
        call, subject, "disable", AdminCall.Reason(body.Reason), cancel => ThenAsync(subject, users.SetDisabledAsync(subject, true, call.Actor, cancel)));

    private Task<UserChangedJson> EnableAsync(AdminCall call, string subject, UserReasonJson body) => DoAsync(
        call, subject, "enable", AdminCall.Reason(body.Reason), cancel => ThenAsync(subject, users.SetDisabledAsync(subject, false, call.Actor, cancel)));

    private Task<UserChangedJson> AddAsync(AdminCall call, string subject, string group) => DoAsync(
        call, NotSelf(call, subject), "add-group", null, cancel => ThenAsync(subject, users.SetGroupAsync(subject, group, member: true, call.Actor, cancel)));

    private Task<UserChangedJson> RemoveAsync(AdminCall call, string subject, string group) => DoAsync(
        call, NotSelf(call, subject), "remove-group", null, cancel => ThenAsync(subject, users.SetGroupAsync(subject, group, member: false, call.Actor, cancel)));

    private static async Task<UserChangedJson> ThenAsync(string subject, Task change)
    {
        await change.ConfigureAwait(false);
        return new UserChangedJson(subject);
    }

    private static string NotSelf(AdminCall call, string subject) => call.Identity.Subject == subject
        ? throw AdminProblem.Forbidden("own-groups", "Nobody changes their own groups.", "Ask another administrator.")
        : subject;

    /// <summary>Kept before it is tried; what became of it, <see cref="LocalUsers"/> keeps.</summary>
    private static Task<T> DoAsync<T>(AdminCall call, string subject, string action, string? reason, Func<CancellationToken, Task<T>> act) => call.DoAsync(
        new AuditEvent(AuditTypes.UserChanged, call.Actor) { Object = "user:" + subject, Reason = reason, Details = new Dictionary<string, string> { ["action"] = action } },
        async cancel =>
        {
            try
            {
                return await act(cancel).ConfigureAwait(false);
            }
            catch (UserRefusedException refused)
            {
                throw AdminProblem.Conflict("user-refused", refused.Message);
            }
        });
}
