using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sallyport.Proxy.Admin;

/// <summary>The JSON of the admin API: camelCase members, kebab-case words, absent instead of null; what is not known is refused.</summary>
internal static class AdminJson
{
    /// <summary>Server and client.</summary>
    public static JsonSerializerOptions Options { get; } = Set(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    /// <summary>For people to read.</summary>
    public static JsonSerializerOptions Indented { get; } = new(Options) { WriteIndented = true };

    /// <summary>For answers: what a newer server says beyond what is known is passed over, and what is absent is null, as that is how it is written.</summary>
    public static JsonSerializerOptions Lenient { get; } = new(Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip, RespectRequiredConstructorParameters = false };

    public static JsonSerializerOptions Set(JsonSerializerOptions options)
    {
        options.MaxDepth = AdminLimits.JsonDepth;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        return options;
    }
}
