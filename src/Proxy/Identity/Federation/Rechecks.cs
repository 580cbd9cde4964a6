using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>
/// Asks providers again, as often as the operator says, whether the persons who are logged in through them are still let in and of what groups. Each person
/// is asked about by one node at a time. A provider that cannot be asked has said nothing: what was known stays, until the login ends by itself.
/// </summary>
internal sealed class Rechecks(IReadOnlyList<OidcLogin> logins, FederationDoors doors) : IAsyncDisposable
{
    /// <summary>Persons asked about in one round; the others wait for the next.</summary>
    private const int PerRound = 200;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    private readonly record struct Due(Guid Id, string Subject, string ProviderSubject, byte[] RefreshToken);

    public void Start()
    {
        if (logins.Any(login => login.Provider.Settings.Recheck is not null))
            _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Round, doors.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                foreach (OidcLogin login in logins)
                {
                    if (login.Provider.Settings.Recheck is { } often)
                        await AskAsync(login, often).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task AskAsync(OidcLogin login, TimeSpan often)
    {
        try
        {
            foreach (Due due in await ClaimAsync(login.Name, often).ConfigureAwait(false))
                await AskAsync(login, due).ConfigureAwait(false);
        }
        catch (StoreUnavailableException away)
        {
            // Sessions go on by what was last known, and end with the store's grace.
            doors.Log.Warning("provider-not-asked", new("provider", login.Name), new("error", away.Message));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !_stop.IsCancellationRequested)
        {
            // Whatever it is: who is never asked about again stays in for ever. The type only, as a message may quote what a provider said.
            doors.Log.Error("provider-not-asked", new("provider", login.Name), new("error", failure.GetType().FullName));
        }
    }

    private async Task AskAsync(OidcLogin login, Due due)
    {
        FederatedPerson? person;
        try
        {
            string token = Encoding.UTF8.GetString(doors.Sealer.Open(SealPurposes.UserProviderRefreshToken(due.Id), due.RefreshToken));
            person = await login.Provider.RefreshAsync(token, due.ProviderSubject, _stop.Token).ConfigureAwait(false);
        }
        catch (FederationException silent)
        {
            doors.Log.Warning("provider-not-asked", new("provider", login.Name), new("reason", silent.Word));
            return;
        }
        catch (CryptographicException)
        {
            // Sealed by a key that this node has not heard of yet: the others of this round are asked about all the same.
            doors.Log.Error("provider-not-asked", new("provider", login.Name), new("subject", due.Subject), new("reason", "refresh-token-sealed"));
            return;
        }

        string? refusal = person is null ? "gone" : await doors.Desk.UpdateAsync(login.External(person), _stop.Token).ConfigureAwait(false);
        if (refusal is null)
            return;
        doors.Log.Warning("provider-lets-no-longer-in", new("provider", login.Name), new("subject", due.Subject), new("reason", refusal));
        await ForgetAsync(due.Id).ConfigureAwait(false);
        await doors.Sessions.EndAllAsync(due.Subject, "provider-refused", _stop.Token).ConfigureAwait(false);
    }

    /// <summary>The persons whose turn it is, marked so that no other node asks about them too.</summary>
    private Task<List<Due>> ClaimAsync(string provider, TimeSpan often)
    {
        DateTimeOffset now = doors.Time.GetUtcNow(), before = now - often;
        return doors.Store.WriteAsync(
            async (db, cancel) =>
            {
                List<UserRow> rows = await db.Users.AsTracking()
                    .Where(u => u.Provider == provider && !u.Disabled && u.ProviderRefreshToken != null && u.ProviderCheckedAt < before)
                    .Where(u => db.LoginSessions.Any(s => s.Subject == u.Subject && s.EndedAt == null && s.ExpiresAt > now))
                    .OrderBy(u => u.ProviderCheckedAt).Take(PerRound).ToListAsync(cancel).ConfigureAwait(false);
                foreach (UserRow row in rows)
                    row.ProviderCheckedAt = now;
                return rows.ConvertAll(row => new Due(row.Id, row.Subject, row.ProviderSubject!, row.ProviderRefreshToken!));
            },
            _stop.Token);
    }

    private Task<bool> ForgetAsync(Guid id) => doors.Store.WriteAsync(
        async (db, cancel) =>
        {
            UserRow? row = await db.Users.AsTracking().SingleOrDefaultAsync(u => u.Id == id, cancel).ConfigureAwait(false);
            if (row is not null)
                row.ProviderRefreshToken = null;
            return row is not null;
        },
        _stop.Token);
}
