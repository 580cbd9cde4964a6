using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Admin;

/// <summary>
/// The one place where the admin API lets somebody in: after a route was found, before anything of the request is bound or read. What has no
/// role is refused; strangers are told the same of routes that are there and routes that are not.
/// </summary>
internal sealed class AdminGate(AdminAuthentication authentication, IAudit audit, int streams, TimeProvider time, Log log) : IDisposable
{
    private readonly SemaphoreSlim _streams = new(streams, streams);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        Harden(context);
        AdminRouteInfo? route = context.GetEndpoint()?.Metadata.GetMetadata<AdminRouteInfo>();
        if (route?.Role == AdminRole.Anyone)
        {
            Bound(context, route);
            AdminCall.Let(context, audit, null);
            await next(context).ConfigureAwait(false);
            return;
        }

        AdminCaller caller = await AuthenticateAsync(context).ConfigureAwait(false);
        if (route is null)
            throw Unmatched(context);
        if (!caller.Roles.Has(route.Role))
            throw Refuse(caller, route);
        Bound(context, route);
        if (route.IsStream)
            await StreamAsync(context, route, caller, next).ConfigureAwait(false);
        else
            await PassAsync(context, caller, next).ConfigureAwait(false);
    }

    public void Dispose() => _streams.Dispose();

    private Task PassAsync(HttpContext context, AdminCaller caller, RequestDelegate next)
    {
        AdminCall.Let(context, audit, caller);
        return next(context);
    }

    /// <summary>A stream ends when its listener may no longer listen: tokens expire, are revoked, and groups change.</summary>
    private async Task StreamAsync(HttpContext context, AdminRouteInfo route, AdminCaller caller, RequestDelegate next)
    {
        if (!await _streams.WaitAsync(TimeSpan.Zero, context.RequestAborted).ConfigureAwait(false))
            throw AdminProblem.Unavailable("too-many-streams", "There are as many live views and downloads as this node allows.");
        CancellationToken gone = context.RequestAborted;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(gone);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(gone);
        Task watch = WatchAsync(context, route, over, done.Token);
        try
        {
            context.RequestAborted = over.Token;
            await PassAsync(context, caller, next).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !gone.IsCancellationRequested)
        {
            context.Abort(); // So that the client does not take what it got for the whole.
        }
        finally
        {
            context.RequestAborted = gone;
            await done.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _streams.Release();
        }
    }

    private async Task WatchAsync(HttpContext context, AdminRouteInfo route, CancellationTokenSource over, CancellationToken done)
    {
        using var timer = new PeriodicTimer(AdminLimits.Recheck, time);
        while (await timer.WaitForNextTickAsync(done).ConfigureAwait(false))
        {
            if (await MayStillAsync(context, route, done).ConfigureAwait(false))
                continue;
            await over.CancelAsync().ConfigureAwait(false);
            return;
        }
    }

    /// <summary>Who cannot be looked up (the store that knows their session is away) may not: nobody would look again.</summary>
    private async Task<bool> MayStillAsync(HttpContext context, AdminRouteInfo route, CancellationToken done)
    {
        try
        {
            (AdminCaller? caller, _) = await authentication.CallerAsync(context, done).ConfigureAwait(false);
            return caller?.Roles.Has(route.Role) == true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !done.IsCancellationRequested)
        {
            log.Warning("admin-stream-cut", new("route", route.Pattern), new("error", failure.GetType().FullName));
            return false;
        }
    }

    private async ValueTask<AdminCaller> AuthenticateAsync(HttpContext context)
    {
        (AdminCaller? caller, string? refusal) = await authentication.CallerAsync(context, context.RequestAborted).ConfigureAwait(false);
        if (caller is not null)
            return caller;
        if (refusal != "none")
            log.Warning("admin-refused", new("reason", refusal), new("source", context.Connection.RemoteIpAddress?.ToString()));
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"sallyport\""; // RFC 6750 3: with no word of what was wrong.
        throw new AdminProblem(StatusCodes.Status401Unauthorized, "unauthenticated", "This needs a token that is good here, or a session.", "Log in: sallyport login.");
    }

    private AdminProblem Refuse(AdminCaller caller, AdminRouteInfo route)
    {
        string role = AdminRoles.Name(route.Role);
        audit.Note(new AuditEvent(AuditTypes.AdminRefused, AuditActor.Of(caller.Identity, caller.Source))
        {
            Outcome = "refused",
            Object = $"route:{route.Method} {route.Pattern}",
            Details = new Dictionary<string, string> { ["role"] = role },
        });
        return AdminProblem.Forbidden("role-missing", $"This needs the role {role}.", "The configuration's admin.roles says which groups have it.");
    }

    private static AdminProblem Unmatched(HttpContext context)
    {
        const string Next = "GET /openapi.json lists all.";
        if (context.GetEndpoint() is null)
            return new AdminProblem(StatusCodes.Status404NotFound, "no-such-route", "There is no such route.", Next);

        // Routing has stand-ins of its own for a method, and for a type of body, that a route does not take.
        return context.Request.ContentType is not null && !context.Request.HasJsonContentType()
            ? new AdminProblem(StatusCodes.Status415UnsupportedMediaType, "type-refused", "A body is JSON (application/json).", Next)
            : new AdminProblem(StatusCodes.Status405MethodNotAllowed, "method-refused", "The route does not know this method.", Next);
    }

    private static void Bound(HttpContext context, AdminRouteInfo route)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = route.BodyBytes;
    }

    private static void Harden(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (context.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000";
    }
}
