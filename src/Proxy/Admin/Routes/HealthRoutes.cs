using Microsoft.AspNetCore.Http;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>Is it alive, is it ready, and who am I.</summary>
/// <param name="alive">What hangs; null: nothing.</param>
/// <param name="ready">Why no session could start now; null: it could.</param>
internal sealed class HealthRoutes(Func<string?> alive, Func<string?> ready) : IAdminRoutes
{
    public void Map(AdminRouteMap map)
    {
        map.Get("/healthz", AdminRole.Anyone, () => Answer(alive())).Says("Is the daemon alive: 200, else 503 and what hangs.");
        map.Get("/readyz", AdminRole.Anyone, () => Answer(ready())).Says("Could a session start now: 200, else 503 and why not.");
        map.Get("/v1/me", AdminRole.SignedIn, Me).Says("Who the caller is, and which roles they have.");
    }

    private static IResult Answer(string? wrong) => wrong is null
        ? TypedResults.Ok(new HealthJson("ok"))
        : TypedResults.Json(new HealthJson(wrong), AdminJson.Options, statusCode: StatusCodes.Status503ServiceUnavailable);

    private static MeJson Me(AdminCall call) => new(
        call.Identity.Subject, call.Identity.Issuer, Policy.Yaml.KebabNames.Name(call.Identity.Kind), [.. call.Identity.Groups],
        [.. call.Identity.ActingFor], call.Caller.Roles.Names, call.Identity.ExpiresAt, call.Caller.Csrf);
}

/// <param name="Status"><c>ok</c>, or a fixed word that says what is wrong.</param>
internal sealed record HealthJson(string Status);

/// <summary>Who calls.</summary>
/// <param name="Csrf">Of a browser's session: what the header Sallyport-CSRF must be; absent for a token.</param>
internal sealed record MeJson(
    string Subject, string Issuer, string Kind, IReadOnlyList<string> Groups, IReadOnlyList<string> ActingFor, IReadOnlyList<string> Roles, DateTimeOffset ExpiresAt, string? Csrf);
