using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>A column of the table form: its heading, OpenAPI type, and what of an object stands there. Priority 1: only with <c>-o wide</c>.</summary>
internal sealed record TableColumn(string Name, Func<JsonObject, JsonNode?> Value, string Type = "string", int Priority = 0);

/// <summary>A kind of object the API has.</summary>
internal sealed record ResourceKind(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    public string Singular { get; init; } = Kind.ToLowerInvariant();

    public string[] ShortNames { get; init; } = [];

    public string[] Categories { get; init; } = [];

    /// <summary>Each with the group/version and kind of its body, and its verbs.</summary>
    public Subresource[] Subresources { get; init; } = [];

    public TableColumn[] Columns { get; init; } = [];

    /// <summary>False for what can only be created: reviews.</summary>
    public bool Stored { get; init; } = true;

    /// <summary>True for a kind that somebody defined: it knows no strategic merge.</summary>
    public bool Custom { get; init; }

    public string ApiVersion => Group.Length > 0 ? $"{Group}/{Version}" : Version;

    /// <summary>What the store tells kinds apart by: all versions of a kind are the same objects.</summary>
    public string Key => $"{Group}/{Plural}";

    public string[] Verbs => Stored ? ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] : ["create"];
}

/// <summary>A subresource: <c>pods/exec</c>.</summary>
internal sealed record Subresource(string Name, string Kind, string[] Verbs, string? Group = null, string? Version = null);
