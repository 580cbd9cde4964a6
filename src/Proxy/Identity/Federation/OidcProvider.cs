using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>
/// Persons log in through an OpenID provider: authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1; RFC 9700 2.1).
/// (1) send the browser there; (2) take the code it comes back with; (3) fetch the tokens; (4) verify the ID token; (5) fetch the claims; (6) hold them
/// against the operator's settings.
/// </summary>
internal sealed class OidcProvider : IDisposable
{
    /// <summary>Most groups taken; as in tokens.</summary>
    private const int MostGroups = 1024;

    /// <summary>How long metadata is believed.</summary>
    private static readonly TimeSpan MetadataLifetime = TimeSpan.FromHours(1);

    private readonly OidcSettings _settings;
    private readonly ProviderHttp _http;
    private readonly PendingLogins _pending;
    private readonly TimeProvider _time;
    private readonly RemoteKeys _keys;
    private readonly IdToken _tokens;
    private readonly SemaphoreSlim _fetching = new(1, 1);
    private (OidcMetadata Metadata, DateTimeOffset At)? _metadata;

    public OidcProvider(OidcSettings settings, ProviderHttp http, PendingLogins pending, TimeProvider time, Log log)
    {
        _settings = settings;
        _http = http;
        _pending = pending;
        _time = time;
        _tokens = new IdToken(settings, time);
        _keys = new RemoteKeys(settings.Name, FetchKeysAsync, new RemoteKeysTimes { BetweenFetches = TimeSpan.FromSeconds(10) }, time, log);
    }

    public OidcSettings Settings => _settings;

