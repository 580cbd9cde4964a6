namespace Sallyport.Policy.Yaml;

/// <summary>A value of a document. A closed set: scalar, list, map.</summary>
internal abstract class YamlNode(YamlMark mark)
{
    public YamlMark Mark { get; } = mark;

    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

internal sealed class YamlScalar(YamlMark mark, string value, bool plain) : YamlNode(mark)
{
    public string Value { get; } = value;

    /// <summary>Written without quotes, so that a word such as <c>null</c> or <c>true</c> may mean more than its letters.</summary>
    public bool IsPlain { get; } = plain;

    /// <summary>Nothing stands after the key (YAML 1.2.2, 10.3.2: these plain words mean null).</summary>
    public bool IsEmpty => IsPlain && Value is ("" or "~");

    public override string Kind => IsEmpty ? "nothing" : "a single value";
}

internal sealed class YamlList(YamlMark mark) : YamlNode(mark)
{
    public List<YamlNode> Items { get; } = [];

    public override string Kind => "a list";
}

internal sealed class YamlMapNode(YamlMap map) : YamlNode(map.Mark)
{
    public YamlMap Map { get; } = map;

    public override string Kind => "a map";
}
