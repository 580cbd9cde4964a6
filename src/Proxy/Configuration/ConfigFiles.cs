using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads paths: a relative one is relative to the configuration file, wherever the daemon was started.</summary>
internal sealed class ConfigFiles(string directory)
{
    /// <summary>A path that must be there.</summary>
    public ConfigPath Required(YamlMap map, string key) => map.Require(key) ? Optional(map, key) ?? default : default;

    /// <summary>A path; null when it is not there.</summary>
    public ConfigPath? Optional(YamlMap map, string key) =>
        map.Text(key) is { } text ? new ConfigPath(Absolute(text), map.MarkOf(key)) : null;

    /// <summary>The path made absolute.</summary>
    public string Absolute(string path) => Path.GetFullPath(path, directory);
}
