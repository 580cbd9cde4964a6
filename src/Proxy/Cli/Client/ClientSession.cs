namespace Sallyport.Proxy.Cli.Client;

/// <summary>Whoever is logged in on this machine: gives tokens that are good now, for what they are needed for.</summary>
internal sealed class ClientSession(ClientConfig config, SavedLogins logins, TimeProvider time)
{
    /// <summary>Scope of tokens for targets.</summary>
    public const string DataScope = "sallyport";

    /// <summary>Scope of tokens for the admin API.</summary>
    public const string AdminScope = "sallyport-admin";

    /// <summary>What a login asks for.</summary>
    public const string LoginScope = "openid offline_access sallyport sallyport-admin";

    /// <summary>A token that ends sooner is not handed out: whoever gets it needs a moment to use it.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    /// <summary>Logs in.</summary>
    /// <param name="device">On another device instead of this one's browser.</param>
    /// <param name="error">Where the person is told what to do.</param>
    /// <param name="open">Opens an address in a browser.</param>
    /// <exception cref="ClientException">Nobody was logged in.</exception>
    public async Task<SavedLogin> LoginAsync(Uri? broker, bool device, TextWriter error, Func<string, bool> open, CancellationToken cancel)
    {
        using var client = new BrokerClient(config.Authorities());
        BrokerMetadata metadata = await client.DiscoverAsync(broker ?? config.Broker ?? throw new ClientException("Where? Say --url, or \"broker\" in " + ClientConfig.DefaultPath + "."), cancel).ConfigureAwait(false);
        (TokenAnswer tokens, string subject) = device
            ? await new DeviceLogin(client, error, time).RunAsync(metadata, LoginScope, cancel).ConfigureAwait(false)
            : await new BrowserLogin(client, error, open, time).RunAsync(metadata, LoginScope, cancel).ConfigureAwait(false);
        var login = new SavedLogin { Issuer = metadata.Issuer, Subject = subject, RefreshToken = tokens.RefreshToken };
        if (tokens.RefreshToken is null)
        {
            // Nothing can be asked for later: the one token must do for everything it is good for.
            login.Tokens[DataScope] = login.Tokens[AdminScope] = new SavedToken(tokens.AccessToken!, time.GetUtcNow() + tokens.Lifetime);
        }

        logins.Save(login);
        return login;
    }

    /// <summary>A token for a scope that is good for a while yet.</summary>
    /// <exception cref="ClientException">Nobody is logged in, or the login is over.</exception>
    public async Task<(SavedLogin Login, SavedToken Token)> TokenAsync(Uri? broker, string scope, CancellationToken cancel)
    {
        string issuer = Which(broker ?? config.Broker).Issuer;
        using IDisposable turn = await logins.LockAsync(issuer, time, cancel).ConfigureAwait(false);

        // Read again: another command may have refreshed while this one waited.
        SavedLogin login = logins.Find(issuer) ?? throw NotLoggedIn(issuer);
        if (login.Tokens.TryGetValue(scope, out SavedToken? known) && known.ExpiresAt - time.GetUtcNow() > Enough)
            return (login, known);
        if (login.RefreshToken is not { } refresh)
            throw NotLoggedIn(issuer);
        using var client = new BrokerClient(config.Authorities());
        BrokerMetadata metadata = await client.DiscoverAsync(new Uri(issuer), cancel).ConfigureAwait(false);
        TokenAnswer answer = await client.TokenAsync(
            metadata, [new("grant_type", "refresh_token"), new("refresh_token", refresh), new("scope", "openid offline_access " + scope)], cancel).ConfigureAwait(false);
        if (answer.Error is not null)
        {
            if (answer.Error == "invalid_grant")
                logins.Remove(issuer);
            throw answer.Error == "invalid_grant"
                ? NotLoggedIn(issuer)
                : new ClientException($"The broker gave no token: {BrokerClient.Safe(answer.Error)}{(answer.Description is null ? "" : $" ({answer.Description})")}.");
        }

        var token = new SavedToken(answer.AccessToken!, time.GetUtcNow() + answer.Lifetime);
        SavedLogin renewed = login with { RefreshToken = answer.RefreshToken ?? refresh, Tokens = new(login.Tokens, StringComparer.Ordinal) { [scope] = token } };
        logins.Save(renewed);
        return (renewed, token);
    }

    /// <summary>A token of the saved login for the admin API; for commands that were given none.</summary>
    /// <param name="file">The client's configuration; null: where it always is.</param>
    /// <param name="broker">Where the login is; null: where the configuration says, or the only one.</param>
    /// <exception cref="Admin.AdminClientException">Nobody is logged in, or the login is over.</exception>
    public static async Task<string> AdminTokenAsync(FileInfo? file, Uri? broker, CancellationToken cancel)
    {
        try
        {
            var session = new ClientSession(ClientConfig.Read(file), SavedLogins.Default, TimeProvider.System);
            return (await session.TokenAsync(broker, AdminScope, cancel).ConfigureAwait(false)).Token.Token;
        }
        catch (ClientException wrong)
        {
            throw new Admin.AdminClientException($"Who asks? {wrong.Message} Or give a token in $SALLYPORT_TOKEN or --token-file.", null, wrong);
        }
    }

    /// <summary>The issuer of the login that is meant.</summary>
    /// <exception cref="ClientException">That is not said, and there is not exactly one.</exception>
    public string Issuer(Uri? broker) => (broker ?? config.Broker) is { } named ? BrokerClient.IssuerAt(named) : Which(null).Issuer;

    /// <summary>Forgets a login, here and at the broker.</summary>
    /// <returns>What could not be done at the broker; null: all was.</returns>
    /// <exception cref="ClientException">Nobody is logged in.</exception>
    public async Task<string?> LogoutAsync(Uri? broker, CancellationToken cancel)
    {
        SavedLogin login = Which(broker ?? config.Broker);
        using IDisposable turn = await logins.LockAsync(login.Issuer, time, cancel).ConfigureAwait(false);
        SavedLogin? latest = logins.Find(login.Issuer);
        logins.Remove(login.Issuer);
        if (latest?.RefreshToken is not { } refresh)
            return null;
        try
        {
            using var client = new BrokerClient(config.Authorities());
            BrokerMetadata metadata = await client.DiscoverAsync(new Uri(login.Issuer), cancel).ConfigureAwait(false);
            if (metadata.Revocation is { } address)
                await client.RevokeAsync(address, refresh, cancel).ConfigureAwait(false);
            return null;
        }
        catch (ClientException unreachable)
        {
            return unreachable.Message;
        }
    }

    private SavedLogin Which(Uri? broker)
    {
        if (broker is not null)
            return logins.All().FirstOrDefault(login => login.Issuer.TrimEnd('/') == BrokerClient.IssuerAt(broker).TrimEnd('/')) ?? throw NotLoggedIn(broker.AbsoluteUri);
        IReadOnlyList<SavedLogin> all = logins.All();
        return all.Count switch
        {
            1 => all[0],
            0 => throw new NotLoggedInException("You are not logged in: sallyport login --url BROKER."),
            _ => throw new ClientException("You are logged in at several brokers: say --broker, one of " + string.Join(", ", all.Select(login => BrokerClient.Safe(login.Issuer))) + "."),
        };
    }

    private static NotLoggedInException NotLoggedIn(string issuer) => new($"You are not logged in at {issuer}, or your login is over: sallyport login --url {issuer}");
}
