namespace Sallyport.Policy.Yaml;

/// <summary>
/// A map of a document, read by typed getters. A getter never throws: what is wrong goes to the <see cref="DiagnosticBag"/> with its place,
/// and a harmless value is returned, so that one pass finds every error. Each getter also makes its key known;
/// <see cref="ReportUnknownKeys"/> at the end finds the keys that nobody asked for.
/// </summary>
/// <remarks>The getters for single values are in YamlMap.Values.cs, those for lists and maps in YamlMap.Nested.cs.</remarks>
public sealed partial class YamlMap
{
    private readonly Dictionary<string, (YamlText Key, YamlNode Value)> _entries = new(StringComparer.Ordinal);
    private readonly List<YamlText> _keys = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly DiagnosticBag _bag;
    private readonly string _path;

    internal YamlMap(YamlMark mark, string path, DiagnosticBag bag)
    {
        Mark = mark;
        _path = path;
        _bag = bag;
    }

    /// <summary>Where the map begins.</summary>
    public YamlMark Mark { get; }

    /// <summary>The keys in the order of the file.</summary>
    public IReadOnlyList<YamlText> Keys => _keys;

    /// <summary>True when the key is there. Makes it known.</summary>
    public bool Has(string key)
    {
        _known.Add(key);
        return _entries.ContainsKey(key);
    }

    /// <summary>Where the value of a key stands; where the map begins when the key is missing.</summary>
    public YamlMark MarkOf(string key) => _entries.TryGetValue(key, out (YamlText Key, YamlNode Value) entry) ? entry.Value.Mark : Mark;

    /// <summary>Reports an error at the value of a key; at the map when the key is missing.</summary>
    public void Error(string key, string message, string? suggestion = null) => _bag.Error(MarkOf(key), message, suggestion);

    /// <summary>Reports an error unless the key is there. Makes it known.</summary>
    /// <returns>True when it is there.</returns>
    public bool Require(string key)
    {
        if (Has(key))
            return true;
        string where = _path.Length == 0 ? "" : $" in {_path}";
        // A misspelt key is reported once, as what it was meant to be.
        YamlText? misspelt = _keys.Where(k => !_known.Contains(k.Value) && Nearest.Of(k.Value, [key]) is not null).Cast<YamlText?>().FirstOrDefault();
        if (misspelt is null)
            _bag.Error(Mark, $"\"{key}\" is missing{where}.");
        return false;
    }

    /// <summary>
    /// Reports every key that no getter asked for, with the nearest known one, in this map and in all maps below it that were read.
    /// Call it once, on the document, after everything has been read.
    /// </summary>
    public void ReportUnknownKeys()
    {
        foreach (YamlText key in _keys)
        {
            if (_known.Contains(key.Value))
            {
                ReportBelow(_entries[key.Value].Value);
                continue;
            }

            string where = _path.Length == 0 ? "" : $" in {_path}";
            string? near = Nearest.Of(key.Value, _known.Where(k => !_entries.ContainsKey(k)));
            string known = near is null ? $" Known here: {string.Join(", ", _known.Order(StringComparer.Ordinal))}." : "";
            _bag.Error(key.Mark, $"\"{key.Value}\" is not known{where}.{known}", near);
        }
    }

    internal bool TryAdd(YamlText key, YamlNode value, out YamlMark first)
    {
        bool added = _entries.TryAdd(key.Value, (key, value));
        first = _entries[key.Value].Key.Mark;
        if (added)
            _keys.Add(key);
        return added;
    }

    private static void ReportBelow(YamlNode node)
    {
        // A map that was never read has been reported as what it is not, or not needed because of another error.
        if (node is YamlMapNode { Map: YamlMap map } && map._known.Count > 0)
            map.ReportUnknownKeys();
        else if (node is YamlList list)
            list.Items.ForEach(ReportBelow);
    }

    private YamlNode? Find(string key)
    {
        _known.Add(key);
        return _entries.TryGetValue(key, out (YamlText Key, YamlNode Value) entry) ? entry.Value : null;
    }
}
