using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>What a login is for.</summary>
/// <param name="ReturnTo">Where the browser goes on, an address of ours.</param>
/// <param name="Fresh">The person must prove again who they are, whatever session the provider has (<c>prompt=login</c>).</param>
/// <param name="AcrValues">How they must prove it (<c>acr_values</c>); null: any way.</param>
internal sealed record LoginDemand(string ReturnTo, bool Fresh, string? AcrValues, string? LoginHint);

/// <summary>A way to log in elsewhere: a provider.</summary>
internal interface ILoginMethod
{
    /// <summary>The provider's name in the configuration.</summary>
    string Name { get; }

    /// <summary>What the sign-in page calls it.</summary>
    string Title { get; }

    /// <summary>Answers with a redirect to the provider.</summary>
    Task<IResult> StartAsync(HttpContext http, LoginDemand demand, CancellationToken cancel);

    /// <summary>Maps the addresses that the provider sends browsers (and messages) to. They end in <see cref="LoginDesk"/>.</summary>
    void Map(IEndpointRouteBuilder routes, LoginDesk desk);
}

/// <summary>A person, as a provider has vouched for them just now.</summary>
/// <param name="Provider">The provider's name in the configuration.</param>
/// <param name="ProviderSubject">What it calls the person, for ever.</param>
internal sealed record ExternalLogin(string Provider, string ProviderSubject)
{
    public string? DisplayName { get; init; }

    public string? Email { get; init; }

    /// <summary>True only when the provider's configuration says that its e-mail addresses are verified and this one's domain is its to speak for: then the address is the subject.</summary>
    public bool IsEmailSubject { get; init; }

    public IReadOnlyList<string> Groups { get; init; } = [];

    public DateTimeOffset? AuthenticatedAt { get; init; }

    public string? AuthenticationContext { get; init; }

    /// <summary>Its own session (<c>sid</c>, <c>SessionIndex</c>), by which it says later that the person has signed out.</summary>
    public string? ProviderSession { get; init; }

    /// <summary>A secret, kept sealed.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Not the token.</summary>
    public override string ToString() => $"{Provider}:{ProviderSubject}";
}

/// <summary>What came of a login elsewhere.</summary>
/// <param name="Refusal">A fixed word for the audit; null when it is in force.</param>
internal readonly record struct LoginOutcome(BrowserLogin? Login, string? Refusal);

/// <summary>
/// Where every login of a browser ends. A subject belongs for ever to who had it first: to one provider and its subject, or to this store; no
/// provider can vouch for somebody else's (compare GHSA-868r-97g5-r9g4).
/// </summary>
internal sealed class LoginDesk(IStateStore store, ISealer sealer, ICluster cluster, IAudit audit, BrokerConfig config, LoginSessions sessions, TimeProvider time)
{
    private const int LongestProviderSubject = 200;
    private const int MostGroups = 1000;

    /// <summary>Completes a login that a provider vouched for: makes or updates the user, takes over the groups it names, begins the login.</summary>
    public async Task<LoginOutcome> CompleteAsync(HttpContext http, ExternalLogin external, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        (string subject, string? refusal) = await TakeUpAsync(external, now, cancel).ConfigureAwait(false);
        if (refusal is not null)
            return Refuse(http, external, refusal);

        // Nobody proves who they are in the future, and what is not said happened now.
        DateTimeOffset authenticated = external.AuthenticatedAt is { } at && at < now ? at : now;
        return new LoginOutcome(await BeginAsync(http, subject, authenticated, external.AuthenticationContext, external.Provider, external.ProviderSession, cancel).ConfigureAwait(false), null);
    }

    /// <summary>Takes up what a provider says of a person now, without a login.</summary>
    /// <returns>Null, or the word for why they may no longer be let in.</returns>
    public async Task<string?> UpdateAsync(ExternalLogin external, CancellationToken cancel) =>
        (await TakeUpAsync(external, time.GetUtcNow(), cancel).ConfigureAwait(false)).Refusal;

    /// <summary>Completes a login of a local user.</summary>
    /// <param name="context"><c>pwd</c> or <c>mfa</c>.</param>
    public Task<BrowserLogin> CompleteAsync(HttpContext http, UserRow user, string context, CancellationToken cancel) =>
        BeginAsync(http, user.Subject, time.GetUtcNow(), context, null, null, cancel);

    /// <summary>The page that goes on to where the login was for.</summary>
    public static IResult GoOn(string returnTo) => PageResult.GoTo(returnTo);

