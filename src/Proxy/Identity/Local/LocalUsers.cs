using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>A user as lists show it.</summary>
internal sealed record UserView(string Subject, string? DisplayName, string? Email, string? Provider, bool Disabled, bool HasPassword, bool HasTotp, bool InvitationOpen, DateTimeOffset? LockedUntil, DateTimeOffset CreatedAt, DateTimeOffset? LastLoginAt, IReadOnlyList<string> Groups);

/// <summary>A user who is to choose a password.</summary>
/// <param name="Again">The user is there already and loses what they proved themselves by.</param>
internal sealed record UserInvitation(string Subject, string? DisplayName, string? Email, IReadOnlyList<string> Groups, bool Again, byte[] SecretHash);

/// <summary>What could not be done, in words for the administrator.</summary>
internal sealed class UserRefusedException(string message) : Exception(message);

/// <summary>The users that are kept here, and what an administrator does with them and with those that come from providers.</summary>
internal sealed class LocalUsers(IStateStore store, ICluster cluster, IAudit audit, BrokerConfig config, LoginSessions sessions, TokenRevocations revocations, TimeProvider time)
{
    /// <summary>Longest name. A local name has no colon: names with one belong to providers.</summary>
    public const int LongestName = 64;

    /// <summary>The group of those who may do everything.</summary>
    public const string Administrators = "administrators";

    private static readonly TimeSpan InvitationLifetime = TimeSpan.FromDays(3);

    /// <summary>The name as it is kept; null when it is none.</summary>
    public static string? Normalize(string? name)
    {
        string kept = (name ?? "").Trim().ToLowerInvariant();
        return kept.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(kept[0]) && kept.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@') ? kept : null;
    }

    /// <summary>Makes a user, or invites one again who has forgotten everything: password and second factor are gone then.</summary>
    /// <returns>The address that lets them choose a password, once. A secret.</returns>
    public async Task<string> InviteAsync(string name, string? displayName, string? email, IReadOnlyList<string> groups, bool again, AuditActor? actor, CancellationToken cancel)
    {
        string subject = Normalize(name) ?? throw new UserRefusedException($"\"{name}\" is no user name: letters, digits, '.', '-', '_' and '@', a letter or digit first.");
        if (groups.FirstOrDefault(group => !IsGroup(group)) is { } wrong)
            throw new UserRefusedException($"\"{wrong}\" is no group name.");
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        await audit.KeepAsync(new AuditEvent(AuditTypes.UserInvited, actor) { Object = "user:" + subject, Details = new Dictionary<string, string> { ["reset"] = again ? "true" : "false" } }, cancel).ConfigureAwait(false);
        DateTimeOffset now = time.GetUtcNow();
        Guid id = await store.WriteAsync((state, token) => WriteInvitationAsync(state, new UserInvitation(subject, displayName, email, groups, again, SHA256.HashData(secret)), now, token), cancel).ConfigureAwait(false);
        if (again)
            await sessions.EndAllAsync(subject, "user-reset", cancel).ConfigureAwait(false);
        return Link(config, id, secret);
    }

    /// <summary>Lets a user in no more, from now on and everywhere, or lets them in again.</summary>
    public async Task SetDisabledAsync(string subject, bool disabled, AuditActor? actor, CancellationToken cancel)
    {
        await audit.KeepAsync(new AuditEvent(disabled ? AuditTypes.UserDisabled : AuditTypes.UserEnabled, actor) { Object = "user:" + subject }, cancel).ConfigureAwait(false);
        int found = await store.WriteAsync((state, token) => state.Users.Where(row => row.Subject == subject).ExecuteUpdateAsync(set => set.SetProperty(row => row.Disabled, disabled), token), cancel).ConfigureAwait(false);
        if (found == 0)
            throw new UserRefusedException($"There is no user {subject}.");
        if (disabled)
        {
            await sessions.EndAllAsync(subject, "user-disabled", cancel).ConfigureAwait(false);
            await revocations.RevokeAsync([(TokenRevocations.Subject, subject, time.GetUtcNow() + BrokerConfig.LongestToken + TimeSpan.FromMinutes(5))], "user-disabled", cancel).ConfigureAwait(false);
        }

        await TellAsync(subject, cancel).ConfigureAwait(false);

        // The agents that this person answers for stop with them.
        List<string> agents = await store.ReadAsync((state, token) => state.Agents.Where(row => row.Owner == subject).Select(row => row.Name).ToListAsync(token), cancel).ConfigureAwait(false);
        foreach (string agent in agents)
            await TellAsync(agent, cancel).ConfigureAwait(false);
    }

