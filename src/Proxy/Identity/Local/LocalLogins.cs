using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>What came of an attempt to log in.</summary>
/// <param name="User">Whose password (and code) was right; null: refused, and the caller does not learn why.</param>
/// <param name="NeedsCode">The password was right, and a code must follow.</param>
internal readonly record struct LocalAttempt(UserRow? User, bool NeedsCode);

/// <summary>
/// Proofs of local users: passwords, codes, invitations. An attempt is counted before it is judged and given back when it was right, so
/// that many at once are no way around the lockout; and it takes the same steps whether the user exists or not.
/// </summary>
internal sealed class LocalLogins(IStateStore store, ISealer sealer, IAudit audit, BrokerConfig config, PasswordHasher hasher, LoginSessions sessions, TimeProvider time)
{
    private readonly SourceBackoff _sources = new(config.Lockout, time);

    /// <summary>Judges a password.</summary>
    public async Task<LocalAttempt> TryPasswordAsync(string? name, string? password, IPAddress? source, CancellationToken cancel)
    {
        string key = AttemptLimiter.SourceOf(source);
        string subject = LocalUsers.Normalize(name) ?? "";
        if (!_sources.TryTake(key) || password is not { Length: > 0 and <= PasswordRules.Longest })
            return Refused(subject, source);
        UserRow? user = await ChargeAsync(row => row.Subject == subject && row.Provider == null, cancel).ConfigureAwait(false);
        bool right = await hasher.VerifyAsync(user?.PasswordHash, password, cancel).ConfigureAwait(false);
        if (!right || user is null || user.Disabled)
            return Refused(subject, source);
        _sources.Forgive(key);
        if (user.TotpSecret is not null)
            return new LocalAttempt(user, NeedsCode: true);
        await ForgiveAsync(user.Id, cancel).ConfigureAwait(false);
        return new LocalAttempt(user, NeedsCode: false);
    }

    /// <summary>Judges a code of a user whose password was right. Each is good once.</summary>
    public async Task<LocalAttempt> TryCodeAsync(Guid userId, string? code, IPAddress? source, CancellationToken cancel)
    {
        UserRow? user = await ChargeAsync(row => row.Id == userId, cancel).ConfigureAwait(false);
        if (user is not { Disabled: false, TotpSecret: not null } || !await TakeCodeAsync(userId, code ?? "", cancel).ConfigureAwait(false))
            return Refused(user?.Subject ?? "", source);
        await ForgiveAsync(userId, cancel).ConfigureAwait(false);
        return new LocalAttempt(user, NeedsCode: false);
    }

    /// <summary>Enrols an authenticator app, when its first code is right.</summary>
    public async Task<bool> EnrolAsync(Guid userId, byte[] secret, string? code, CancellationToken cancel)
    {
        if (TotpCodes.StepOf(secret, code ?? "", 0, time.GetUtcNow()) is not { } step)
            return false;
        string subject = await store.WriteAsync(
            async (state, token) =>
            {
                UserRow user = await state.Users.AsTracking().SingleAsync(row => row.Id == userId && row.Provider == null, token).ConfigureAwait(false);
                user.TotpSecret = sealer.Seal(SealPurposes.UserTotp(userId), secret);
                user.TotpLastStep = step;
                return user.Subject;
            },
            cancel).ConfigureAwait(false);
        audit.Note(new AuditEvent(AuditTypes.UserSecondFactorChanged, null) { Object = "user:" + subject });
        return true;
    }

    /// <summary>The user an invitation is for; null when it is not good (any more).</summary>
    public async Task<UserRow?> FindInvitedAsync(string? code, CancellationToken cancel)
    {
        if (!TryParseInvitation(code, out Guid id, out byte[] hash))
            return null;
        DateTimeOffset now = time.GetUtcNow();
        UserRow? user = await store.ReadAsync((state, token) => state.Users.SingleOrDefaultAsync(row => row.Id == id, token), cancel).ConfigureAwait(false);
        return user is not null && IsOpen(user, hash, now) ? user : null;
    }

