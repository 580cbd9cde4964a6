using System.Buffers;
using System.Text.Json;

namespace Sallyport.Protocols.Http2;

/// <summary>The body of an answer of our own to a client of HTTP: a problem (RFC 9457).</summary>
internal static class HttpProblem
{
    /// <summary>Its media type (RFC 9457 3).</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>Writes one.</summary>
    public static void Write(IBufferWriter<byte> output, HttpRefusal refusal)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        // The type "about:blank" says that the title is the status' own phrase (RFC 9457 4.2.1).
        json.WriteString("type"u8, "about:blank"u8);
        json.WriteString("title"u8, Title(refusal.Status));
        json.WriteNumber("status"u8, refusal.Status);
        json.WriteString("detail"u8, Detail(refusal));
        if (refusal.RuleId.Length > 0)
            json.WriteString("rule"u8, HttpRefusal.Plain(refusal.RuleId));
        if (refusal.ApprovalUrl is string url)
            json.WriteString("approval"u8, HttpRefusal.Plain(url));
        if (refusal.RetryAfterSeconds > 0)
            json.WriteNumber("retry-after"u8, refusal.RetryAfterSeconds);
        json.WriteEndObject();
    }

    /// <summary>Why, in a sentence or two.</summary>
    public static string Detail(HttpRefusal refusal)
    {
        if (refusal.RuleId.Length == 0)
            return HttpRefusal.Plain(refusal.Message);
        string what = refusal.ApprovalUrl is not null ? $"Held by policy rule {refusal.RuleId} until it is approved at {refusal.ApprovalUrl}"
            : refusal.IsByDefault ? "No policy rule allows this request"
            : $"Refused by policy rule {refusal.RuleId}";
        return HttpRefusal.Plain(refusal.Message.Length == 0 ? $"{what}." : $"{what}: {refusal.Message}");
    }

    // The phrases of RFC 9110 15 that we have a use for.
    private static string Title(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => status < 500 ? "Request Failed" : "Server Failed",
    };
}
