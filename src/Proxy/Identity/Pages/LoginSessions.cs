using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>A login that is in force.</summary>
internal sealed record BrowserLogin(Guid Id, string Subject, DateTimeOffset AuthenticatedAt, string? AuthenticationContext, string? Provider, DateTimeOffset ExpiresAt)
{
    /// <summary><c>sid</c>.</summary>
    public string SessionId => Id.ToString("N", CultureInfo.InvariantCulture);
}

/// <summary>Logins of browsers: made new with every login, so that what somebody planted before it is worth nothing, and ended everywhere at once.</summary>
internal sealed class LoginSessions(IStateStore store, BrokerConfig config, TokenRevocations revocations, BackChannelLogout backChannel, TimeProvider time)
{
    private readonly string _cookie = BrowserCookie.Name(config, "login");

    /// <summary>The login of this browser; null when there is none.</summary>
    public async ValueTask<BrowserLogin?> FindAsync(HttpContext http, CancellationToken cancel)
    {
        if (!BrowserCookie.TryRead(http, _cookie, out string? value) || !TryParse(value, out Guid id, out byte[] hash))
            return null;
        LoginSessionRow? row = await LiveAsync(id, cancel).ConfigureAwait(false);
        return row is not null && CryptographicOperations.FixedTimeEquals(row.SecretHash, hash) ? Of(row) : null;
    }

    /// <summary>The login of that id, if it is in force.</summary>
    public async ValueTask<BrowserLogin?> FindAsync(string? sessionId, CancellationToken cancel) =>
        Guid.TryParseExact(sessionId, "N", out Guid id) && await LiveAsync(id, cancel).ConfigureAwait(false) is { } row ? Of(row) : null;

    /// <summary>Begins a login, ends the one this browser had, and gives it its cookie.</summary>
    public async Task<BrowserLogin> BeginAsync(HttpContext http, string subject, DateTimeOffset authenticatedAt, string? context, string? provider, string? providerSession, CancellationToken cancel)
    {
        BrowserLogin? before = await FindAsync(http, cancel).ConfigureAwait(false);
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        DateTimeOffset now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        BrowserLogin login = await store.WriteAsync(
            async (state, token) =>
            {
                var row = new LoginSessionRow
                {
                    Id = id,
                    Subject = subject,
                    SecretHash = SHA256.HashData(secret),
                    AuthenticatedAt = authenticatedAt,
                    AuthenticationContext = context,
                    Provider = provider,
                    ProviderSession = providerSession,
                    ExpiresAt = now + config.LoginLifetime,
                };
                state.LoginSessions.Add(row);
                UserRow? user = await state.Users.SingleOrDefaultAsync(u => u.Subject == subject, token).ConfigureAwait(false);
                user?.LastLoginAt = now;
                return Of(row);
            },
            cancel).ConfigureAwait(false);

        // The same person proving again who they are goes on with what they had; another person takes over the browser and not the login.
        if (before is not null && before.Subject != subject)
            await EndAsync(before.Id, "replaced", cancel).ConfigureAwait(false);
        BrowserCookie.Write(http, config, _cookie, $"{login.SessionId}.{Base64Url.EncodeToString(secret)}", SameSiteMode.Lax, expires: null);
        return login;
    }

    /// <summary>Ends a login: its tokens are no longer good, and clients that asked to be told are.</summary>
    public Task EndAsync(Guid id, string reason, CancellationToken cancel) => EndAsync(row => row.Id == id, reason, cancel);

    /// <summary>Ends all logins of a person.</summary>
    public Task EndAllAsync(string subject, string reason, CancellationToken cancel) => EndAsync(row => row.Subject == subject, reason, cancel);

    /// <summary>Ends what a provider says has ended there: one session, or all of a person.</summary>
    public Task EndOfProviderAsync(string provider, string? providerSession, string? subject, string reason, CancellationToken cancel) =>
        providerSession is not null
            ? EndAsync(row => row.Provider == provider && row.ProviderSession == providerSession, reason, cancel)
            : EndAsync(row => row.Provider == provider && subject != null && row.Subject == subject, reason, cancel);

    /// <summary>Ends this browser's login and takes its cookie.</summary>
    public async Task<BrowserLogin?> EndAsync(HttpContext http, string reason, CancellationToken cancel)
    {
        BrowserLogin? login = await FindAsync(http, cancel).ConfigureAwait(false);
        BrowserCookie.Delete(http, config, _cookie);
        if (login is not null)
            await EndAsync(login.Id, reason, cancel).ConfigureAwait(false);
        return login;
    }

    private async Task EndAsync(System.Linq.Expressions.Expression<Func<LoginSessionRow, bool>> which, string reason, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<LoginSessionRow> ended = await store.WriteAsync(
            async (state, token) =>
            {
                List<LoginSessionRow> rows = await state.LoginSessions.AsTracking().Where(which).Where(row => row.EndedAt == null && row.ExpiresAt > now).ToListAsync(token).ConfigureAwait(false);
                foreach (LoginSessionRow row in rows)
                    row.EndedAt = now;
                return rows;
            },
            cancel).ConfigureAwait(false);
        DateTimeOffset until = now + BrokerConfig.LongestToken + TimeSpan.FromMinutes(5);
        await revocations.RevokeAsync([.. ended.Select(row => (TokenRevocations.Login, Of(row).SessionId, until))], reason, cancel).ConfigureAwait(false);
        foreach (LoginSessionRow row in ended)
            await backChannel.TellAsync(row.Id, row.Subject, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// What is revoked is revoked with the login it came from: else the login, or its refresh token, would give whoever has it a new token at once, dated
    /// after the revocation.
    /// </summary>
    private Task<LoginSessionRow?> LiveAsync(Guid id, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow(), begun = BegunAt(id);
        string sid = id.ToString("N", CultureInfo.InvariantCulture);
        return store.ReadAsync(
            (state, token) => state.LoginSessions.SingleOrDefaultAsync(
                row => row.Id == id && row.EndedAt == null && row.ExpiresAt > now
                    && !state.Revocations.Any(r => (r.Issuer == "" || r.Issuer == config.Issuer) && r.ExpiresAt > now
                        && ((r.Kind == RevocationKinds.Login && r.Value == sid)
                            || (r.Kind == RevocationKinds.Subject && r.Value == row.Subject && r.At > begun)
                            || (r.Kind == RevocationKinds.Group && r.At > begun && state.Memberships.Any(m => m.Subject == row.Subject && m.Group == r.Value)))),
                token),
            cancel);
    }

    /// <summary>When a login began: its id says so (RFC 9562 5.7).</summary>
    private static DateTimeOffset BegunAt(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        long milliseconds = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
        return milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : DateTimeOffset.MinValue;
    }

    private static BrowserLogin Of(LoginSessionRow row) => new(row.Id, row.Subject, row.AuthenticatedAt, row.AuthenticationContext, row.Provider, row.ExpiresAt);

    private static bool TryParse(string cookie, out Guid id, out byte[] hash)
    {
        hash = [];
        id = default;
        int dot = cookie.IndexOf('.', StringComparison.Ordinal);
        if (dot != 32 || !Guid.TryParseExact(cookie.AsSpan(0, dot), "N", out id))
            return false;
        byte[] secret = new byte[32];
        if (cookie.Length != dot + 1 + 43 || !Base64Url.TryDecodeFromChars(cookie.AsSpan(dot + 1), secret, out int length) || length != secret.Length)
            return false;
        hash = SHA256.HashData(secret);
        return true;
    }
}