    /// <summary>Sets the password of an invited user. The invitation is used up with it.</summary>
    public async Task<bool> AcceptInvitationAsync(string? code, string password, CancellationToken cancel)
    {
        if (!TryParseInvitation(code, out Guid id, out byte[] hash))
            return false;
        string phc = await hasher.HashAsync(password, cancel).ConfigureAwait(false);
        string? subject = await store.WriteAsync(
            async (state, token) =>
            {
                UserRow? user = await state.Users.AsTracking().SingleOrDefaultAsync(row => row.Id == id, token).ConfigureAwait(false);
                if (user is null || !IsOpen(user, hash, time.GetUtcNow()))
                    return null;
                user.PasswordHash = phc;
                user.InvitationHash = null;
                user.InvitationExpiresAt = null;
                user.FailedLogins = 0;
                user.LockedUntil = null;
                return user.Subject;
            },
            cancel).ConfigureAwait(false);
        if (subject is null)
            return false;
        audit.Note(new AuditEvent(AuditTypes.UserPasswordChanged, null) { Object = "user:" + subject });
        await sessions.EndAllAsync(subject, "password-set", cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Changes a password by the one before it.</summary>
    public async Task<bool> ChangePasswordAsync(string subject, string current, string next, IPAddress? source, CancellationToken cancel)
    {
        LocalAttempt attempt = await TryPasswordAsync(subject, current, source, cancel).ConfigureAwait(false);
        if (attempt.User is null)
            return false;
        string phc = await hasher.HashAsync(next, cancel).ConfigureAwait(false);
        await store.WriteAsync(
            (state, token) => state.Users.Where(row => row.Id == attempt.User.Id).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.PasswordHash, phc).SetProperty(row => row.FailedLogins, 0).SetProperty(row => row.LockedUntil, (DateTimeOffset?)null), token),
            cancel).ConfigureAwait(false);
        audit.Note(new AuditEvent(AuditTypes.UserPasswordChanged, null) { Object = "user:" + subject });
        await sessions.EndAllAsync(subject, "password-changed", cancel).ConfigureAwait(false);
        return true;
    }

    private LocalAttempt Refused(string subject, IPAddress? source)
    {
        // A name that is none of ours may be a password typed into the wrong field: it is not written anywhere.
        audit.Note(new AuditEvent(AuditTypes.LoginRefused, source is null ? null : new AuditActor("", config.Issuer, [], source)) { Outcome = "refused", Object = subject.Length > 0 ? "user:" + subject : null, Reason = "password" });
        return default;
    }

    /// <summary>The user as it was before this attempt, which is now counted; null when unknown or made to wait. Asked for nobody it still writes: an answer takes as long.</summary>
    private Task<UserRow?> ChargeAsync(System.Linq.Expressions.Expression<Func<UserRow, bool>> who, CancellationToken cancel) =>
        store.WriteAsync(
            async (state, token) =>
            {
                DateTimeOffset now = time.GetUtcNow();
                UserRow? user = await state.Users.AsTracking().SingleOrDefaultAsync(who, token).ConfigureAwait(false);
                if (user is null || now < user.LockedUntil)
                    return null;
                user.FailedLogins++;
                TimeSpan wait = Backoff.After(user.FailedLogins, config.Lockout.Attempts, config.Lockout);
                user.LockedUntil = wait > TimeSpan.Zero ? now + wait : null;
                return user;
            },
            cancel);

    private Task ForgiveAsync(Guid id, CancellationToken cancel) =>
        store.WriteAsync(
            (state, token) => state.Users.Where(row => row.Id == id).ExecuteUpdateAsync(set => set.SetProperty(row => row.FailedLogins, 0).SetProperty(row => row.LockedUntil, (DateTimeOffset?)null), token),
            cancel);

    private Task<bool> TakeCodeAsync(Guid id, string code, CancellationToken cancel) =>
        store.WriteAsync(
            async (state, token) =>
            {
                UserRow user = await state.Users.AsTracking().SingleAsync(row => row.Id == id, token).ConfigureAwait(false);
                if (user.TotpSecret is null || TotpCodes.StepOf(sealer.Open(SealPurposes.UserTotp(id), user.TotpSecret), code, user.TotpLastStep, time.GetUtcNow()) is not { } step)
                    return false;
                user.TotpLastStep = step;
                return true;
            },
            cancel);

    private static bool IsOpen(UserRow user, byte[] hash, DateTimeOffset now) =>
        !user.Disabled && user.Provider is null && user.InvitationExpiresAt > now && user.InvitationHash is not null && CryptographicOperations.FixedTimeEquals(user.InvitationHash, hash);

    private static bool TryParseInvitation(string? code, out Guid id, out byte[] hash)
    {
        hash = [];
        id = default;
        byte[] secret = new byte[32];
        if (code is not { Length: 76 } || code[32] != '.' || !Guid.TryParseExact(code.AsSpan(0, 32), "N", out id)
            || !Base64Url.TryDecodeFromUtf8(Encoding.ASCII.GetBytes(code[33..]), secret, out int length) || length != secret.Length)
        {
            return false;
        }

        hash = SHA256.HashData(secret);
        return true;
    }
}
