namespace Sallyport.Policy.Yaml;

public sealed partial class YamlMap
{
    /// <summary>True when a single value stands under the key, for callers who have more to say about that than "must be a map". Makes it known.</summary>
    public bool IsSingle(string key) => Find(key) is YamlScalar { IsEmpty: false };
}
