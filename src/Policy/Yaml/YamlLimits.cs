namespace Sallyport.Policy.Yaml;

/// <summary>What the reader takes at most. Files are written by people; whatever is larger is a mistake or an attack.</summary>
public sealed record YamlLimits
{
    /// <summary>The limits that are used when none are given.</summary>
    public static YamlLimits Default { get; } = new();

    /// <summary>Largest file, in bytes.</summary>
    public int FileBytes { get; init; } = 1 << 20;

    /// <summary>Most documents in one file.</summary>
    public int Documents { get; init; } = 256;

    /// <summary>Deepest nesting of maps and lists. The deepest format in use has six levels.</summary>
    public int Depth { get; init; } = 16;

    /// <summary>Most keys, values, lists and maps in one file: bounds the memory that a file can cost.</summary>
    public int Nodes { get; init; } = 200_000;
}
