namespace Sallyport.Policy.Yaml;

public sealed partial class YamlMap
{
    /// <summary>Most entries of a list when the caller names no limit.</summary>
    public const int DefaultListLength = 10_000;

    /// <summary>A list of texts, each with its place; a single text counts as a list of one. Empty when the key is missing or wrong; an empty list is an error.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maxLength">Longest text, in characters.</param>
    /// <param name="maxCount">Longest list.</param>
    public IReadOnlyList<YamlText> Texts(string key, int maxLength = DefaultTextLength, int maxCount = DefaultListLength)
    {
        List<YamlText> texts = [];
        foreach (YamlNode node in ItemsOf(key, maxCount))
        {
            if (TextOf(key, node, maxLength) is YamlText text)
                texts.Add(text);
        }

        return texts;
    }

    /// <summary>A list of words, each one of some; a single word counts as a list of one. Empty when the key is missing or wrong.</summary>
    public IReadOnlyList<T> Words<T>(string key, IReadOnlyDictionary<string, T> words)
    {
        List<T> values = [];
        foreach (YamlText text in Texts(key))
        {
            if (words.TryGetValue(text.Value, out T? value))
                values.Add(value);
            else
                _bag.Error(text.Mark, NotAWord(text.Value, words.Keys, out string? near), near);
        }

        return values;
    }

    /// <summary>A map; null when the key is missing or something else.</summary>
    public YamlMap? Map(string key)
    {
        YamlNode? node = Find(key);
        if (node is null or YamlMapNode)
            return (node as YamlMapNode)?.Map;
        _bag.Error(node.Mark, $"\"{key}\" must be a map (key: value), but this is {node.Kind}.");
        return null;
    }

    /// <summary>A map that must be there; null (and an error) when it is not.</summary>
    public YamlMap? RequiredMap(string key) => Require(key) ? Map(key) : null;

    /// <summary>A list of maps; a single map counts as a list of one. Empty when the key is missing or wrong; an empty list is an error.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maxCount">Longest list.</param>
    public IReadOnlyList<YamlMap> Maps(string key, int maxCount = DefaultListLength)
    {
        List<YamlMap> maps = [];
        foreach (YamlNode node in ItemsOf(key, maxCount))
        {
            if (node is YamlMapNode map)
                maps.Add(map.Map);
            else
                _bag.Error(node.Mark, $"An entry of \"{key}\" must be a map (key: value), but this is {node.Kind}.");
        }

        return maps;
    }

    /// <summary>A map whose keys are names of the author's choice and whose values are maps (<c>targets:</c>). Empty when the key is missing or wrong.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maxCount">Most names.</param>
    public IReadOnlyList<(YamlText Name, YamlMap Map)> NamedMaps(string key, int maxCount = DefaultListLength)
    {
        List<(YamlText, YamlMap)> named = [];
        if (Map(key) is not YamlMap outer)
            return named;
        if (outer._keys.Count > maxCount)
            _bag.Error(outer.Mark, $"\"{key}\" has more than {maxCount} entries.");
        foreach (YamlText name in outer._keys.Take(maxCount))
        {
            if (outer.Map(name.Value) is YamlMap inner)
                named.Add((name, inner));
        }

        return named;
    }

    /// <summary>A map whose keys are names of the author's choice and whose values are texts. Empty when the key is missing or wrong.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maxLength">Longest text, in characters.</param>
    /// <param name="maxCount">Most names.</param>
    public IReadOnlyList<(YamlText Name, YamlText Value)> NamedTexts(string key, int maxLength = DefaultTextLength, int maxCount = DefaultListLength)
    {
        List<(YamlText, YamlText)> named = [];
        if (Map(key) is not YamlMap outer)
            return named;
        if (outer._keys.Count > maxCount)
            _bag.Error(outer.Mark, $"\"{key}\" has more than {maxCount} entries.");
        foreach (YamlText name in outer._keys.Take(maxCount))
        {
            if (TextOf(name.Value, outer.Find(name.Value), maxLength) is YamlText value)
                named.Add((name, value));
        }

        return named;
    }

    /// <summary>
    /// A map whose keys are names of the author's choice and whose values are lists of texts, a single text counting as a list of one. Empty when the key is missing or wrong.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="maxLength">Longest text, in characters.</param>
    /// <param name="maxCount">Most names, and longest list.</param>
    public IReadOnlyList<(YamlText Name, IReadOnlyList<YamlText> Values)> NamedLists(string key, int maxLength = DefaultTextLength, int maxCount = DefaultListLength)
    {
        List<(YamlText, IReadOnlyList<YamlText>)> named = [];
        if (Map(key) is not YamlMap outer)
            return named;
        if (outer._keys.Count == 0)
            _bag.Error(outer.Mark, $"\"{key}\" must not be empty: leave it out, or name something.");
        if (outer._keys.Count > maxCount)
            _bag.Error(outer.Mark, $"\"{key}\" has more than {maxCount} entries.");
        foreach (YamlText name in outer._keys.Take(maxCount))
            named.Add((name, outer.Texts(name.Value, maxLength, maxCount)));
        return named;
    }

    // A list that is there but empty is refused: "groups: []" could be read as "nobody" or as "no condition".
    private List<YamlNode> ItemsOf(string key, int maxCount)
    {
        YamlNode? node = Find(key);
        if (node is null)
            return [];
        if (node is not YamlList list)
            return [node];
        if (list.Items.Count == 0)
            _bag.Error(node.Mark, $"\"{key}\" must not be empty: leave it out, or name something.");
        if (list.Items.Count > maxCount)
            _bag.Error(node.Mark, $"\"{key}\" has more than {maxCount} entries.");
        return list.Items.Count > maxCount ? list.Items[..maxCount] : list.Items;
    }
}