    /// <summary>Adds a user to a group, or takes them out; what a provider says of groups stays the provider's.</summary>
    public async Task SetGroupAsync(string subject, string group, bool member, AuditActor? actor, CancellationToken cancel)
    {
        if (!IsGroup(group))
            throw new UserRefusedException($"\"{group}\" is no group name.");
        await audit.KeepAsync(new AuditEvent(AuditTypes.UserChanged, actor) { Object = "user:" + subject, Changes = new Dictionary<string, AuditChange> { ["group"] = member ? new AuditChange(null, group) : new AuditChange(group, null) } }, cancel).ConfigureAwait(false);
        await store.WriteAsync(
            async (state, token) =>
            {
                if (!await state.Users.AnyAsync(row => row.Subject == subject, token).ConfigureAwait(false))
                    throw new UserRefusedException($"There is no user {subject}.");
                IQueryable<MembershipRow> rows = state.Memberships.Where(row => row.Subject == subject && row.Group == group && row.Source == "local");
                if (!member)
                    return await rows.ExecuteDeleteAsync(token).ConfigureAwait(false);
                if (!await rows.AnyAsync(token).ConfigureAwait(false))
                    state.Memberships.Add(Membership(subject, group));
                return 1;
            },
            cancel).ConfigureAwait(false);
        await TellAsync(subject, cancel).ConfigureAwait(false);
    }

    /// <summary>Users by name.</summary>
    /// <param name="after">Those that follow this subject.</param>
    public Task<List<UserView>> ListAsync(string after, int most, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        return store.ReadAsync(
            async (state, token) =>
            {
                List<UserRow> users = await state.Users.Where(row => string.Compare(row.Subject, after) > 0).OrderBy(row => row.Subject).Take(most).ToListAsync(token).ConfigureAwait(false);
                List<string> subjects = [.. users.Select(user => user.Subject)];
                List<MembershipRow> memberships = await state.Memberships.Where(row => subjects.Contains(row.Subject) && (row.ExpiresAt == null || row.ExpiresAt > now)).ToListAsync(token).ConfigureAwait(false);
                ILookup<string, string> groups = memberships.ToLookup(row => row.Subject, row => row.Group, StringComparer.Ordinal);
                return users.ConvertAll(user => new UserView(
                    user.Subject, user.DisplayName, user.Email, user.Provider, user.Disabled, user.PasswordHash is not null, user.TotpSecret is not null,
                    user.InvitationHash is not null && user.InvitationExpiresAt > now, user.LockedUntil > now ? user.LockedUntil : null, user.CreatedAt, user.LastLoginAt,
                    [.. groups[user.Subject].Distinct().Order(StringComparer.Ordinal)]));
            },
            cancel);
    }

    /// <summary>True for a name a group may have: it is written into policy and shown on screens.</summary>
    public static bool IsGroup(string group) => group.Length is > 0 and <= 200 && !group.Any(char.IsControl) && group == group.Trim();

    /// <summary>The address of an invitation. A secret.</summary>
    internal static string Link(BrokerConfig config, Guid id, byte[] secret) => config.At($"/invitation?code={id:N}.{Base64Url.EncodeToString(secret)}");

    /// <summary>Makes the user, or takes what they prove themselves by, and opens the invitation.</summary>
    internal static async Task<Guid> WriteInvitationAsync(StateContext state, UserInvitation invitation, DateTimeOffset now, CancellationToken cancel)
    {
        string subject = invitation.Subject;
        UserRow? user = await state.Users.SingleOrDefaultAsync(row => row.Subject == subject, cancel).ConfigureAwait(false);
        if (user is not null && (!invitation.Again || user.Provider is not null))
            throw new UserRefusedException(user.Provider is null ? $"There is a user {subject} already." : $"{subject} comes from {user.Provider} and has no password here.");
        if (user is null && invitation.Again)
            throw new UserRefusedException($"There is no user {subject}.");
        if (user is null && await state.Agents.AnyAsync(row => row.Name == subject, cancel).ConfigureAwait(false))
            throw new UserRefusedException($"{subject} is an agent.");
        if (user is null)
        {
            user = new UserRow { Id = Guid.CreateVersion7(now), Subject = subject, DisplayName = invitation.DisplayName, Email = invitation.Email, CreatedAt = now };
            state.Users.Add(user);
            state.Memberships.AddRange(invitation.Groups.Distinct(StringComparer.Ordinal).Select(group => Membership(subject, group)));
        }

        user.PasswordHash = null;
        user.TotpSecret = null;
        user.FailedLogins = 0;
        user.LockedUntil = null;
        user.InvitationHash = invitation.SecretHash;
        user.InvitationExpiresAt = now + InvitationLifetime;
        return user.Id;
    }

    private static MembershipRow Membership(string subject, string group) => new() { Id = Guid.CreateVersion7(), Subject = subject, Group = group, Source = "local" };

    private Task TellAsync(string subject, CancellationToken cancel) =>
        cluster.PublishAsync(ClusterEvents.IdentityChanged, System.Text.Json.JsonSerializer.Serialize(new { subject }), cancel);
}
