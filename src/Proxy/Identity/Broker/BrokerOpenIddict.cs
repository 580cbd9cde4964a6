using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.EntityFrameworkCore.Models;
using OpenIddict.Server;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>How OpenIddict is set up: what is offered, and what is not.</summary>
internal static class BrokerOpenIddict
{
    /// <summary>No vowels (no words), none that look alike (RFC 8628 6.1).</summary>
    private static readonly string[] UserCodeLetters = ["B", "C", "D", "F", "G", "H", "J", "K", "L", "M", "N", "P", "Q", "R", "S", "T", "V", "W", "X", "Z"];

    public static void Add(IServiceCollection services, BrokerConfig config, SigningKeys keys, Func<StateContext> contexts, DeviceFlow device, ClientAssertions assertions, TimeProvider time)
    {
        services.AddSingleton(time);
        services.AddScoped(_ => contexts());
        services.AddOpenIddict()
            .AddCore(core =>
            {
                core.UseEntityFrameworkCore().UseDbContext<StateContext>();
                core.ReplaceTokenManager<OpenIddictEntityFrameworkCoreToken, BrokerTokenManager>();

                // Another node may have changed what is cached here, and a revoked token must not be found good.
                core.DisableEntityCaching();
            })
            .AddServer(server => Configure(server, config, device, assertions));
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>>(new Credentials(keys));
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictServerOptions>>(new KeyChanges(keys));
        ForbidDataProtection(services);
    }

