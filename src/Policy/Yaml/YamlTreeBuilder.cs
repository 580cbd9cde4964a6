using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sallyport.Policy.Yaml;

/// <summary>Makes trees of the parser's events. Recursion is bounded by <see cref="YamlLimits.Depth"/>.</summary>
internal sealed class YamlTreeBuilder(string file, IParser parser, DiagnosticBag bag, YamlLimits limits)
{
    private int _nodes;

    /// <summary>Adds every document that is a map to <paramref name="documents"/> until the end, or the first thing that makes going on senseless.</summary>
    /// <exception cref="YamlException">The text is not YAML, or is a part of YAML that is refused.</exception>
    public void ReadAll(List<YamlMap> documents)
    {
        int count = 0;
        while (parser.MoveNext())
        {
            if (parser.Current is not DocumentStart start)
                continue;
            if (++count > limits.Documents)
                throw Refuse(start, $"More than {limits.Documents} documents in one file.");
            parser.MoveNext();
            switch (Node(Next(), path: "", depth: 1))
            {
                case YamlMapNode map:
                    documents.Add(map.Map);
                    break;
                case YamlScalar { IsEmpty: true }:
                    break;
                case YamlNode other:
                    bag.Error(other.Mark, $"A document is a map (key: value), but this is {other.Kind}.");
                    break;
            }
        }
    }

    private ParsingEvent Next() =>
        parser.Current ?? throw new YamlException("The text ends in the middle of a document.");

    private YamlNode Node(ParsingEvent e, string path, int depth)
    {
        if (++_nodes > limits.Nodes)
            throw Refuse(e, $"More than {limits.Nodes} values in one file.");
        if (depth > limits.Depth)
            throw Refuse(e, $"Nested more than {limits.Depth} levels deep.");
        if (e is AnchorAlias)
            throw Refuse(e, "Aliases (*name) are not supported: write the value out.");
        if (e is NodeEvent node && !node.Anchor.IsEmpty)
            throw Refuse(e, "Anchors (&name) are not supported: write the value out. Quote a value that begins with &.");
        if (e is NodeEvent { Tag.IsEmpty: false })
            throw Refuse(e, "Tags (!name) are not supported. Quote a value that begins with !.");
        return e switch
        {
            Scalar scalar => Value(scalar),
            SequenceStart => List(e, path, depth),
            MappingStart => Map(e, path, depth),
            _ => throw Refuse(e, "A value was expected here."),
        };
    }

    private YamlScalar Value(Scalar scalar)
    {
        foreach (char c in scalar.Value)
        {
            if (YamlText.IsUnprintable(c) && c is not ('\n' or '\t'))
                throw Refuse(scalar, $"The character U+{(int)c:X4} is not allowed: it does not show, or hides other text.");
        }

        return new YamlScalar(MarkOf(scalar), scalar.Value, scalar.Style == ScalarStyle.Plain);
    }

    private YamlList List(ParsingEvent start, string path, int depth)
    {
        YamlList list = new(MarkOf(start));
        while (parser.MoveNext() && Next() is not SequenceEnd)
            list.Items.Add(Node(Next(), $"{path}[{list.Items.Count}]", depth + 1));
        return list;
    }

    private YamlMapNode Map(ParsingEvent start, string path, int depth)
    {
        YamlMap map = new(MarkOf(start), path, bag);
        while (parser.MoveNext() && Next() is not MappingEnd)
        {
            ParsingEvent at = Next();
            if (Node(at, path, depth + 1) is not YamlScalar { IsEmpty: false } key)
                throw Refuse(at, "A key must be a single word.");
            if (!parser.MoveNext())
                break;
            YamlNode value = Node(Next(), path.Length == 0 ? key.Value : $"{path}.{key.Value}", depth + 1);
            if (!map.TryAdd(new YamlText(key.Value, key.Mark), value, out YamlMark first))
                bag.Error(key.Mark, $"\"{key.Value}\" is given twice: first at line {first.Line}.");
        }

        return new YamlMapNode(map);
    }

    private YamlMark MarkOf(ParsingEvent e) => new(file, (int)e.Start.Line, (int)e.Start.Column);

    private static SemanticErrorException Refuse(ParsingEvent e, string message) => new(e.Start, e.End, message);
}
