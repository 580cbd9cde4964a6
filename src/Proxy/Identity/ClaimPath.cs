using System.Globalization;
using System.Text.Json;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// Finds a claim by its name or, when there is none of that name, by a path into nested objects: <c>kubernetes.io/serviceaccount/name</c>. The
/// whole name comes first because a name may have slashes itself (<c>https://example.com/groups</c>, RFC 7519 4.2).
/// </summary>
internal static class ClaimPath
{
    /// <summary>The claim; false when it is not there.</summary>
    public static bool TryFind(JsonElement payload, string path, out JsonElement value)
    {
        if (payload.TryGetProperty(path, out value))
            return true;
        if (!path.Contains('/', StringComparison.Ordinal))
            return false;
        value = payload;
        foreach (string step in path.Split('/'))
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value))
                return false;
        }

        return true;
    }

    /// <summary>A claim that is one value, as text: a string, a whole number, true or false; null when it is anything else.</summary>
    public static string? Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number when value.TryGetInt64(out long number) => number.ToString(CultureInfo.InvariantCulture),
        _ => TokenParts.StringOf(value),
    };
}
