using System.Collections.Frozen;
using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>What <see cref="DaemonLogin"/> is made of. Without a store only tokens of the configured issuers are taken, by what they say.</summary>
internal sealed record DaemonLoginParts
{
    /// <summary>Configured issuers and the local one.</summary>
    public required IReadOnlyList<Issuer> Issuers { get; init; }

    /// <summary>Null: there is no broker.</summary>
    public BrokerTokens? Broker { get; init; }

    /// <summary>Null: there is no store.</summary>
    public LoginChecks? Checks { get; init; }

    public Identities? Identities { get; init; }

    public ApiTokens? ApiTokens { get; init; }

    public IssuedLogin? Issued { get; init; }

    /// <summary>Null: nobody logs in by key.</summary>
    public KeyLogin? Keys { get; init; }

    public IPromptDesk? Desk { get; init; }

    /// <summary>Failures by source, shared by all ways to log in.</summary>
    public required FailureThrottle<ulong> Sources { get; init; }
}

/// <summary>
/// Where every proof ends: tokens of the broker and of configured issuers, API tokens, issued passwords, and logins that a person makes
/// elsewhere. Whatever the proof, <see cref="LoginChecks"/> has the last word.
/// </summary>
internal sealed class DaemonLogin : ILogin
{
    /// <summary>What follows an issuer's audience in tokens for the admin API: a token that was given to a database client opens nothing else.</summary>
    public const string AdminAudienceSuffix = "-admin";

    /// <summary>Refusals that are not the client's failures.</summary>
    private static readonly FrozenSet<string> NotItsFault =
        new[] { Refusals.StoreUnavailable, Refusals.KeysUnavailable, Refusals.Internal, Refusals.Throttled }.ToFrozenSet(StringComparer.Ordinal);

    private readonly DaemonLoginParts _parts;
    private readonly TokenLogin _tokens;
    private readonly TokenLogin _adminTokens;
    private readonly Log _log;

    public DaemonLogin(DaemonLoginParts parts, TimeProvider time, Log log)
    {
        _parts = parts;
        _log = log;
        List<Issuer> issuers = All(parts.Issuers);
        _tokens = new TokenLogin(issuers, time, log);
        _adminTokens = new TokenLogin(issuers.Select(ForAdmin), time, log);
    }

    /// <inheritdoc/>
    public string? DiscoveryUrl => _parts.Broker?.DiscoveryUrl;

    /// <summary>Takes up new configured issuers and forgets every verified token. The broker stays.</summary>
    public void Replace(IReadOnlyList<Issuer> configured)
    {
        List<Issuer> issuers = All(configured);
        _tokens.Replace(issuers);
        _adminTokens.Replace(issuers.Select(ForAdmin));
    }

