using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>Maps the addresses that providers send browsers to.</summary>
internal static class FederationRoutes
{
    public static void Get(IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> handle) => routes.MapGet(path, Answer(handle));

    public static void Post(IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> handle) => routes.MapPost(path, Answer(handle));

    private static RequestDelegate Answer(Func<HttpContext, Task<IResult>> handle) => async http =>
    {
        IResult result = await handle(http).ConfigureAwait(false);
        await result.ExecuteAsync(http).ConfigureAwait(false);
    };
}
