using System.Text.Json;
using System.Text.Json.Serialization;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Approvals;

/// <summary>An effect as it is kept.</summary>
/// <param name="Verb">Policy's word.</param>
/// <param name="Name">To what; empty: to nothing that has a name.</param>
internal sealed record KeptEffect(string Verb, string Name);

/// <summary>A parameter as it is kept.</summary>
internal sealed record KeptParameter(string Type, string? Value);

/// <summary>The columns of approvals that hold lists and records, as JSON.</summary>
internal static class ApprovalJson
{
    public static string Write(IReadOnlyList<string> texts) => JsonSerializer.Serialize(texts, ApprovalJsonTypes.Default.IReadOnlyListString);

    public static string Write(ReleaseTerms terms) => JsonSerializer.Serialize(terms, ApprovalJsonTypes.Default.ReleaseTerms);

    public static string Write(IReadOnlyList<HeldEffect> effects) =>
        JsonSerializer.Serialize([.. effects.Select(e => new KeptEffect(KebabNames.Name(e.Verb), e.Name))], ApprovalJsonTypes.Default.IReadOnlyListKeptEffect);

    public static string Write(IReadOnlyList<HeldParameter> parameters) =>
        JsonSerializer.Serialize([.. parameters.Select(p => new KeptParameter(p.Type, p.Value))], ApprovalJsonTypes.Default.IReadOnlyListKeptParameter);

    public static IReadOnlyList<string> Texts(string json) => JsonSerializer.Deserialize(json, ApprovalJsonTypes.Default.IReadOnlyListString) ?? [];

    public static ReleaseTerms Terms(string json) =>
        JsonSerializer.Deserialize(json, ApprovalJsonTypes.Default.ReleaseTerms) ?? throw new JsonException("no terms");

    public static IReadOnlyList<KeptEffect> Effects(string json) => JsonSerializer.Deserialize(json, ApprovalJsonTypes.Default.IReadOnlyListKeptEffect) ?? [];

    public static IReadOnlyList<KeptParameter> Parameters(string json) =>
        JsonSerializer.Deserialize(json, ApprovalJsonTypes.Default.IReadOnlyListKeptParameter) ?? [];
}

/// <summary>Made by the compiler: strict about nothing being missing.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<KeptEffect>))]
[JsonSerializable(typeof(IReadOnlyList<KeptParameter>))]
[JsonSerializable(typeof(ReleaseTerms))]
[JsonSerializable(typeof(string))]
internal sealed partial class ApprovalJsonTypes : JsonSerializerContext;
