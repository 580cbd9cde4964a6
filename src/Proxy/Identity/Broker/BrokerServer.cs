using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>What the broker stands on.</summary>
internal sealed record BrokerDoors
{
    public required BrokerConfig Config { get; init; }

    /// <summary>TLS as it is now, asked for at each connection; it gives null where there is none.</summary>
    public required Func<SslServerAuthenticationOptions?> Tls { get; init; }

    public required IStateStore Store { get; init; }

    /// <summary>Opens a context for OpenIddict, which brings its own queries and transactions.</summary>
    public required Func<StateContext> Contexts { get; init; }

    public required ISealer Sealer { get; init; }

    public required ICluster Cluster { get; init; }

    public required IAudit Audit { get; init; }

    public required TimeProvider Time { get; init; }

    public required Log Log { get; init; }
}

/// <summary>
/// The broker: an OpenID Provider on a listener of its own, its pages, and the rooms behind them. Made, given the ways to log in elsewhere,
/// started, stopped.
/// </summary>
internal sealed class BrokerServer : IAsyncDisposable
{
    private readonly BrokerDoors _doors;
    private readonly WebApplication _app;
    private readonly BackChannelLogout _backChannel;
    private readonly PasswordHasher _hasher = new();

    /// <param name="methods">Makes the ways to log in elsewhere, given what they need of the broker.</param>
    public BrokerServer(BrokerDoors doors, Func<BrokerServer, IReadOnlyList<ILoginMethod>>? methods = null)
    {
        _doors = doors;
        BrokerConfig config = doors.Config;
        TimeSpan longest = config.RefreshLifetime > BrokerConfig.LongestToken ? config.RefreshLifetime : BrokerConfig.LongestToken;
        Keys = new SigningKeys(doors.Store, doors.Sealer, doors.Cluster, doors.Time, longest);
        Revocations = new TokenRevocations(doors.Store, doors.Cluster, doors.Time);
        _backChannel = new BackChannelLogout(doors.Store, config, Keys, doors.Time, doors.Log);
        Sessions = new LoginSessions(doors.Store, config, Revocations, _backChannel, doors.Time);
        Persons = new Persons(doors.Store, doors.Time);
        Users = new LocalUsers(doors.Store, doors.Cluster, doors.Audit, config, Sessions, Revocations, doors.Time);
        Desk = new LoginDesk(doors.Store, doors.Sealer, doors.Cluster, doors.Audit, config, Sessions, doors.Time);
        Prompts = new PromptDesk(doors.Store, doors.Cluster, config, Persons, Sessions, doors.Time);
        _app = Build();
        IServiceScopeFactory scopes = _app.Services.GetRequiredService<IServiceScopeFactory>();
        Clients = new BrokerClients(scopes, config);
        Agents = new AgentRegistry(scopes, doors.Store, doors.Cluster, doors.Audit, config, Revocations, doors.Time);
        Upkeep = new BrokerUpkeep(scopes, Keys, doors.Store, doors.Time, doors.Log);
        Map(methods?.Invoke(this) ?? []);
    }

    /// <summary>What tokens are signed by; verifies them in this process.</summary>
    public SigningKeys Keys { get; }

    public TokenRevocations Revocations { get; }

    public LoginSessions Sessions { get; }

    public Persons Persons { get; }

    public LocalUsers Users { get; }

    public LoginDesk Desk { get; }

    public PromptDesk Prompts { get; }

    public BrokerClients Clients { get; }

    public AgentRegistry Agents { get; }

    public BrokerUpkeep Upkeep { get; }

    /// <summary>Where it listens: the port is the system's choice when the configuration says 0.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Loads or makes the keys, registers the command line, listens.</summary>
    /// <exception cref="IOException">The address, or the store, cannot be had.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        await Keys.LoadAsync(cancel).ConfigureAwait(false);

        // Made now, so that what is wrong with them is known now.
        _ = _app.Services.GetRequiredService<IOptionsMonitor<OpenIddictServerOptions>>().CurrentValue;
        await Clients.EnsureCommandLineAsync(cancel).ConfigureAwait(false);
        await _app.StartAsync(cancel).ConfigureAwait(false);
        Upkeep.Start();
    }

    /// <summary>Stops accepting, and gives requests until <paramref name="hurry"/> to end.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        await Upkeep.DisposeAsync().ConfigureAwait(false);
        await _app.StopAsync(hurry).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await Upkeep.DisposeAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _backChannel.DisposeAsync().ConfigureAwait(false);
        Prompts.Dispose();
        Keys.Dispose();
        _hasher.Dispose();
    }

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.AddProvider(new HostLog(_doors.Log));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => BrokerListener.Configure(kestrel, _doors.Config, _doors.Tls));
        builder.Services.AddRouting();
        builder.Services.AddSingleton(Revocations);
        builder.Services.Configure<FormOptions>(BrokerListener.Configure);
        BrokerOpenIddict.Add(builder.Services, _doors.Config, Keys, _doors.Contexts, new DeviceFlow(_doors.Time), new ClientAssertions(_doors.Store, _doors.Time), _doors.Time);
        return builder.Build();
    }

    private void Map(IReadOnlyList<ILoginMethod> methods)
    {
        BrokerConfig config = _doors.Config;
        var guard = new FormGuard(config, Keys);
        var logins = new LocalLogins(_doors.Store, _doors.Sealer, _doors.Audit, config, _hasher, Sessions, _doors.Time);
        var errors = new PageErrors(_doors.Log);
        _app.Use((http, next) =>
        {
            PageHeaders.Set(http);
            return errors.InvokeAsync(http, next);
        });
        _app.UseRouting();
        _app.UseAuthentication();
        var authorize = new AuthorizeEndpoint(config, Persons, Sessions, guard, _doors.Time);
        var device = new DeviceEndpoint(config, Persons, Sessions, guard, _doors.Audit, _doors.Time);
        var endSession = new EndSessionEndpoint(config, Sessions, guard, _doors.Audit);
        var token = new TokenEndpoint(config, Persons, Agents, Sessions, _backChannel, _doors.Audit, _doors.Time);
        string[] both = [HttpMethods.Get, HttpMethods.Post];
        _app.MapMethods("/authorize", both, authorize.HandleAsync);
        _app.MapMethods("/device", both, device.HandleAsync);
        _app.MapMethods("/end-session", both, endSession.HandleAsync);
        _app.MapPost("/token", token.HandleAsync);
        _app.MapGet("/style.css", () => Results.Text(StyleSheet.Text, "text/css"));
        new SignInPages(config, _doors.Store, guard, Desk, logins, methods, _doors.Time).Map(_app);
        new AccountPages(config, _doors.Sealer, guard, Desk, Sessions, Persons, logins, _doors.Store, _doors.Time).Map(_app);
        new PromptPages(config, Prompts, guard, Sessions, Persons, _doors.Audit, _doors.Time).Map(_app);
        foreach (ILoginMethod method in methods)
            method.Map(_app, Desk);
        _app.MapFallback(() => PageResult.Error("There is no such page.", StatusCodes.Status404NotFound));
    }
}
