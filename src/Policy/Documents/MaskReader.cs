using Sallyport.Policy.Masking;
using Sallyport.Policy.Masking.Streams;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads the entries of <c>mask</c>.</summary>
internal sealed class MaskReader(DiagnosticBag bag, MaskStrategies strategies)
{
    private static readonly Dictionary<string, string> DetectWords = Detectors.Words.Keys.ToDictionary(w => w, StringComparer.Ordinal);

    private static readonly string[] Scopes = ["resources", "namespaces", "names", "paths"];

    /// <summary>Reads one.</summary>
    public ColumnMask Read(YamlMap map, string document, string id)
    {
        IReadOnlyList<string> detect = map.Words("detect", DetectWords);
        if (!map.Has("detect") && !map.Has("fields"))
            map.Require("columns");
        else if (map.Has("columns"))
            map.Error(map.Has("detect") ? "detect" : "fields", "\"detect\" is about texts wherever they are, \"columns\" about SQL, \"fields\" about HTTP: make two masks of them.");
        else if (map.Has("detect") && map.Has("fields"))
            map.Error("detect", "\"detect\" finds values wherever they are, \"fields\" names them: make two masks of them.");
        List<ColumnPattern> columns = [];
        foreach (YamlText text in map.Texts("columns", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (ColumnPattern.Parse(text.Value, out string? error, out string? suggestion) is ColumnPattern pattern)
                columns.Add(pattern);
            else
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.", suggestion);
            RuleReader.WarnOfCapitals(bag, text);
        }

        FieldMaskTerms? fields = Fields(map);
        map.Require("with");
        if (map.TryWord("with", MaskStrategies.Words, out MaskStrategy strategy) && strategies.Of(strategy) is null)
            map.Error("with", "\"hash\" needs a mask key, and none is configured.");
        if (map.Has("detect") && map.Has("with") && strategy == MaskStrategy.Null)
            map.Error("with", "There is no NULL in a stream of text.", "redact");
        return new ColumnMask($"{document}/{id}", columns, detect, strategy) { Fields = fields };
    }

    private FieldMaskTerms? Fields(YamlMap map)
    {
        // Read in any case, so that all errors come at once.
        List<string> texts = [];
        foreach (YamlText text in map.Texts("fields", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (FieldPattern.Check(text.Value, out string? suggestion) is string error)
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.", suggestion);
            else
                texts.Add(text.Value);
        }

        ResourceConditions? resources = map.Has("resources") ? new ResourceReader(bag).Read(map, [null], stops: true) : null;
        List<PathPattern> paths = [];
        foreach (YamlText text in map.Texts("paths", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (PathPattern.Parse(text.Value, out string? error) is PathPattern pattern)
                paths.Add(pattern);
            else
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.");
        }

        string? scope = Scopes.FirstOrDefault(map.Has);
        if (!map.Has("fields"))
        {
            if (scope is not null)
                map.Error(scope, $"\"{scope}\" says where the \"fields\" of a mask are, and there are none.");
            return null;
        }

        if (!map.Has("resources") && !map.Has("paths"))
            map.Error("fields", "\"fields\" needs \"resources\" of Kubernetes (\"*\" for all) or \"paths\" of HTTP: otherwise nothing says where they are.");
        else if (!map.Has("resources") && scope is "namespaces" or "names")
            map.Error(scope, $"\"{scope}\" needs \"resources\".");
        return new FieldMaskTerms(texts, resources, map.Has("paths") ? paths : null);
    }
}