    /// <summary>The subject of a provider's person; null when it has none that is fit.</summary>
    public static string? SubjectOf(ExternalLogin external)
    {
        if (external.IsEmailSubject)
            return LocalUsers.Normalize(external.Email) is { } email && email.IndexOf('@', StringComparison.Ordinal) > 0 ? email : null;
        bool plain = external.ProviderSubject.Length <= LongestProviderSubject && external.ProviderSubject.All(c => c is > ' ' and < '\x7f');
        return plain
            ? $"{external.Provider}:{external.ProviderSubject}"
            : $"{external.Provider}:sha256:{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(external.ProviderSubject))).ToLower(CultureInfo.InvariantCulture)}";
    }

    private async Task<(string Subject, string? Refusal)> TakeUpAsync(ExternalLogin external, DateTimeOffset now, CancellationToken cancel)
    {
        if (external.ProviderSubject is not { Length: > 0 and <= 1000 } || external.Groups.Count > MostGroups || SubjectOf(external) is not { } wanted)
            return ("", "login-unfit");
        (string subject, string? refusal) = await store.WriteAsync((state, token) => UpdateAsync(state, external, wanted, now, token), cancel).ConfigureAwait(false);
        if (refusal is null)
            await cluster.PublishAsync(ClusterEvents.IdentityChanged, System.Text.Json.JsonSerializer.Serialize(new { subject }), cancel).ConfigureAwait(false);
        return (subject, refusal);
    }

    private async Task<(string Subject, string? Refusal)> UpdateAsync(StateContext state, ExternalLogin external, string subject, DateTimeOffset now, CancellationToken cancel)
    {
        UserRow? user = await state.Users.SingleOrDefaultAsync(row => row.Provider == external.Provider && row.ProviderSubject == external.ProviderSubject, cancel).ConfigureAwait(false);
        if (user is null)
        {
            bool taken = await state.Users.AnyAsync(row => row.Subject == subject, cancel).ConfigureAwait(false) || await state.Agents.AnyAsync(row => row.Name == subject, cancel).ConfigureAwait(false);
            if (taken)
                return (subject, "subject-taken");
            user = new UserRow { Id = Guid.CreateVersion7(now), Subject = subject, Provider = external.Provider, ProviderSubject = external.ProviderSubject, CreatedAt = now };
            state.Users.Add(user);
        }

        // The address of a person may change at the provider; what we call them does not, or what they did could not be told to be theirs.
        subject = user.Subject;
        if (user.Disabled)
            return (subject, "user-disabled");
        user.DisplayName = Bounded(external.DisplayName);
        user.Email = Bounded(external.Email);
        user.ProviderCheckedAt = now;
        user.ProviderRefreshToken = external.RefreshToken is null ? null : sealer.Seal(SealPurposes.UserProviderRefreshToken(user.Id), Encoding.UTF8.GetBytes(external.RefreshToken));
        List<MembershipRow> before = await state.Memberships.Where(row => row.Subject == subject && row.Source == "provider").ToListAsync(cancel).ConfigureAwait(false);
        HashSet<string> groups = [.. external.Groups.Where(LocalUsers.IsGroup)];
        state.Memberships.RemoveRange(before.Where(row => !groups.Contains(row.Group)));
        groups.ExceptWith(before.Select(row => row.Group));
        state.Memberships.AddRange(groups.Select(group => new MembershipRow { Id = Guid.CreateVersion7(now), Subject = subject, Group = group, Source = "provider" }));
        return (subject, null);
    }

    private async Task<BrowserLogin> BeginAsync(HttpContext http, string subject, DateTimeOffset authenticatedAt, string? context, string? provider, string? providerSession, CancellationToken cancel)
    {
        await audit.KeepAsync(
            new AuditEvent(AuditTypes.LoginSucceeded, new AuditActor(subject, config.Issuer, [], http.Connection.RemoteIpAddress)) { Details = new Dictionary<string, string> { ["provider"] = provider ?? "local", ["acr"] = context ?? "" } },
            cancel).ConfigureAwait(false);
        return await sessions.BeginAsync(http, subject, authenticatedAt, context, provider, providerSession, cancel).ConfigureAwait(false);
    }

    private LoginOutcome Refuse(HttpContext http, ExternalLogin external, string word)
    {
        audit.Note(new AuditEvent(AuditTypes.LoginRefused, new AuditActor("", config.Issuer, [], http.Connection.RemoteIpAddress)) { Outcome = "refused", Reason = word, Details = new Dictionary<string, string> { ["provider"] = external.Provider } });
        return new LoginOutcome(null, word);
    }

    private static string? Bounded(string? text) => text is { Length: > 0 and <= 256 } && !text.Any(char.IsControl) ? text : null;
}
