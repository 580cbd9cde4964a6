using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Sallyport.Proxy.Admin;

/// <summary>Why a request is refused: the answer is a problem document (RFC 9457).</summary>
/// <param name="status">HTTP status, 4xx or 5xx.</param>
/// <param name="word">A fixed word: what programs look at.</param>
/// <param name="message">What is wrong, for a person. Never a secret.</param>
/// <param name="next">What can be done about it; null: nothing.</param>
internal sealed class AdminProblem(int status, string word, string message, string? next = null, Exception? inner = null) : Exception(message, inner)
{
    public int Status => status;

    public string Word => word;

    public string? Next => next;

    /// <summary>More, by name; serialised as JSON. Never a secret.</summary>
    public IReadOnlyDictionary<string, object>? More { get; init; }

    /// <summary>400.</summary>
    public static AdminProblem Wrong(string word, string message, string? next = null) => new(StatusCodes.Status400BadRequest, word, message, next);

    /// <summary>403.</summary>
    public static AdminProblem Forbidden(string word, string message, string? next = null) => new(StatusCodes.Status403Forbidden, word, message, next);

    /// <summary>404.</summary>
    public static AdminProblem NotFound(string what) => new(StatusCodes.Status404NotFound, "not-found", $"There is no {what}, or you may not see it.");

    /// <summary>409.</summary>
    public static AdminProblem Conflict(string word, string message, string? next = null) => new(StatusCodes.Status409Conflict, word, message, next);

    /// <summary>503.</summary>
    public static AdminProblem Unavailable(string word, string message, Exception? inner = null) =>
        new(StatusCodes.Status503ServiceUnavailable, word, message, "Try again in a moment; the daemon's log says what it waits for.", inner);

    /// <summary>Writes the answer.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var document = new AdminProblemJson
        {
            Type = $"urn:sallyport:problem:{word}",
            Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
            Status = status,
            Detail = Message,
            Next = next,
            More = More?.ToDictionary(pair => pair.Key, pair => JsonSerializer.SerializeToElement(pair.Value, AdminJson.Options)),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(document, AdminJson.Options);
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}

/// <summary>A problem document (RFC 9457 3.1).</summary>
internal sealed record AdminProblemJson
{
    /// <summary><c>urn:sallyport:problem:WORD</c>.</summary>
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Next { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; init; }
}
