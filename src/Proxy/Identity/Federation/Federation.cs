using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Identity.Saml;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>All providers that persons log in through, made of the configuration.</summary>
internal sealed class Federation : IAsyncDisposable
{
    private readonly ProviderHttp _http = new();
    private readonly List<OidcProvider> _providers = [];
    private readonly Rechecks _rechecks;

    /// <param name="saml">The settings of the SAML providers, as <see cref="LoadSaml"/> made them.</param>
    public Federation(ImmutableArray<ProviderConfig> providers, IReadOnlyDictionary<string, SamlProvider> saml, FederationDoors doors)
    {
        var pending = new PendingLogins(doors.Kept, doors.Time);
        var methods = new List<ILoginMethod>();
        foreach (ProviderConfig provider in providers)
        {
            if (provider.Oidc is { } settings)
            {
                var oidc = new OidcProvider(settings, _http, pending, doors.Time, doors.Log);
                _providers.Add(oidc);
                methods.Add(new OidcLogin(oidc, provider.DisplayName, doors));
            }
            else
            {
                methods.Add(new SamlSignIn(saml[provider.Name], provider.DisplayName, doors, pending));
            }
        }

        Methods = methods;
        _rechecks = new Rechecks([.. methods.OfType<OidcLogin>()], doors);
    }

    /// <summary>For the login page.</summary>
    public IReadOnlyList<ILoginMethod> Methods { get; }

    /// <summary>Begins to ask providers again.</summary>
    public void Start() => _rechecks.Start();

    public async ValueTask DisposeAsync()
    {
        await _rechecks.DisposeAsync().ConfigureAwait(false);
        foreach (OidcProvider provider in _providers)
            provider.Dispose();
        _http.Dispose();
    }

    /// <summary>A SAML provider's settings, with what the files hold that its configuration names; null with an error in the bag when they are not good.</summary>
    public static SamlProvider? LoadSaml(ProviderConfig provider, BrokerConfig broker, DateTimeOffset now, DiagnosticBag bag)
    {
        SamlConfig saml = provider.Saml!;
        ConfigPath reading = saml.Metadata;
        try
        {
            SamlIdentityProvider? idp = SamlIdpMetadata.Read(File.ReadAllBytes(saml.Metadata.Path), now, out string? refusal);
            if (idp is null)
            {
                bag.Error(saml.Metadata.Mark, $"{saml.Metadata.Path} is no metadata of a SAML identity provider ({refusal}).");
                return null;
            }

            reading = saml.Certificate;
            X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(saml.Certificate.Path, saml.Key.Path);
            string at = $"/federation/{provider.Name}";
            var settings = new SamlProvider
            {
                Name = provider.Name,
                Idp = idp,
                Sp = new SamlServiceProvider
                {
                    EntityId = broker.At(at + "/metadata"),
                    AssertionConsumerUrl = broker.At(at + "/acs"),
                    LogoutUrl = broker.At(at + "/logout"),
                    SigningCertificate = certificate,
                    DecryptionCertificates = certificate.GetRSAPublicKey() is null ? [] : [certificate],
                },
                Attributes = new SamlAttributeNames { Subject = saml.SubjectAttribute, Email = saml.EmailAttribute, Name = saml.NameAttribute, Groups = saml.GroupsAttribute },
                AllowIdpInitiated = saml.AllowUnsolicited,
                ClockSkew = saml.ClockSkew,
            };
            foreach (string problem in settings.Problems())
                bag.Error(saml.Metadata.Mark, $"SAML provider {provider.Name}: {problem}.");
            if (idp.RedirectUrl is null)
                bag.Error(saml.Metadata.Mark, $"SAML provider {provider.Name}: its metadata has no single sign-on address for HTTP-Redirect.");
            return settings;
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            bag.Error(reading.Mark, $"{reading.Path}: {wrong.Message}");
            return null;
        }
    }
}
