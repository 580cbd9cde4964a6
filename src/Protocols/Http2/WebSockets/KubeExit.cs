using System.Globalization;
using System.Text.Json;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>How a command ended, of the Status object on its error channel (v4 and later).</summary>
/// <param name="Code">The command's exit status; null: it did not come to run, or its end is not known.</param>
internal readonly record struct KubeExit(int? Code)
{
    /// <summary>Bytes of the object that are worth keeping: it has a message of some words.</summary>
    public const int LongestStatus = 16 * 1024;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16 };

    /// <returns>False: it is not a Status.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> json, out KubeExit exit)
    {
        exit = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            if (!TryGet(document.RootElement, "status", out JsonElement status) || status.ValueKind != JsonValueKind.String)
                return false;
            exit = new KubeExit(status.ValueEquals("Success"u8) ? 0 : CodeOf(document.RootElement));
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter says that a text in it is no UTF-8.
            return false;
        }
    }

    /// <summary>details.causes[reason = "ExitCode"].message, of a Failure whose reason is NonZeroExitCode.</summary>
    private static int? CodeOf(JsonElement status)
    {
        if (!TryGet(status, "reason", out JsonElement reason) || reason.ValueKind != JsonValueKind.String || !reason.ValueEquals("NonZeroExitCode"u8)
            || !TryGet(status, "details", out JsonElement details) || !TryGet(details, "causes", out JsonElement causes) || causes.ValueKind != JsonValueKind.Array)
            return null;
        foreach (JsonElement cause in causes.EnumerateArray())
        {
            if (TryGet(cause, "reason", out JsonElement why) && why.ValueKind == JsonValueKind.String && why.ValueEquals("ExitCode"u8)
                && TryGet(cause, "message", out JsonElement message) && message.ValueKind == JsonValueKind.String
                && int.TryParse(message.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code))
                return code;
        }

        return null;
    }

    private static bool TryGet(JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value);
    }
}
