using System.Collections.Immutable;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>API tokens, issued passwords, public keys and revocations in the admin API. Everybody has their own; an administrator has everybody's.</summary>
/// <param name="broker">The broker's address. API tokens stand for its subjects: somebody of another issuer who has the same name is somebody else.</param>
internal sealed class CredentialRoutes(ApiTokens tokens, IssuedPasswords passwords, PersonKeys keys, Revocations.Revocations revocations, string broker) : IAdminRoutes
{
    private const int MostListed = 1000;

    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/tokens", AdminRole.SignedIn, ListTokens).Says("API tokens: the caller's, or for an administrator those of ?subject= or all (?all=true).");
        map.Post("/v1/tokens", AdminRole.SignedIn, CreateToken).Says("Makes an API token: for the caller, or for an administrator for another subject. It is shown once.");
        map.Delete("/v1/tokens/{id:guid}", AdminRole.SignedIn, RevokeToken).Says("Revokes an API token.");
        map.Get("/v1/passwords", AdminRole.SignedIn, ListPasswords).Says("Issued passwords that are still good.");
        map.Post("/v1/passwords", AdminRole.SignedIn, IssuePassword).Says("Issues a short-lived password that stands for the caller. It is shown once.");
        map.Delete("/v1/passwords/{id:guid}", AdminRole.SignedIn, RevokePassword).Says("Revokes an issued password.");
        map.Get("/v1/keys", AdminRole.SignedIn, ListKeys).Says("Registered public keys: the caller's, or for an administrator those of ?subject= or all (?all=true).");
        map.Post("/v1/keys", AdminRole.SignedIn, AddKey).Says("Registers a public key: for the caller, or for an administrator for another subject.");
        map.Delete("/v1/keys/{id:guid}", AdminRole.SignedIn, RemoveKey).Says("Removes a public key; who is in by it is out within a second.");
        map.Get("/v1/revocations", AdminRole.Auditor, ListRevocations).Says("Revocations in force.");
        map.Post("/v1/revocations", AdminRole.Administrator, Revoke).Says("Revokes a token (jti), a login (sid), a subject or a group; live sessions follow within a second.");
    }

    private async Task<Page<ApiTokenJson>> ListTokens(AdminCall call, string? subject, bool? all)
    {
        string? whose = Whose(call, TokenOwner(call), subject, all);
        return new Page<ApiTokenJson>((await tokens.ListAsync(whose, MostListed, call.Cancel).ConfigureAwait(false)).ConvertAll(Json));
    }

    private async Task<NewApiTokenJson> CreateToken(AdminCall call, NewApiTokenRequest request)
    {
        string subject = For(call, request.Subject, "API tokens stand for users of the broker: people make their own, an administrator makes them for others and for agents.");
        if (!Durations.TryParse(request.Lifetime, out TimeSpan lifetime))
            throw AdminProblem.Wrong("lifetime-unfit", "\"lifetime\" is a length of time such as 30d.");
        NewApiToken made = await AskAsync(() => tokens.CreateAsync(
            subject, request.Name, lifetime, request.Scopes, request.Sources ?? [], call.Actor, call.KeepAsync, call.Cancel)).ConfigureAwait(false);
        return new NewApiTokenJson(made.Id, made.Token, made.ExpiresAt);
    }

    private async Task<RevokedJson> RevokeToken(AdminCall call, Guid id, string? reason) =>
        await tokens.RevokeAsync(id, Mine(call, TokenOwner(call)), AdminCall.Reason(reason), call.Actor, call.KeepAsync, call.Cancel).ConfigureAwait(false)
            ? new RevokedJson(id)
            : throw NotFound();

    private async Task<Page<IssuedPasswordJson>> ListPasswords(AdminCall call, string? subject, bool? all)
    {
        string? whose = Whose(call, PasswordOwner(call), subject, all);
        List<IssuedPasswordRow> rows = await passwords.ListAsync(whose, MostListed, call.Cancel).ConfigureAwait(false);
        return new Page<IssuedPasswordJson>(rows.ConvertAll(row => new IssuedPasswordJson(
            row.Id, row.UserName, row.Subject, [.. IssuedPasswords.IdentityOf(row).Targets], row.CreatedAt, row.ExpiresAt, row.LastUsedAt)));
    }

    private async Task<NewPasswordJson> IssuePassword(AdminCall call, NewPasswordRequest request)
    {
        if (!Durations.TryParse(request.Lifetime ?? "1h", out TimeSpan lifetime))
            throw AdminProblem.Wrong("lifetime-unfit", "\"lifetime\" is a length of time such as 1h.");
        NewPassword issued = await AskAsync(() => passwords.IssueAsync(
            call.Identity, lifetime, request.Target, call.Caller.Source, call.KeepAsync, call.Cancel)).ConfigureAwait(false);
        return new NewPasswordJson(issued.Id, issued.UserName, issued.Password, issued.ExpiresAt);
    }

    private async Task<RevokedJson> RevokePassword(AdminCall call, Guid id, string? reason) =>
        await passwords.RevokeAsync(id, Mine(call, PasswordOwner(call)), AdminCall.Reason(reason), call.Actor, call.KeepAsync, call.Cancel).ConfigureAwait(false)
            ? new RevokedJson(id)
            : throw NotFound();

    private async Task<Page<PersonKeyJson>> ListKeys(AdminCall call, string? subject, bool? all) =>
        new((await keys.ListAsync(Whose(call, TokenOwner(call), subject, all), MostListed, call.Cancel).ConfigureAwait(false)).ConvertAll(Json));

    private async Task<PersonKeyJson> AddKey(AdminCall call, NewKeyRequest request)
    {
        string subject = For(call, request.Subject, "Keys stand for users of the broker: people register their own, an administrator registers them for others and for agents.");
        TimeSpan lifetime = default;
        if (request.Lifetime is not null && !Durations.TryParse(request.Lifetime, out lifetime))
            throw AdminProblem.Wrong("lifetime-unfit", "\"lifetime\" is a length of time such as 90d.");
        return Json(await AskAsync(() => keys.AddAsync(
            subject, request.Key, request.Name, request.Lifetime is null ? null : lifetime, call.Actor, call.KeepAsync, call.Cancel)).ConfigureAwait(false));
    }

    private async Task<RevokedJson> RemoveKey(AdminCall call, Guid id, string? reason) =>
        await keys.RemoveAsync(id, Mine(call, TokenOwner(call)), AdminCall.Reason(reason), call.Actor, call.KeepAsync, call.Cancel).ConfigureAwait(false)
            ? new RevokedJson(id)
            : throw NotFound();

    private async Task<Page<RevocationJson>> ListRevocations(AdminCall call) =>
        new((await revocations.ListAsync(MostListed, call.Cancel).ConfigureAwait(false)).ConvertAll(Json));

    private async Task<RevocationJson> Revoke(AdminCall call, RevocationRequest request) =>
        Json(await AskAsync(() => revocations.RevokeAsync(
            request.Kind, request.Issuer ?? "", request.Value, AdminCall.Reason(request.Reason), call.Actor, call.Cancel, until: null, call.KeepAsync)).ConfigureAwait(false));

    /// <summary>For whom a credential is made: the caller, unless an administrator names another.</summary>
    private string For(AdminCall call, string? named, string refusal)
    {
        string? own = call.Identity.Kind == IdentityKind.Human ? TokenOwner(call) : null;
        string? subject = named ?? own;
        if (subject is null || (subject != own && !call.Caller.Roles.Has(AdminRole.Administrator)))
            throw AdminProblem.Forbidden("not-yours", refusal);
        RequireLogin(call.Identity);
        return subject;
    }

    /// <summary>Whose things are shown; null: everybody's.</summary>
    /// <param name="own">What the caller's own go by.</param>
    private static string? Whose(AdminCall call, string? own, string? subject, bool? all)
    {
        if (call.Caller.Roles.Has(AdminRole.Administrator) && (all == true || subject is not null))
            return all == true ? null : subject;
        return own is not null && all != true && (subject is null || subject == own)
            ? own
            : throw AdminProblem.Forbidden("not-yours", "Only an administrator sees what others have.");
    }

    /// <summary>Whose things may be revoked; null: everybody's.</summary>
    private static string? Mine(AdminCall call, string? own) => call.Caller.Roles.Has(AdminRole.Administrator)
        ? null
        : own ?? throw AdminProblem.Forbidden("not-yours", "Only an administrator revokes what others have.");

    /// <summary>What the caller's API tokens go by; null: it can have none. An agent in a person's name is not the person, and not itself either.</summary>
    private string? TokenOwner(AdminCall call) => call.Identity.Issuer == broker && call.Identity.ActingFor.IsEmpty ? call.Identity.Subject : null;

    private string? PasswordOwner(AdminCall call) => call.Identity.ActingFor.IsEmpty ? passwords.OwnerOf(call.Identity) : null;

    /// <summary>A credential that could make its like would outlive its revocation.</summary>
    private static void RequireLogin(Contract.Identity identity)
    {
        if (identity.TokenId?.StartsWith(RevocationKinds.ApiTokenPrefix, StringComparison.Ordinal) == true)
            throw AdminProblem.Forbidden("login-needed", "An API token makes no API tokens and registers no keys.", "Log in: sallyport login.");
    }

    private static async Task<T> AskAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (ArgumentException unfit)
        {
            throw AdminProblem.Wrong("request-unfit", unfit.Message);
        }
    }

    private static AdminProblem NotFound() => AdminProblem.NotFound("credential of that id");

    private static ApiTokenJson Json(ApiTokenRow row) => new(
        row.Id, row.Name, row.Subject, JsonSerializer.Deserialize<ImmutableArray<string>>(row.Scopes), JsonSerializer.Deserialize<ImmutableArray<string>>(row.Sources),
        row.CreatedAt, row.ExpiresAt, row.RevokedAt, row.LastUsedAt, row.LastUsedFrom);

    private static PersonKeyJson Json(PersonKeyRow row) => new(
        row.Id, row.Subject, row.Name, row.Fingerprint, row.Key.Split(' ')[0], row.CreatedAt, row.CreatedBy, row.ExpiresAt, row.LastUsedAt, row.LastUsedFrom);

    private static RevocationJson Json(Revocation revocation) =>
        new(revocation.Id, revocation.Kind, revocation.Issuer, revocation.Value, revocation.At, revocation.ExpiresAt, revocation.Reason);
}

