using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Sallyport.Proxy.Admin;

/// <summary>The routes of one room.</summary>
internal interface IAdminRoutes
{
    /// <summary>Maps them; each names its role.</summary>
    void Map(AdminRouteMap map);
}

/// <summary>What the gate knows of a route: metadata of its endpoint.</summary>
/// <param name="Role">Who may use it.</param>
/// <param name="Audited">True: it must keep an audit event before it answers.</param>
/// <param name="IsStream">True: it answers for as long as the client listens.</param>
internal sealed record AdminRouteInfo(string Method, string Pattern, AdminRole Role, bool Audited, bool IsStream)
{
    /// <summary>Largest request body, bytes.</summary>
    public long BodyBytes { get; set; } = AdminLimits.BodyBytes;
}

/// <summary>
/// How rooms add routes. A handler is a minimal API handler (parameters bound from route, query and JSON body; an <see cref="AdminCall"/> says who
/// calls): it runs after the gate has let the caller in, returns what is answered, and throws <see cref="AdminProblem"/> for what is refused.
/// A handler of a route that changes something calls <see cref="AdminCall.KeepAsync"/> or <see cref="AdminCall.DoAsync"/>: without it the answer is 500.
/// </summary>
internal sealed class AdminRouteMap(IEndpointRouteBuilder endpoints)
{
    /// <summary>Shows something.</summary>
    public AdminRoute Get(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Get, pattern, role, Audited: false, IsStream: false), handler);

    /// <summary>Shows something that may not be seen unseen: it is audited.</summary>
    public AdminRoute View(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Get, pattern, role, Audited: true, IsStream: false), handler);

    /// <summary>Shows something as it happens (server-sent events), audited.</summary>
    public AdminRoute Sse(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Get, pattern, role, Audited: true, IsStream: true), handler);

    /// <summary>Shows something that is long (a file, an export), audited.</summary>
    public AdminRoute Download(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Get, pattern, role, Audited: true, IsStream: true), handler);

    /// <summary>Answers a question whose text is a body; changes nothing.</summary>
    public AdminRoute Ask(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Post, pattern, role, Audited: false, IsStream: false), handler);

    /// <summary>Makes or does something.</summary>
    public AdminRoute Post(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Post, pattern, role, Audited: true, IsStream: false), handler);

    /// <summary>Makes or replaces something.</summary>
    public AdminRoute Put(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Put, pattern, role, Audited: true, IsStream: false), handler);

    /// <summary>Changes a part of something.</summary>
    public AdminRoute Patch(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Patch, pattern, role, Audited: true, IsStream: false), handler);

    /// <summary>Takes something away.</summary>
    public AdminRoute Delete(string pattern, AdminRole role, Delegate handler) => Add(new(HttpMethods.Delete, pattern, role, Audited: true, IsStream: false), handler);

    /// <summary>The description of all routes.</summary>
    public void Describe() => endpoints.MapOpenApi(AdminDescription.Path)
        .WithMetadata(new AdminRouteInfo(HttpMethods.Get, AdminDescription.Path, AdminRole.Anyone, Audited: false, IsStream: false));

    private AdminRoute Add(AdminRouteInfo info, Delegate handler)
    {
        if (info.Role == AdminRole.None)
            throw new ArgumentException($"{info.Method} {info.Pattern} names no role.", nameof(info));

        // What a handler wrote itself would be out before anyone could look whether it was audited.
        Type answer = handler.Method.ReturnType;
        if (answer == typeof(void) || answer == typeof(Task) || answer == typeof(ValueTask))
            throw new ArgumentException($"The handler of {info.Method} {info.Pattern} returns nothing.", nameof(handler));
        RouteHandlerBuilder route = endpoints.MapMethods(info.Pattern, [info.Method], handler).WithMetadata(info);
        if (info.IsStream)
            route.DisableRequestTimeout();
        if (info.Audited)
            route.AddEndpointFilter(RequireAuditAsync);
        return new AdminRoute(info, route);
    }

    private static async ValueTask<object?> RequireAuditAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        object? answer = await next(context).ConfigureAwait(false);
        if (!AdminCall.Of(context.HttpContext).HasKept)
            throw new InvalidOperationException($"{context.HttpContext.Request.Method} {context.HttpContext.Request.Path} would answer without an audit event.");
        return answer;
    }
}

/// <summary>A route that was mapped, to say more of it.</summary>
internal sealed class AdminRoute(AdminRouteInfo info, RouteHandlerBuilder route)
{
    /// <summary>One line for the description of the API.</summary>
    public AdminRoute Says(string summary)
    {
        route.WithSummary(summary);
        return this;
    }

    /// <summary>Another bound of the request body than 64 KiB.</summary>
    public AdminRoute Takes(long bytes)
    {
        info.BodyBytes = bytes;
        return this;
    }
}
