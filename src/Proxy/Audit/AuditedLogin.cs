using System.Net;
using Sallyport.Contract;

namespace Sallyport.Proxy.Audit;

/// <summary>Keeps the logins that engines refuse. Those they accept become sessions, which are kept as such.</summary>
internal sealed class AuditedLogin(ILogin inner, IAudit audit) : ILogin
{
    public string? DiscoveryUrl => inner.DiscoveryUrl;

    public async ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) =>
        Kept(await inner.LoginAsync(proof, cancel).ConfigureAwait(false), proof.ClaimedUser, proof.Source);

    public ValueTask<bool> IsKnownKeyAsync(KeyProof offered, CancellationToken cancel) => inner.IsKnownKeyAsync(offered, cancel);

    public async ValueTask<LoginResult> LoginKeyAsync(KeyProof proven, CancellationToken cancel) =>
        Kept(await inner.LoginKeyAsync(proven, cancel).ConfigureAwait(false), proven.ClaimedUser, proven.Source);

    public async ValueTask<LoginResult> LoginPasswordAsync(LoginProof proof, CancellationToken cancel) =>
        Kept(await inner.LoginPasswordAsync(proof, cancel).ConfigureAwait(false), proof.ClaimedUser, proof.Source);

    public async ValueTask<ScramLogin?> FindIssuedAsync(string user, IPEndPoint source, CancellationToken cancel) =>
        await inner.FindIssuedAsync(user, source, cancel).ConfigureAwait(false) is { } found ? new Audited(found, this, user, source) : null;

    public async ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel) =>
        Kept(await inner.PromptAsync(attempt, show, cancel).ConfigureAwait(false), attempt.ClaimedUser, attempt.Source);

    private LoginResult Kept(LoginResult result, string user, IPEndPoint source)
    {
        if (result.Identity is null)
        {
            audit.Note(new AuditEvent(AuditTypes.LoginRefused, new AuditActor("", "", [], source.Address))
            {
                Outcome = "refused",
                Reason = result.Refusal,
                Details = new Dictionary<string, string> { ["claimed-user"] = user },
            });
        }

        return result;
    }

    private sealed class Audited : ScramLogin
    {
        private readonly ScramLogin _inner;
        private readonly AuditedLogin _login;
        private readonly string _user;
        private readonly IPEndPoint _source;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Audited(ScramLogin inner, AuditedLogin login, string user, IPEndPoint source)
        {
            (_inner, _login, _user, _source) = (inner, login, user, source);
            (Salt, Iterations, StoredKey, ServerKey) = (inner.Salt, inner.Iterations, inner.StoredKey, inner.ServerKey);
        }

        public override async ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel) =>
            _login.Kept(await _inner.CompleteAsync(proven, cancel).ConfigureAwait(false), _user, _source);
    }
}
