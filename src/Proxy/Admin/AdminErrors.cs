using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Admin;

/// <summary>The one place where what went wrong becomes an answer.</summary>
internal sealed class AdminErrors(Log log)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: nobody to tell.
        }
        catch (Exception failure)
        {
            AdminProblem problem = Of(failure);
            if (problem.Word == "internal-error")
                log.Error("admin-failed", new("method", context.Request.Method), new("path", context.Request.Path), new("exception", failure.ToString()));
            if (context.Response.HasStarted)
                context.Abort(); // Half an answer must not look like a whole one.
            else
                await problem.WriteAsync(context).ConfigureAwait(false);
        }
    }

    private static AdminProblem Of(Exception failure) => failure switch
    {
        AdminProblem problem => problem,
        StoreUnavailableException => AdminProblem.Unavailable("store-unavailable", "The store cannot be reached."),
        BadHttpRequestException { InnerException: JsonException json } =>
            AdminProblem.Wrong("body-unfit", $"The JSON does not fit at {json.Path ?? "$"}.", "GET /openapi.json says what each route takes; members it does not name are refused."),
        BadHttpRequestException bad => new AdminProblem(bad.StatusCode, "request-unfit", bad.Message),
        _ => new AdminProblem(StatusCodes.Status500InternalServerError, "internal-error", "Something went wrong here.", "The daemon's log says what."),
    };
}