/// <param name="Lifetime">Such as <c>30d</c>.</param>
internal sealed record NewApiTokenRequest(string Name, string Lifetime, IReadOnlyList<string> Scopes, IReadOnlyList<string>? Sources = null, string? Subject = null);

internal sealed record NewApiTokenJson(Guid Id, string Token, DateTimeOffset ExpiresAt);

internal sealed record ApiTokenJson(
    Guid Id, string Name, string Subject, IReadOnlyList<string> Scopes, IReadOnlyList<string> Sources, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt, string? LastUsedFrom);

internal sealed record NewPasswordRequest(string? Lifetime = null, string? Target = null);

internal sealed record NewPasswordJson(Guid Id, string User, string Password, DateTimeOffset ExpiresAt);

internal sealed record IssuedPasswordJson(
    Guid Id, string User, string Subject, IReadOnlyList<string> Targets, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt);

/// <param name="Key">A line of a <c>.pub</c> file.</param>
/// <param name="Lifetime">Such as <c>90d</c>; null: until it is removed.</param>
internal sealed record NewKeyRequest(string Key, string? Name = null, string? Lifetime = null, string? Subject = null);

internal sealed record PersonKeyJson(
    Guid Id, string Subject, string Name, string Fingerprint, string Type, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt, string? LastUsedFrom);

internal sealed record RevocationRequest(string Kind, string Value, string Reason, string? Issuer = null);

internal sealed record RevocationJson(Guid Id, string Kind, string Issuer, string Value, DateTimeOffset At, DateTimeOffset ExpiresAt, string Reason);

internal sealed record RevokedJson(Guid Id);
