using System.Buffers;
using System.Text.Json;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A refusal's body, as clients of its target know how to show it.</summary>
internal static class RefusalBody
{
    /// <summary>metav1.Status, which kubectl prints as <c>Error from server (Forbidden): …</c>.</summary>
    public static byte[] Status(HttpRefusal refusal)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("kind"u8, "Status"u8);
            json.WriteString("apiVersion"u8, "v1"u8);
            json.WriteStartObject("metadata"u8);
            json.WriteEndObject();
            json.WriteString("status"u8, "Failure"u8);
            json.WriteString("message"u8, refusal.Hint is null ? refusal.Message : $"{refusal.Message}: {refusal.Hint}");
            json.WriteString("reason"u8, refusal.Reason);
            json.WriteStartObject("details"u8);
            if (refusal.RuleId is not null)
            {
                json.WriteStartArray("causes"u8);
                json.WriteStartObject();
                json.WriteString("reason"u8, "PolicyRule"u8);
                json.WriteString("message"u8, refusal.RuleId);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            if (refusal.RetryAfter is { } seconds)
                json.WriteNumber("retryAfterSeconds"u8, seconds);
            json.WriteEndObject();
            json.WriteNumber("code"u8, refusal.Status);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A problem document (RFC 9457).</summary>
    public static byte[] Problem(HttpRefusal refusal)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("title"u8, refusal.Message);
            json.WriteNumber("status"u8, refusal.Status);
            if (refusal.Hint is not null)
                json.WriteString("detail"u8, refusal.Hint);
            if (refusal.RuleId is not null)
                json.WriteString("rule"u8, refusal.RuleId);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
