using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>A password just issued: the only time it is shown.</summary>
/// <param name="Password">A secret.</param>
internal sealed record NewPassword(Guid Id, string UserName, string Password, DateTimeOffset ExpiresAt)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => $"issued password of {UserName}";
}

/// <summary>
/// Short-lived passwords for drivers that know no tokens. A password has 160 random bits, so that what verifies it (RFC 5802 3) tells
/// nobody anything, however fast they guess.
/// </summary>
internal sealed class IssuedPasswords
{
    /// <summary>RFC 7677 4: at least 4096.</summary>
    public const int Iterations = 4096;

    public const int SaltLength = 16;

    private const string Prefix = "sp-";
    private const int NameLength = 8;
    private const int PasswordLength = 32;
    private const int MostPerSubject = 100;
    private const int Attempts = 4;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567";

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() }, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly IStateStore _store;
    private readonly Revocations.Revocations _revocations;
    private readonly string _broker;
    private readonly TimeProvider _time;

    /// <param name="broker">The broker's address.</param>
    public IssuedPasswords(IStateStore store, Revocations.Revocations revocations, string broker, TimeProvider time)
    {
        _store = store;
        _revocations = revocations;
        _broker = broker;
        _time = time;
    }

    /// <summary>True for a user name of the form that goes with an issued password.</summary>
    public static bool IsName(string user) =>
        user.Length == Prefix.Length + NameLength && user.StartsWith(Prefix, StringComparison.Ordinal)
        && user.AsSpan(Prefix.Length).IndexOfAnyExcept(Letters) < 0;

    /// <summary>Whose passwords those of an identity are: subjects of two issuers are two persons, whatever their names.</summary>
    public string OwnerOf(Contract.Identity identity) => identity.Issuer == _broker ? identity.Subject : $"{identity.Issuer} {identity.Subject}";

    /// <summary>Issues a password that stands for this identity: as it is now, for its own lifetime at most.</summary>
    /// <param name="target">The only target it may be used for; null: those of the identity.</param>
    /// <param name="keep">Keeps the audit event that tells of it, before it is issued.</param>
    /// <exception cref="ArgumentException">It cannot be; the message says why.</exception>
    public async Task<NewPassword> IssueAsync(Contract.Identity identity, TimeSpan lifetime, string? target, IPAddress? source, Func<AuditEvent, ValueTask> keep, CancellationToken cancel)
    {
        if (identity.TokenId is { } proof && (proof.StartsWith(RevocationKinds.IssuedPrefix, StringComparison.Ordinal) || proof.StartsWith(RevocationKinds.ApiTokenPrefix, StringComparison.Ordinal)))
            throw new ArgumentException("An issued password or an API token issues no passwords: log in.");
        if (target is not null && (!ConfigReader.IsName(target) || (!identity.Targets.IsEmpty && !identity.Targets.Contains(target))))
            throw new ArgumentException("There is no such target for you.");
        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset ends = lifetime < identity.ExpiresAt - now ? now + lifetime : identity.ExpiresAt;
        if (ends - now < Shortest)
            throw new ArgumentException("A password lives for a minute or more, and no longer than the login it comes from: log in again.");

        string password = RandomNumberGenerator.GetString(Letters, PasswordLength);
        byte[] salt = RandomNumberGenerator.GetBytes(SaltLength);
        (byte[] storedKey, byte[] serverKey) = Verifier(password, salt, Iterations);
        ImmutableArray<string> targets = target is null ? identity.Targets : [target];
        var id = Guid.CreateVersion7(now);
        await keep(new AuditEvent(AuditTypes.PasswordIssued, AuditActor.Of(identity, source))
        {
            Object = $"issued:{id}",
            Target = target,
            Details = new Dictionary<string, string> { ["expires"] = ends.ToString("O") },
        }).ConfigureAwait(false);
        for (int attempt = 1; ; attempt++)
        {
            var row = new IssuedPasswordRow
            {
                Id = id,
                UserName = Prefix + RandomNumberGenerator.GetString(Letters, NameLength),
                Identity = JsonSerializer.Serialize(identity with { TokenId = RevocationKinds.IssuedPrefix + id, Targets = targets, ExpiresAt = ends }, Json),
                Subject = OwnerOf(identity),
                Salt = salt,
                Iterations = Iterations,
                StoredKey = storedKey,
                ServerKey = serverKey,
                CreatedAt = now,
                ExpiresAt = ends,
            };
            if (await TryAddAsync(row, attempt, cancel).ConfigureAwait(false))
                return new NewPassword(row.Id, row.UserName, password, ends);
        }
    }

    /// <summary>The password of a user name, whatever its state; null: there is none.</summary>
    public Task<IssuedPasswordRow?> FindAsync(string user, CancellationToken cancel) =>
        _store.ReadAsync((state, stop) => state.IssuedPasswords.FirstOrDefaultAsync(p => p.UserName == user, stop), cancel);

    /// <summary>The passwords of a subject that are still good, of everybody when null.</summary>
    public Task<List<IssuedPasswordRow>> ListAsync(string? subject, int most, CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return _store.ReadAsync((state, stop) => state.IssuedPasswords
            .Where(p => (subject == null || p.Subject == subject) && p.RevokedAt == null && p.ExpiresAt > now)
            .OrderByDescending(p => p.CreatedAt).Take(most).ToListAsync(stop), cancel);
    }

    /// <summary>Revokes a password, and ends what came in by it.</summary>
    /// <param name="subject">Only if it is this subject's; null: whosever it is.</param>
    /// <param name="keep">Keeps the audit event that tells of it, before it is done.</param>
    /// <returns>False when there is none.</returns>
    public async Task<bool> RevokeAsync(Guid id, string? subject, string reason, AuditActor? actor, Func<AuditEvent, ValueTask> keep, CancellationToken cancel)
    {
        await keep(new AuditEvent(AuditTypes.PasswordRevoked, actor) { Object = $"issued:{id}", Reason = OneLine.Of(reason) }).ConfigureAwait(false);
        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset? ends = await _store.WriteAsync(async (state, stop) =>
        {
            IssuedPasswordRow? row = await state.IssuedPasswords.FirstOrDefaultAsync(p => p.Id == id && (subject == null || p.Subject == subject), stop).ConfigureAwait(false);
            if (row is null)
                return (DateTimeOffset?)null;
            row.RevokedAt ??= now;
            await state.SaveChangesAsync(stop).ConfigureAwait(false);
            return row.ExpiresAt;
        }, cancel).ConfigureAwait(false);
        if (ends is null)
            return false;
        await _revocations.RevokeAsync(RevocationKinds.Issued, "", id.ToString(), reason, actor, cancel, ends).ConfigureAwait(false);
        return true;
    }

    /// <summary>Forgets passwords whose time is over.</summary>
    public Task PruneAsync(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return _store.WriteAsync((state, stop) => state.IssuedPasswords.Where(p => p.ExpiresAt <= now).ExecuteDeleteAsync(stop), cancel);
    }

    /// <summary>The identity a password stands for.</summary>
    /// <exception cref="JsonException">The store has something else.</exception>
    public static Contract.Identity IdentityOf(IssuedPasswordRow row) =>
        JsonSerializer.Deserialize<Contract.Identity>(row.Identity, Json) ?? throw new JsonException("no identity");

    /// <summary>RFC 5802 3: StoredKey and ServerKey. The password is ASCII, which SASLprep leaves as it is.</summary>
    public static (byte[] StoredKey, byte[] ServerKey) Verifier(string password, byte[] salt, int iterations)
    {
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.ASCII.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, 32);
        byte[] storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        byte[] serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        CryptographicOperations.ZeroMemory(salted);
        return (storedKey, serverKey);
    }

    /// <summary>Whether a password that came as it is is the one of this exchange. Takes its time: not on a thread that polls sockets.</summary>
    public static bool Proves(Contract.ScramLogin exchange, string password)
    {
        (byte[] storedKey, _) = Verifier(password, exchange.Salt, exchange.Iterations);
        return CryptographicOperations.FixedTimeEquals(storedKey, exchange.StoredKey);
    }

    /// <returns>False: the name is taken.</returns>
    private Task<bool> TryAddAsync(IssuedPasswordRow row, int attempt, CancellationToken cancel) =>
        _store.WriteAsync(async (state, stop) =>
        {
            if (await state.IssuedPasswords.CountAsync(p => p.Subject == row.Subject && p.RevokedAt == null && p.ExpiresAt > row.CreatedAt, stop).ConfigureAwait(false) >= MostPerSubject)
                throw new ArgumentException($"{row.Subject} has {MostPerSubject} passwords already: let them expire, or revoke them.");
            if (await state.IssuedPasswords.AnyAsync(p => p.UserName == row.UserName, stop).ConfigureAwait(false) && attempt < Attempts)
                return false;
            state.IssuedPasswords.Add(row);
            await state.SaveChangesAsync(stop).ConfigureAwait(false);
            return true;
        }, cancel);
}