    /// <summary>Where the browser is sent to log in.</summary>
    /// <param name="redirect">Our address that it comes back to.</param>
    /// <param name="binding">The secret of this browser's cookie.</param>
    /// <param name="returnTo">Where the person goes afterwards: a path of ours.</param>
    /// <param name="again">True: the person must prove who they are now, whatever login the provider remembers.</param>
    /// <exception cref="FederationException">The provider cannot be reached.</exception>
    public async Task<Uri> BeginAsync(Uri redirect, string binding, string returnTo, bool again, CancellationToken cancel)
    {
        OidcMetadata metadata = await MetadataAsync(cancel).ConfigureAwait(false);
        string state = OneTimeStore.Secret(), nonce = OneTimeStore.Secret(), verifier = OneTimeStore.Secret();
        await _pending.OpenAsync(state, binding, new PendingLogin(_settings.Name, returnTo, nonce, verifier), cancel).ConfigureAwait(false);
        var query = new Dictionary<string, string>
        {
            ["response_type"] = "code",
            ["client_id"] = _settings.ClientId,
            ["redirect_uri"] = redirect.AbsoluteUri,
            ["scope"] = string.Join(' ', _settings.Scopes),
            ["state"] = state,
            ["nonce"] = nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
        };
        if (again)
            query["prompt"] = "login";
        else if (_settings.Scopes.Contains("offline_access"))
            query["prompt"] = "consent"; // Core 11: without it a provider need not give a refresh token.
        string join = metadata.Authorization.Query.Length == 0 ? "?" : "&";
        return new Uri(metadata.Authorization.AbsoluteUri + join + string.Join('&', query.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}")));
    }

    /// <summary>Finishes a login with what the browser came back with.</summary>
    /// <exception cref="FederationException">It did not come about.</exception>
    public async Task<(FederatedPerson Person, string ReturnTo)> CompleteAsync(Uri redirect, string binding, IReadOnlyDictionary<string, string> answer, CancellationToken cancel)
    {
        PendingLogin pending = answer.TryGetValue("state", out string? state) ? await _pending.TakeAsync(state, binding, cancel).ConfigureAwait(false) ?? throw new FederationException("state-unknown") : throw new FederationException("state-missing");
        if (pending.Provider != _settings.Name)
            throw new FederationException("mix-up");
        OidcMetadata metadata = await MetadataAsync(cancel).ConfigureAwait(false);

        // RFC 9207 2.4: whoever says whose answer it is must say so in each, errors included.
        bool named = answer.TryGetValue("iss", out string? issuer);
        if (named ? issuer != _settings.Issuer : metadata.NamesIssuerInResponse)
            throw new FederationException("mix-up");
        if (answer.ContainsKey("error"))
            throw new FederationException("provider-refused");
        if (!answer.TryGetValue("code", out string? code) || code.Length is 0 or > 4096)
            throw new FederationException("code-missing");

        JsonElement tokens = await _http.PostAsync(
            metadata.Token,
            [
                new("grant_type", "authorization_code"), new("code", code), new("redirect_uri", redirect.AbsoluteUri), new("code_verifier", pending.Verifier!),
            ],
            _settings.ClientId, Secret(), cancel).ConfigureAwait(false);
        return (await PersonAsync(metadata, tokens, pending.Nonce, null, cancel).ConfigureAwait(false), pending.ReturnTo);
    }

    /// <summary>Asks again who the person is and what groups they are of.</summary>
    /// <returns>Null: the provider no longer lets them in.</returns>
    /// <exception cref="FederationException">The provider cannot be asked, or answers nonsense.</exception>
    public async Task<FederatedPerson?> RefreshAsync(string refreshToken, string subject, CancellationToken cancel)
    {
        OidcMetadata metadata = await MetadataAsync(cancel).ConfigureAwait(false);
        try
        {
            JsonElement tokens = await _http.PostAsync(
                metadata.Token, [new("grant_type", "refresh_token"), new("refresh_token", refreshToken)], _settings.ClientId, Secret(), cancel).ConfigureAwait(false);
            FederatedPerson person = await PersonAsync(metadata, tokens, null, subject, cancel).ConfigureAwait(false);
            return person with { RefreshToken = person.RefreshToken ?? refreshToken };
        }
        catch (FederationException refused) when (refused.Word is "grant-refused" or "domain-refused")
        {
            return null;
        }
    }

    /// <summary>Whose login the provider says has ended (OpenID Connect Back-Channel Logout 1.0).</summary>
    /// <exception cref="FederationException">It is not the provider who says so.</exception>
    public Task<(string? Subject, string? Session, string TokenId, DateTimeOffset Expires)> VerifyLogoutAsync(string logoutToken, CancellationToken cancel) =>
        _tokens.VerifyLogoutAsync(logoutToken, _keys, cancel);

    public void Dispose()
    {
        _keys.Dispose();
        _fetching.Dispose();
    }

    private string? Secret()
    {
        try
        {
            return _settings.ClientSecret?.Read();
        }
        catch (IOException unreadable)
        {
            throw new FederationException("client-secret-unreadable", unreadable);
        }
    }

    private async Task<FederatedPerson> PersonAsync(OidcMetadata metadata, JsonElement tokens, string? nonce, string? knownSubject, CancellationToken cancel)
    {
        string? idToken = tokens.TryGetProperty("id_token", out JsonElement id) ? TokenParts.StringOf(id) : null;
        JsonElement? claims = idToken is null ? null : await _tokens.VerifyAsync(idToken, nonce, _keys, cancel).ConfigureAwait(false);

        // A refresh need not bring an ID token (Core 12.2); then UserInfo alone says who it is.
        string subject = claims is { } verified ? TokenParts.Text(verified, "sub") ?? throw new FederationException("claims-refused") : knownSubject ?? throw new FederationException("id-token-missing");
        if (knownSubject is not null && subject != knownSubject)
            throw new FederationException("subject-changed");
        JsonElement? info = _settings.UserInfo || claims is null ? await UserInfoAsync(metadata, tokens, subject, cancel).ConfigureAwait(false) : null;
        return new FederatedPerson
        {
            Provider = _settings.Name,
            Subject = subject,
            DisplayName = Text(info, "name") ?? Text(claims, "name"),
            Email = Email(info ?? claims, claims),
            Groups = Groups(info, claims),
            AuthenticatedAt = claims is { } c ? IdToken.Date(c, "auth_time") ?? _time.GetUtcNow() : _time.GetUtcNow(),
            AuthenticationContext = Text(claims, "acr"),
            Session = Text(claims, "sid"),
            RefreshToken = tokens.TryGetProperty("refresh_token", out JsonElement refresh) && TokenParts.StringOf(refresh) is { Length: > 0 and <= 8192 } token ? token : null,
        };
    }

    private async Task<JsonElement> UserInfoAsync(OidcMetadata metadata, JsonElement tokens, string subject, CancellationToken cancel)
    {
        if (metadata.UserInfo is null || !tokens.TryGetProperty("access_token", out JsonElement access) || TokenParts.StringOf(access) is not { Length: > 0 } bearer)
            throw new FederationException("userinfo-unavailable");
        JsonElement info = await _http.GetAsync(metadata.UserInfo, bearer, cancel).ConfigureAwait(false);

        // Core 5.3.2: the sub MUST be that of the ID token, or one person could be given another's claims.
        return TokenParts.Text(info, "sub") == subject ? info : throw new FederationException("userinfo-subject");
    }

    private ImmutableArray<string> Groups(JsonElement? info, JsonElement? claims)
    {
        foreach (JsonElement? source in (JsonElement?[])[info, claims])
        {
            if (source is { } json && json.TryGetProperty(_settings.GroupsClaim, out _))
                return IdToken.Names(json, _settings.GroupsClaim, MostGroups);
        }

        return [];
    }

    /// <summary>The verified address, when there is one. Where the operator has named domains, there must be one, of one of these.</summary>
    private string? Email(JsonElement? info, JsonElement? claims)
    {
        string? address = Text(info, "email") ?? Text(claims, "email");
        bool verified = IsTrue(info, "email_verified") || IsTrue(claims, "email_verified");
        string? domain = address is { } a && a.Count(c => c == '@') == 1 ? a[(a.IndexOf('@', StringComparison.Ordinal) + 1)..] : null;
        if (!_settings.Domains.IsEmpty && (!verified || domain is null || !_settings.Domains.Contains(domain, StringComparer.OrdinalIgnoreCase)))
            throw new FederationException("domain-refused");
        return verified && domain is not null ? address : null;
    }

    private static bool IsTrue(JsonElement? json, string name) => json is { } j && j.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement? json, string name)
    {
        if (json is not { } j || !j.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return IdToken.Names(j, name, 1) is [var only] ? only : null;
    }

    private async Task<KeySet> FetchKeysAsync(CancellationToken cancel)
    {
        OidcMetadata metadata = await MetadataAsync(cancel).ConfigureAwait(false);
        JsonElement keys = await _http.GetAsync(metadata.Keys, null, cancel).ConfigureAwait(false);
        return KeySet.Parse(keys.GetRawText());
    }

    private async Task<OidcMetadata> MetadataAsync(CancellationToken cancel)
    {
        await _fetching.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            DateTimeOffset now = _time.GetUtcNow();
            if (_metadata is { } known && now - known.At < MetadataLifetime)
                return known.Metadata;
            var address = new Uri(_settings.Issuer.TrimEnd('/') + "/.well-known/openid-configuration");
            OidcMetadata read = OidcMetadata.Read(await _http.GetAsync(address, null, cancel).ConfigureAwait(false), _settings.Issuer);
            _metadata = (read, now);
            return read;
        }
        finally
        {
            _fetching.Release();
        }
    }
}
