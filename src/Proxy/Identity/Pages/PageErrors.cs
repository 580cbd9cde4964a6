using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>The one place where what went wrong becomes an answer; what it was goes to the log, its kind only: messages may quote what was sent.</summary>
internal sealed class PageErrors(Log log)
{
    private const string Form = "application/x-www-form-urlencoded";

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            // Anything else would be read by readers that nobody here needs.
            if (http.Request.ContentType is { } type && !type.Split(';')[0].Trim().Equals(Form, StringComparison.OrdinalIgnoreCase))
                await AnswerAsync(http, StatusCodes.Status415UnsupportedMediaType, "Only forms are taken.").ConfigureAwait(false);
            else
                await next(http).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The browser is gone: nobody to tell.
        }
        catch (BadHttpRequestException bad)
        {
            await AnswerAsync(http, bad.StatusCode, "The request is too large, too slow, or malformed.").ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            await AnswerAsync(http, StatusCodes.Status413PayloadTooLarge, "The form is too large.").ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is StoreUnavailableException or IOException)
        {
            log.Warning("broker-unavailable", new("path", http.Request.Path), new("exception", failure.GetType().FullName));
            await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, "This cannot be done at the moment. Try again soon.").ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            log.Error("broker-failed", new("path", http.Request.Path), new("exception", failure.GetType().FullName), new("at", failure.StackTrace));
            await AnswerAsync(http, StatusCodes.Status500InternalServerError, "Something went wrong here. The log says what.").ConfigureAwait(false);
        }
    }

    private static Task AnswerAsync(HttpContext http, int status, string message)
    {
        if (!http.Response.HasStarted)
            return PageResult.Error(message, status).ExecuteAsync(http);
        http.Abort(); // Half an answer must not look like a whole one.
        return Task.CompletedTask;
    }
}