    private static void Configure(OpenIddictServerBuilder server, BrokerConfig config, DeviceFlow device, ClientAssertions assertions)
    {
        server.SetIssuer(new Uri(config.Issuer))
            .SetConfigurationEndpointUris(new Uri(config.DiscoveryUrl).AbsolutePath.TrimStart('/'))
            .SetAuthorizationEndpointUris("authorize")
            .SetTokenEndpointUris("token")
            .SetDeviceAuthorizationEndpointUris("device-authorization")
            .SetEndUserVerificationEndpointUris("device")
            .SetRevocationEndpointUris("revoke")
            .SetEndSessionEndpointUris("end-session")
            .AllowAuthorizationCodeFlow()
            .AllowRefreshTokenFlow()
            .AllowDeviceAuthorizationFlow()
            .AllowClientCredentialsFlow()
            .AllowTokenExchangeFlow()
            .RequireProofKeyForCodeExchange()
            .RegisterScopes(Scopes.OpenId, Scopes.Profile, Scopes.Email, Scopes.OfflineAccess, BrokerClients.DataScope, BrokerClients.AdminScope)
            .SetAccessTokenLifetime(config.TokenLifetime)
            .SetIdentityTokenLifetime(config.TokenLifetime)
            .SetRefreshTokenLifetime(config.RefreshLifetime)
            .SetAuthorizationCodeLifetime(TimeSpan.FromMinutes(1))
            .SetDeviceCodeLifetime(DeviceFlow.Lifetime)
            .SetUserCodeLifetime(DeviceFlow.Lifetime)
            .SetUserCodeCharset(UserCodeLetters)
            .SetUserCodeLength(8)
            .SetUserCodeDisplayFormat("{0}{1}{2}{3}-{4}{5}{6}{7}")
            .SetRefreshTokenReuseLeeway(null)
            .DisableSlidingRefreshTokenExpiration()
            .DisableAccessTokenEncryption()
            .UseReferenceRefreshTokens();
        server.Configure(options =>
        {
            // RFC 7636 4.2: "plain" protects nothing from who reads the request. Fragments and forms would need script in our pages.
            options.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain);
            options.ResponseModes.Remove(ResponseModes.FormPost);
            options.ResponseModes.Remove(ResponseModes.Fragment);
            options.SubjectTokenTypes.Clear();
            options.SubjectTokenTypes.Add(TokenTypeIdentifiers.AccessToken);
            options.ActorTokenTypes.Clear();
            options.RequestedTokenTypes.Clear();
            options.RequestedTokenTypes.Add(TokenTypeIdentifiers.AccessToken);
        });
        server.AddEventHandler<HandleDeviceAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            device.Open(context);
            return default;
        }));
        server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.SetOrder(int.MinValue + 10_000).UseInlineHandler(context =>
        {
            device.Poll(context);
            return default;
        }));
        server.AddEventHandler<ValidateTokenRequestContext>(handler => handler
            .SetOrder(OpenIddictServerHandlers.Exchange.ValidateAuthorizedParty.Descriptor.Order - 1).UseInlineHandler(context => KeepSubjectToken(context)));
        server.AddEventHandler<GenerateTokenContext>(handler => handler
            .SetOrder(OpenIddictServerHandlers.Protection.AttachTokenMetadata.Descriptor.Order + 1).UseInlineHandler(context => NameToken(context)));
        server.AddEventHandler<ProcessAuthenticationContext>(handler => handler
            .SetOrder(OpenIddictServerHandlers.ResolveValidatedTokens.Descriptor.Order + 1).UseInlineHandler(context =>
            {
                // RFC 8628 6.1: however it was typed.
                context.UserCode = context.UserCode?.ToUpperInvariant();
                return default;
            }));
        server.AddEventHandler<ProcessAuthenticationContext>(handler => handler
            .SetOrder(OpenIddictServerHandlers.ValidateClientId.Descriptor.Order - 1).UseInlineHandler(context => assertions.TakeAsync(context)));
        OpenIddictServerAspNetCoreBuilder web = server.UseAspNetCore()
            .EnableAuthorizationEndpointPassthrough()
            .EnableTokenEndpointPassthrough()
            .EnableEndUserVerificationEndpointPassthrough()
            .EnableEndSessionEndpointPassthrough()
            .EnableErrorPassthrough();
        if (config.Url.Scheme == Uri.UriSchemeHttp)
            web.DisableTransportSecurityRequirement();
    }

    /// <summary>
    /// OpenIddict wants the client that exchanges a token to be among those it was made for. A person gives an agent their token, which was made
    /// for the person's own program; that the agent has it, has proven itself, and is registered for this is what counts here.
    /// </summary>
    private static ValueTask KeepSubjectToken(ValidateTokenRequestContext context)
    {
        if (!context.Request.IsTokenExchangeGrantType() || context.SubjectTokenPrincipal is not { } subject)
            return default;
        context.Transaction.SetProperty(TokenEndpoint.SubjectToken, subject);
        var shown = new ClaimsPrincipal(subject.Identities.Select(identity => identity.Clone()));
        foreach (ClaimsIdentity identity in shown.Identities)
            identity.RemoveClaims(OpenIddictConstants.Claims.Private.Presenter);
        context.SubjectTokenPrincipal = shown;
        return default;
    }

    /// <summary>
    /// A token is called the same in the store and by those who verify it, or it could not be revoked for them. And the actor is written
    /// here, as the object that RFC 8693 4.1 wants.
    /// </summary>
    private static ValueTask NameToken(GenerateTokenContext context)
    {
        if (context.TokenType != TokenTypeIdentifiers.AccessToken || context.Principal.GetTokenId() is not { } id)
            return default;
        var claims = new Dictionary<string, object>(context.SecurityTokenDescriptor.Claims ?? new Dictionary<string, object>()) { [OpenIddictConstants.Claims.JwtId] = id };
        if (context.Transaction.GetProperty<JsonObject>(TokenEndpoint.Actor) is { } actor)
            claims[BrokerPrincipals.Actor] = JsonSerializer.SerializeToElement(actor);
        context.SecurityTokenDescriptor.Claims = claims;
        return default;
    }

    /// <summary>ASP.NET's own key ring would be written to a disk, where no other node sees it. Nothing here uses it, and nothing shall.</summary>
    private static void ForbidDataProtection(IServiceCollection services)
    {
        foreach (ServiceDescriptor hosted in services.Where(service => service.ServiceType == typeof(IHostedService)
            && service.ImplementationType?.Namespace?.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal) == true).ToList())
        {
            services.Remove(hosted);
        }

        services.Replace(ServiceDescriptor.Singleton<IDataProtectionProvider>(new NoDataProtection()));
    }

    private sealed class NoDataProtection : IDataProtectionProvider
    {
        public IDataProtector CreateProtector(string purpose) => throw new NotSupportedException("The broker's keys are in the store.");
    }

    /// <summary>Puts the keys into OpenIddict's options, before its own last step, which checks and takes over what is there.</summary>
    private sealed class Credentials(SigningKeys keys) : IConfigureOptions<OpenIddictServerOptions>
    {
        public void Configure(OpenIddictServerOptions options)
        {
            KeyRing ring = keys.Ring;
            options.SigningCredentials.Clear();
            options.SigningCredentials.AddRange(ring.Signing.Select(key => new SigningCredentials(key.Key, SecurityAlgorithms.EcdsaSha256)));
            options.EncryptionCredentials.Clear();
            options.EncryptionCredentials.AddRange(ring.Protection.Select(KeyRing.Encryption));
        }
    }

    /// <summary>Makes OpenIddict's options anew when the keys change.</summary>
    private sealed class KeyChanges : IOptionsChangeTokenSource<OpenIddictServerOptions>
    {
        private CancellationTokenSource _changed = new();

        public KeyChanges(SigningKeys keys)
        {
            keys.Changed += () => Interlocked.Exchange(ref _changed, new CancellationTokenSource()).Cancel();
        }

        public string? Name => Options.DefaultName;

        public IChangeToken GetChangeToken() => new CancellationChangeToken(Volatile.Read(ref _changed).Token);
    }
}