    /// <inheritdoc/>
    public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) => GuardedAsync(async () =>
    {
        ApiTokenUse use = await UseAsync(_tokens, proof.Token, proof.Source.Address, cancel).ConfigureAwait(false);
        return use is { Identity: not null, Scopes.Targets.IsEmpty: true }
            ? new LoginResult(null, Refusals.Scope)
            : new LoginResult(use.Identity, use.Refusal);
    }, cancel);

    /// <summary>Who a bearer of the admin API is: by a token whose audience is the admin API, or an API token. <see cref="ApiTokenUse.Scopes"/> says what an API token may do there; null for other tokens.</summary>
    public async ValueTask<ApiTokenUse> LoginBearerAsync(string token, IPAddress source, CancellationToken cancel)
    {
        ApiTokenUse use = default;
        LoginResult result = await GuardedAsync(async () =>
        {
            use = await UseAsync(_adminTokens, token, source, cancel).ConfigureAwait(false);
            return new LoginResult(use.Identity, use.Refusal);
        }, cancel).ConfigureAwait(false);
        return result.Identity is null ? new ApiTokenUse(null, null, result.Refusal) : use;
    }

    /// <inheritdoc/>
    public ValueTask<LoginResult> LoginPasswordAsync(LoginProof proof, CancellationToken cancel)
    {
        int colon = proof.Token.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && IssuedPasswords.IsName(proof.Token[..colon])
            ? GuardedAsync(() => LoginIssuedAsync(proof.Token[..colon], proof.Token[(colon + 1)..], proof.Source, cancel), cancel)
            : LoginAsync(proof, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> IsKnownKeyAsync(KeyProof offered, CancellationToken cancel)
    {
        if (_parts.Keys is not { } keys || _parts.Sources.IsBlocked(SourceKey.Of(offered.Source.Address)))
            return false;
        await Task.Yield(); // Certificates are verified: not on a thread that polls sockets.
        return keys.IsKnown(offered);
    }

    /// <inheritdoc/>
    public ValueTask<LoginResult> LoginKeyAsync(KeyProof proven, CancellationToken cancel) => GuardedAsync(async () =>
    {
        ulong from = SourceKey.Of(proven.Source.Address);
        if (_parts.Keys is not { } keys)
            return new LoginResult(null, Refusals.KeyUnknown);
        if (_parts.Sources.IsBlocked(from))
            return new LoginResult(null, Refusals.Throttled);
        await Task.Yield();
        LoginResult result = await keys.LoginAsync(proven, cancel).ConfigureAwait(false);
        if (result.Identity is { } identity)
            result = await PassAsync(identity, cancel).ConfigureAwait(false) with { Restrictions = result.Restrictions };
        if (result.Refusal is { } refusal && !NotItsFault.Contains(refusal))
            _parts.Sources.Failed(from);
        return result;
    }, cancel);

    /// <inheritdoc/>
    public async ValueTask<ScramLogin?> FindIssuedAsync(string user, IPEndPoint source, CancellationToken cancel) =>
        _parts.Issued is { } issued ? await issued.FindAsync(user, source, cancel).ConfigureAwait(false) : null;

    /// <inheritdoc/>
    public ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel) => GuardedAsync(async () =>
    {
        if (_parts.Desk is not { } desk)
            return new LoginResult(null, "prompt-unavailable");
        if (_parts.Sources.IsBlocked(SourceKey.Of(attempt.Source.Address)))
            return new LoginResult(null, Refusals.Throttled);
        if (await desk.OpenAsync(attempt, cancel).ConfigureAwait(false) is not { } open)
            return new LoginResult(null, "prompt-too-many");
        LoginResult result = await ShowAndWaitAsync(desk, open, attempt.Source.Address, show, cancel).ConfigureAwait(false);
        return result.Identity is { } identity ? await PassAsync(identity, cancel).ConfigureAwait(false) : result;
    }, cancel);

    /// <summary>Waits from the start, so that a prompt which cannot be shown is withdrawn.</summary>
    private static async Task<LoginResult> ShowAndWaitAsync(
        IPromptDesk desk, LoginPrompt open, IPAddress source, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<LoginResult> wait = desk.WaitAsync(open, source, gone.Token);
        try
        {
            await show(open, cancel).ConfigureAwait(false);
        }
        catch
        {
            await gone.CancelAsync().ConfigureAwait(false);
            await ((Task)wait).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await wait.ConfigureAwait(false);
    }

    private async ValueTask<LoginResult> LoginIssuedAsync(string name, string password, IPEndPoint source, CancellationToken cancel)
    {
        if (_parts.Issued is not { } issued || await issued.FindAsync(name, source, cancel).ConfigureAwait(false) is not { } exchange)
            return new LoginResult(null, Refusals.Credential);
        bool proven = await Task.Run(() => IssuedPasswords.Proves(exchange, password), cancel).ConfigureAwait(false);
        return await exchange.CompleteAsync(proven, cancel).ConfigureAwait(false);
    }

    private async ValueTask<ApiTokenUse> UseAsync(TokenLogin verifier, string token, IPAddress source, CancellationToken cancel)
    {
        ulong from = SourceKey.Of(source);
        bool api = ApiTokenText.IsMeant(token);
        if (_parts.Sources.IsBlocked(from) && (api || !verifier.Remembers(token)))
            return new ApiTokenUse(null, null, Refusals.Throttled);

        ApiTokenUse use = api
            ? _parts.ApiTokens is { } tokens ? await tokens.UseAsync(token, source, cancel).ConfigureAwait(false) : new ApiTokenUse(null, null, Refusals.Credential)
            : await VerifyAsync(verifier, new LoginProof(token, "", new IPEndPoint(source, 0)), cancel).ConfigureAwait(false);
        if (use.Identity is { } proven)
        {
            LoginResult passed = await PassAsync(proven, cancel).ConfigureAwait(false);
            use = passed.Identity is null ? new ApiTokenUse(null, null, passed.Refusal) : use with { Identity = passed.Identity };
        }

        if (use.Refusal is { } refusal && !NotItsFault.Contains(refusal))
            _parts.Sources.Failed(from);
        return use;
    }

    private static async ValueTask<ApiTokenUse> VerifyAsync(TokenLogin verifier, LoginProof proof, CancellationToken cancel)
    {
        LoginResult result = await verifier.LoginAsync(proof, cancel).ConfigureAwait(false);
        return new ApiTokenUse(result.Identity, null, result.Refusal);
    }

    private ValueTask<LoginResult> PassAsync(Contract.Identity proven, CancellationToken cancel) =>
        _parts.Checks is { } checks ? checks.PassAsync(proven, cancel) : new(new LoginResult(proven, null));

    /// <summary>The one place: whatever a proof makes our own code, a library or the store do, it is not let in.</summary>
    private async ValueTask<LoginResult> GuardedAsync(Func<ValueTask<LoginResult>> login, CancellationToken cancel)
    {
        try
        {
            return await login().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw;
        }
        catch (StoreUnavailableException unavailable)
        {
            _log.Warning("login-not-looked-up", new LogField("error", unavailable.Message));
            return new LoginResult(null, Refusals.StoreUnavailable);
        }
        catch (Exception failure)
        {
            _log.Error("login-failed", new LogField("exception", failure.GetType().FullName));
            return new LoginResult(null, Refusals.Internal);
        }
    }

    private static Issuer ForAdmin(Issuer issuer) =>
        issuer with { Rules = issuer.Rules with { Audiences = [.. issuer.Rules.Audiences.Select(audience => audience + AdminAudienceSuffix)] } };

    private List<Issuer> All(IReadOnlyList<Issuer> configured)
    {
        if (_parts.Identities is { } identities)
            identities.IssuerNames = configured.ToFrozenDictionary(issuer => issuer.Rules.Issuer, issuer => issuer.Rules.Name, StringComparer.Ordinal);
        return [.. configured, .. _parts.Broker is { } broker ? [broker.ToIssuer()] : Array.Empty<Issuer>()];
    }
}
