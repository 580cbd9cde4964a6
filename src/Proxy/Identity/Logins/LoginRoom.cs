using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>What this room needs of the others.</summary>
internal sealed record LoginDoors
{
    public required IStateStore Store { get; init; }

    public required ISealer Sealer { get; init; }

    public required ICluster Cluster { get; init; }

    public required IAudit Audit { get; init; }

    /// <summary>The policy that engines are to judge by, before <see cref="CredentialScope"/>.</summary>
    public required IPolicy Policy { get; init; }

    /// <summary>Configured issuers and the local one.</summary>
    public required IReadOnlyList<Issuer> Issuers { get; init; }

    /// <summary>Null: there is no broker.</summary>
    public BrokerTokens? Broker { get; init; }

    /// <summary>Null: nobody logs in elsewhere.</summary>
    public IPromptDesk? Desk { get; init; }

    /// <summary>What files say of people's keys, as of the last reload.</summary>
    public Func<KeyTrust> Keys { get; init; } = () => KeyTrust.None;

    /// <summary>So long after the store was lost what was last known is believed.</summary>
    public required TimeSpan Grace { get; init; }

    public required TimeProvider Time { get; init; }

    public required Log Log { get; init; }
}

/// <summary>Logins, revocations and live sessions of a daemon that has a store, put together.</summary>
internal sealed class LoginRoom : IAsyncDisposable
{
    /// <summary>What no longer matters is forgotten this often.</summary>
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);

    private readonly LoginDoors _doors;
    private readonly LastUses _uses;
    private readonly CancellationTokenSource _stop = new();
    private Task _upkeep = Task.CompletedTask;

    private LoginRoom(LoginDoors doors, DecoySalt decoy)
    {
        _doors = doors;
        string broker = doors.Broker?.Issuer ?? "";
        _uses = new LastUses(doors.Store, doors.Time, doors.Log);
        Revocations = new Revocations.Revocations(doors.Store, doors.Cluster, doors.Audit, broker, doors.Time, doors.Log);
        Identities = new Identities(doors.Store, doors.Cluster, broker, doors.Time, doors.Log);
        ApiTokens = new ApiTokens(doors.Store, Identities, Revocations, _uses, broker, doors.Time);
        Passwords = new IssuedPasswords(doors.Store, Revocations, broker, doors.Time);
        PersonKeys = new PersonKeys(doors.Store, doors.Cluster, Identities, Revocations, broker, doors.Time, doors.Log);
        var checks = new LoginChecks(doors.Store, Revocations, Identities, doors.Grace, doors.Time);
        var sources = new FailureThrottle<ulong>(doors.Time);
        var keys = new KeyLogin(doors.Keys, PersonKeys, Identities, _uses, broker, doors.Time);
        Login = new DaemonLogin(
            new DaemonLoginParts
            {
                Issuers = doors.Issuers,
                Broker = doors.Broker,
                Checks = checks,
                Identities = Identities,
                ApiTokens = ApiTokens,
                Issued = new IssuedLogin(Passwords, decoy, checks, _uses, sources, doors.Time, doors.Log),
                Keys = keys,
                Desk = doors.Desk,
                Sources = sources,
            },
            doors.Time,
            doors.Log);
        AdminLogin = new DaemonAdminLogin(Login);
        Policy = new CredentialScope(doors.Policy);
        Sessions = new LiveSessions(facts => Revocations.Find(facts.Identity) is null && keys.Refuse(facts.Identity) is null ? null : LiveSession.NoLongerGood);
        Keys = new KeyWarden(Sessions, keys, doors.Log);
        Warden = new SessionWarden(Sessions, Policy, Revocations, Identities, doors.Store, doors.Cluster, doors.Grace, doors.Time, doors.Log);
        Routes = new CredentialRoutes(ApiTokens, Passwords, PersonKeys, Revocations, broker);
    }

    /// <summary>Where every proof ends: the door of engines.</summary>
    public DaemonLogin Login { get; }

    /// <summary>The same for the admin API.</summary>
    public IAdminLogin AdminLogin { get; }

    /// <summary>The policy for engines: it refuses a credential on targets that it is not for.</summary>
    public IPolicy Policy { get; }

    public LiveSessions Sessions { get; }

    /// <summary>To be given to <see cref="Sweeper"/>.</summary>
    public SessionWarden Warden { get; }

    /// <summary>To be told when the files of keys were read anew.</summary>
    public KeyWarden Keys { get; }

    public Revocations.Revocations Revocations { get; }

    public Identities Identities { get; }

    public ApiTokens ApiTokens { get; }

    public IssuedPasswords Passwords { get; }

    public PersonKeys PersonKeys { get; }

    /// <summary>For the admin API.</summary>
    public IAdminRoutes Routes { get; }

    /// <summary>Reads what was revoked, and listens. Before this nobody gets in.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    public static async Task<LoginRoom> OpenAsync(LoginDoors doors, CancellationToken cancel)
    {
        DecoySalt decoy = await DecoySalt.LoadAsync(doors.Store, doors.Sealer, doors.Time, cancel).ConfigureAwait(false);
        var room = new LoginRoom(doors, decoy);
        room.Warden.Start();
        room.Identities.Start();
        try
        {
            await room.Revocations.StartAsync(cancel).ConfigureAwait(false);
            await room.PersonKeys.StartAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            await room.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        room._uses.Start();
        room._upkeep = room.KeepUpAsync();
        return room;
    }

    /// <summary>Writes when credentials were last used, without waiting for the next time.</summary>
    public Task FlushAsync(CancellationToken cancel) => _uses.FlushAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _upkeep.ConfigureAwait(false);
        await Warden.DisposeAsync().ConfigureAwait(false);
        PersonKeys.Dispose();
        Revocations.Dispose();
        Identities.Dispose();
        await _uses.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task KeepUpAsync()
    {
        using var timer = new PeriodicTimer(PruneEvery, _doors.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                await PruneAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task PruneAsync(CancellationToken cancel)
    {
        try
        {
            await Revocations.PruneAsync(cancel).ConfigureAwait(false);
            await Passwords.PruneAsync(cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException gone)
        {
            _doors.Log.Warning("credentials-not-pruned", new LogField("error", gone.Message));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            _doors.Log.Error("credentials-not-pruned", new LogField("error", failure.GetType().FullName));
        }
    }
}
