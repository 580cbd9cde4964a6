using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using Sallyport.Proxy.Configuration;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>A client of the broker that logs persons in.</summary>
internal sealed record ClientRegistration(string Id, string Name)
{
    /// <summary>Null: a public client, which has nothing but PKCE.</summary>
    public string? Secret { get; init; }

    /// <summary>Where codes are sent: compared as whole strings.</summary>
    public IReadOnlyList<Uri> Redirects { get; init; } = [];

    /// <summary>Where browsers may be sent after signing out.</summary>
    public IReadOnlyList<Uri> SignedOut { get; init; } = [];

    /// <summary>Its scopes beside <c>openid</c>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>A program on a person's computer: its redirects to a loopback address may name any port (RFC 8252 7.3), and it may show a code to type elsewhere.</summary>
    public bool Native { get; init; }

    /// <summary>Where it is told that a login has ended; null: it is not.</summary>
    public Uri? BackChannelLogout { get; init; }
}

/// <summary>Registers clients. The keeping is OpenIddict's.</summary>
internal sealed class BrokerClients(IServiceScopeFactory scopes, BrokerConfig config)
{
    /// <summary>The command line.</summary>
    public const string CommandLine = "sallyport-cli";

    /// <summary>The admin API's own pages. Not named as the audience is: an ID token for this client must not pass for an access token.</summary>
    public const string Console = "sallyport-console";

    /// <summary>Scope of the targets.</summary>
    public const string DataScope = "sallyport";

    /// <summary>Scope of the admin API.</summary>
    public const string AdminScope = "sallyport-admin";

    /// <summary>Nodes of one store register the same clients when they start; of those that do so at once one gets through each time.</summary>
    private const int Attempts = 20;

    private const string BackChannelProperty = "backchannel_logout_uri";

    /// <summary>Where the command line waits for its code; any port.</summary>
    public static readonly Uri CommandLineRedirect = new("http://127.0.0.1/callback");

    /// <summary>The scopes there are, with the audience each is for; null: none.</summary>
    public static string? AudienceOf(string scope, BrokerConfig config) => scope switch
    {
        DataScope => config.Audience,
        AdminScope => config.AdminAudience,
        _ => null,
    };

    /// <summary>Registers the command line.</summary>
    public Task EnsureCommandLineAsync(CancellationToken cancel) => EnsureAsync(
        new ClientRegistration(CommandLine, "Sallyport command line")
        {
            Native = true,
            Redirects = [CommandLineRedirect, new Uri("http://[::1]/callback")],
            Scopes = [DataScope, AdminScope, Scopes.OfflineAccess],
        },
        cancel);

    /// <summary>Registers the admin API's own pages.</summary>
    /// <param name="admin">Its address.</param>
    /// <param name="secret">Null: a public client, with PKCE.</param>
    public Task EnsureConsoleAsync(Uri admin, string? secret, CancellationToken cancel) => EnsureAsync(
        new ClientRegistration(Console, "Sallyport console")
        {
            Secret = secret,
            Redirects = [new Uri(admin, "/signin")],
            SignedOut = [new Uri(admin, "/")],
            Scopes = [DataScope, AdminScope, Scopes.OfflineAccess],
            BackChannelLogout = new Uri(admin, "/backchannel-logout"),
        },
        cancel);

    /// <summary>Registers a client, or makes what is registered like this.</summary>
    /// <exception cref="ArgumentException">It must not be registered so.</exception>
    public async Task EnsureAsync(ClientRegistration client, CancellationToken cancel)
    {
        Check(client);
        OpenIddictApplicationDescriptor descriptor = Descriptor(client);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await WriteAsync(client, descriptor, cancel).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (attempt < Attempts && e is ConcurrencyException or ValidationException or DbUpdateException)
            {
                // Another node that starts at the same moment was first: look again at what is there now.
                await Task.Delay(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(20, 200)), cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Where the client is told of logouts; null: nowhere.</summary>
    public static async ValueTask<string?> BackChannelOfAsync(IOpenIddictApplicationManager manager, object application, CancellationToken cancel)
    {
        var properties = await manager.GetPropertiesAsync(application, cancel).ConfigureAwait(false);
        return properties.TryGetValue(BackChannelProperty, out JsonElement value) ? value.GetString() : null;
    }

    /// <summary>What agents may do: be themselves, or act for a person who gave them a token.</summary>
    internal static OpenIddictApplicationDescriptor AgentDescriptor(string id, string name, string? secret, JsonWebKeySet? keys)
    {
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ClientId = id,
            DisplayName = name,
            ClientType = ClientTypes.Confidential,
            ConsentType = ConsentTypes.Implicit,
            ClientSecret = secret,
            JsonWebKeySet = keys,
        };
        descriptor.Permissions.UnionWith([
            Permissions.Endpoints.Token, Permissions.Endpoints.Revocation,
            Permissions.GrantTypes.ClientCredentials, Permissions.GrantTypes.TokenExchange,
            Permissions.Prefixes.Scope + DataScope,
        ]);
        return descriptor;
    }

    private async Task WriteAsync(ClientRegistration client, OpenIddictApplicationDescriptor descriptor, CancellationToken cancel)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        IOpenIddictApplicationManager manager = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        object? known = await manager.FindByClientIdAsync(client.Id, cancel).ConfigureAwait(false);
        if (known is null)
            await manager.CreateAsync(descriptor, cancel).ConfigureAwait(false);
        else
            await manager.UpdateAsync(known, descriptor, cancel).ConfigureAwait(false);
    }

    private static OpenIddictApplicationDescriptor Descriptor(ClientRegistration client)
    {
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ClientId = client.Id,
            DisplayName = client.Name,
            ApplicationType = client.Native ? ApplicationTypes.Native : ApplicationTypes.Web,
            ClientType = client.Secret is null ? ClientTypes.Public : ClientTypes.Confidential,
            ConsentType = ConsentTypes.Implicit,
            ClientSecret = client.Secret,
        };
        descriptor.Requirements.Add(Requirements.Features.ProofKeyForCodeExchange);
        descriptor.RedirectUris.UnionWith(client.Redirects);
        descriptor.PostLogoutRedirectUris.UnionWith(client.SignedOut);
        descriptor.Permissions.UnionWith([
            Permissions.Endpoints.Authorization, Permissions.Endpoints.Token, Permissions.Endpoints.Revocation, Permissions.Endpoints.EndSession,
            Permissions.GrantTypes.AuthorizationCode, Permissions.GrantTypes.RefreshToken, Permissions.ResponseTypes.Code,
            Permissions.Scopes.Email, Permissions.Scopes.Profile,
        ]);
        descriptor.Permissions.UnionWith(client.Scopes.Select(name => Permissions.Prefixes.Scope + name));
        if (client.Native)
            descriptor.Permissions.UnionWith([Permissions.Endpoints.DeviceAuthorization, Permissions.GrantTypes.DeviceCode]);
        if (client.BackChannelLogout is { } address)
            descriptor.Properties[BackChannelProperty] = JsonSerializer.SerializeToElement(address.AbsoluteUri);
        return descriptor;
    }

    private void Check(ClientRegistration client)
    {
        if (client.Id == config.Audience || client.Id == config.AdminAudience)
            throw new ArgumentException("A client must not be named as an audience: its ID tokens would pass for access tokens.", nameof(client));
        foreach (Uri address in client.Redirects.Concat(client.SignedOut).Concat(client.BackChannelLogout is { } logout ? [logout] : []))
        {
            if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
                throw new ArgumentException($"{address} must be https.", nameof(client));
        }
    }
}
