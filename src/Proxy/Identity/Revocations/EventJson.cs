using System.Text.Json;

namespace Sallyport.Proxy.Identity.Revocations;

/// <summary>Reads the payloads of cluster events. What cannot be read is null, which every handler takes for "look at everything again".</summary>
internal static class EventJson
{
    public static Guid? Id(string payload, string name) => Guid.TryParse(Text(payload, name), out Guid id) ? id : null;

    public static string? Text(string payload, string name)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(payload);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out JsonElement value)
                ? TokenParts.StringOf(value)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
