using System.Diagnostics;
using Sallyport.Contract;

namespace Sallyport.Proxy.Metrics;

/// <summary>Counts and times logins.</summary>
internal sealed class MeteredLogin(ILogin inner, ProxyMetrics metrics) : ILogin
{
    public string? DiscoveryUrl => inner.DiscoveryUrl;

    public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) => TimedAsync(Stopwatch.GetTimestamp(), inner.LoginAsync(proof, cancel));

    public ValueTask<bool> IsKnownKeyAsync(KeyProof offered, CancellationToken cancel) => inner.IsKnownKeyAsync(offered, cancel);

    public ValueTask<LoginResult> LoginKeyAsync(KeyProof proven, CancellationToken cancel) => TimedAsync(Stopwatch.GetTimestamp(), inner.LoginKeyAsync(proven, cancel));

    public ValueTask<LoginResult> LoginPasswordAsync(LoginProof proof, CancellationToken cancel) => TimedAsync(Stopwatch.GetTimestamp(), inner.LoginPasswordAsync(proof, cancel));

    public async ValueTask<ScramLogin?> FindIssuedAsync(string user, System.Net.IPEndPoint source, CancellationToken cancel) =>
        await inner.FindIssuedAsync(user, source, cancel).ConfigureAwait(false) is { } found ? new Metered(found, this) : null;

    public async ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel) =>
        Counted(await inner.PromptAsync(attempt, show, cancel).ConfigureAwait(false));

    private async ValueTask<LoginResult> TimedAsync(long start, ValueTask<LoginResult> login)
    {
        LoginResult result = await login.ConfigureAwait(false);
        metrics.Stages.Observe(Stage.Login, start);
        return Counted(result);
    }

    private LoginResult Counted(LoginResult result)
    {
        if (result.Identity is null)
            metrics.LoginsRefused.Add(result.Refusal ?? "unknown");
        else
            metrics.LoginsAccepted.Add();
        return result;
    }

    private sealed class Metered : ScramLogin
    {
        private readonly ScramLogin _inner;
        private readonly MeteredLogin _login;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Metered(ScramLogin inner, MeteredLogin login)
        {
            (_inner, _login) = (inner, login);
            (Salt, Iterations, StoredKey, ServerKey) = (inner.Salt, inner.Iterations, inner.StoredKey, inner.ServerKey);
        }

        public override async ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel) =>
            _login.Counted(await _inner.CompleteAsync(proven, cancel).ConfigureAwait(false));
    }
}

/// <summary>Times what leads to a target.</summary>
internal sealed class MeteredUpstream(IUpstream inner, ProxyMetrics metrics) : IUpstream
{
    public TargetInfo? Find(string target, string protocol) => inner.Find(target, protocol);

    public IReadOnlyList<string> Names(string protocol) => inner.Names(protocol);

    public async ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            IDuplex connected = await inner.ConnectAsync(target, cancel).ConfigureAwait(false);
            metrics.Stages.Observe(Stage.TargetConnect, start);
            return connected;
        }
        catch (IOException)
        {
            metrics.TargetFailures.Add(target.Name);
            throw;
        }
    }

    public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel) => TimedAsync(Stopwatch.GetTimestamp(), inner.CredentialAsync(target, cancel));

    public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, SessionFacts session, CancellationToken cancel) =>
        TimedAsync(Stopwatch.GetTimestamp(), inner.CredentialAsync(target, session, cancel));

    private async ValueTask<TargetCredential> TimedAsync(long start, ValueTask<TargetCredential> asked)
    {
        TargetCredential credential = await asked.ConfigureAwait(false);
        metrics.Stages.Observe(Stage.Credential, start);
        return credential;
    }
}

/// <summary>Counts and times held actions.</summary>
internal sealed class MeteredApprovals(IApprovals inner, ProxyMetrics metrics) : IApprovals
{
    public async ValueTask<HoldOutcome> RequestAsync(
        SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn)
    {
        long start = Stopwatch.GetTimestamp();
        string outcome = "withdrawn";
        metrics.HoldBegins();
        try
        {
            HoldOutcome result = await inner.RequestAsync(session, verdict, action, tell, withdrawn).ConfigureAwait(false);
            outcome = result.Reason;
            return result;
        }
        finally
        {
            metrics.Stages.Observe(Stage.Hold, start);
            metrics.HoldEnds(outcome);
        }
    }
}

/// <summary>Counts sessions that were let in.</summary>
internal sealed class MeteredSessions(ILiveSessions inner, ProxyMetrics metrics) : ILiveSessions
{
    public bool TryEnter(SessionContext session, ISessionControl control, out string? refusal)
    {
        if (!inner.TryEnter(session, control, out refusal))
            return false;
        metrics.SessionsStarted.Add(session.Facts.Protocol);
        return true;
    }

    public void Leave(SessionContext session) => inner.Leave(session);
}
