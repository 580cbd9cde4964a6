using System.Buffers;
using System.Text.Json;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>
/// The body of an answer of our own to a client of Kubernetes: a <c>Status</c> of meta/v1, always as JSON, which every client reads. kubectl prints
/// <c>Error from server (REASON): MESSAGE</c>; programs find the rule in the causes.
/// </summary>
internal static class KubeStatus
{
    public const string MediaType = "application/json";

    /// <summary>Writes one.</summary>
    /// <param name="output">Gets the body.</param>
    /// <param name="refusal">What to say.</param>
    /// <param name="target">What the request was about; null: not known.</param>
    public static void Write(IBufferWriter<byte> output, HttpRefusal refusal, KubeTarget? target)
    {
        target = target is { Resource.Length: > 0 } ? target : null;
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("kind"u8, "Status"u8);
        json.WriteString("apiVersion"u8, "v1"u8);
        json.WriteStartObject("metadata"u8);
        json.WriteEndObject();
        json.WriteString("status"u8, "Failure"u8);
        json.WriteString("message"u8, HttpRefusal.Plain(Message(refusal, target)));
        if (Reason(refusal.Status) is string reason)
            json.WriteString("reason"u8, reason);
        WriteDetails(json, refusal, target);
        json.WriteNumber("code"u8, refusal.Status);
        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, HttpRefusal refusal, KubeTarget? target)
    {
        if (target is null && refusal.RuleId.Length == 0 && refusal.RetryAfterSeconds == 0)
            return;
        json.WriteStartObject("details"u8);
        if (target is { Name.Length: > 0 })
            json.WriteString("name"u8, HttpRefusal.Plain(target.Name));
        if (target is { Group.Length: > 0 })
            json.WriteString("group"u8, target.Group);
        // As the API server does in its own refusals, the resource and not the kind of its objects.
        if (target is not null)
            json.WriteString("kind"u8, target.Resource);
        if (refusal.RuleId.Length > 0)
        {
            json.WriteStartArray("causes"u8);
            WriteCause(json, "PolicyRule", refusal.RuleId);
            if (refusal.ApprovalUrl is string url)
                WriteCause(json, "PolicyApproval", url);
            json.WriteEndArray();
        }

        if (refusal.RetryAfterSeconds > 0)
            json.WriteNumber("retryAfterSeconds"u8, refusal.RetryAfterSeconds);
        json.WriteEndObject();
    }

    private static void WriteCause(Utf8JsonWriter json, string reason, string message)
    {
        json.WriteStartObject();
        json.WriteString("reason"u8, reason);
        json.WriteString("message"u8, HttpRefusal.Plain(message));
        json.WriteEndObject();
    }

    private static string Message(HttpRefusal refusal, KubeTarget? target)
    {
        if (refusal.RuleId.Length == 0)
            return refusal.Message;
        string name = target is { Name.Length: > 0 } ? $" \"{target.Name}\"" : "";
        string group = target is { Group.Length: > 0 } ? $".{target.Group}" : "";
        string subject = target is null ? "the request" : $"{target.Resource}{group}{name}";
        string what = target is null ? "send it" : target.What;
        string message = refusal.ApprovalUrl is not null ? $"{subject} waits for approval: policy rule {refusal.RuleId} lets nobody {what} without; it can be approved at {refusal.ApprovalUrl}"
            : refusal.IsByDefault ? $"{subject} is forbidden: no policy rule allows to {what}"
            : $"{subject} is forbidden: policy rule {refusal.RuleId} refuses to {what}";
        return refusal.Message.Length == 0 ? message : $"{message}: {refusal.Message}";
    }

    // metav1.StatusReason. Without one kubectl prints "Error from server: MESSAGE".
    private static string? Reason(int status) => status switch
    {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        409 => "Conflict",
        410 => "Gone",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => null,
    };
}
