using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads the <c>match</c> block of a document.</summary>
internal sealed class MatchReader(DiagnosticBag bag)
{
    // A login that is older than this is no step up: the session itself is limited by less.
    private static readonly TimeSpan OldestLogin = TimeSpan.FromDays(30);
    private static readonly TimeSpan YoungestLogin = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, ActingAs> ActingWords = new(StringComparer.Ordinal)
    {
        ["self"] = ActingAs.Self,
        ["for-another"] = ActingAs.ForAnother,
    };

    private readonly WindowReader _windows = new(bag);

    /// <summary>Reads the block; the text of each condition goes to <paramref name="texts"/>.</summary>
    public DocumentMatch Read(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        DocumentMatch[] not = [.. map.Maps("not", PolicyLimits.ListEntries).Select(Not)];
        foreach (DocumentMatch exception in not)
            Note(texts, MatchCondition.Not, exception.Text);
        return Conditions(map, texts) with { Not = not };
    }

    private DocumentMatch Not(YamlMap map)
    {
        Dictionary<MatchCondition, string> texts = [];
        DocumentMatch match = Conditions(map, texts);
        if (map.Keys.Count == 0)
            bag.Error(map.Mark, "\"not\" needs a condition: without one the document would never apply.");
        return match with { Text = string.Join("; ", texts.OrderBy(t => t.Key).Select(t => $"{KebabNames.Name(t.Key)}: {t.Value}")) };
    }

    private DocumentMatch Conditions(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        ActingAs acting = Acting(map, texts);
        List<Glob> actingFor = Globs(map, "acting-for", MatchCondition.ActingFor, texts);
        if (acting == ActingAs.Self && actingFor.Count > 0)
            map.Error("acting-for", "Whoever acts for another does not act for itself: with \"acting: self\" this never holds.");
        return new DocumentMatch
        {
            Subjects = Globs(map, "subjects", MatchCondition.Subjects, texts),
            Issuers = Globs(map, "issuers", MatchCondition.Issuers, texts),
            Groups = Globs(map, "groups", MatchCondition.Groups, texts),
            Kinds = Kinds(map, texts),
            Targets = Globs(map, "targets", MatchCondition.Targets, texts),
            Resources = Globs(map, "resources", MatchCondition.Resources, texts),
            Sources = Sources(map, texts),
            Time = [.. map.Maps("time", PolicyLimits.ListEntries).Select(m => Window(m, texts))],
            Acting = acting,
            ActingFor = actingFor,
            LoginContexts = Globs(map, "acr", MatchCondition.Acr, texts),
            AuthenticatedWithin = AuthenticatedWithin(map, texts),
        };
    }

    private static ActingAs Acting(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        if (!map.TryWord("acting", ActingWords, out ActingAs acting))
            return ActingAs.Either;
        Note(texts, MatchCondition.Acting, KebabNames.Name(acting));
        return acting;
    }

    private static TimeSpan? AuthenticatedWithin(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        TimeSpan? within = map.Duration("authenticated-within", YoungestLogin, OldestLogin);
        if (within is TimeSpan length)
            Note(texts, MatchCondition.AuthenticatedWithin, Durations.Format(length));
        return within;
    }

    private TimeWindow Window(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        TimeWindow window = _windows.Weekly(map, "time");
        Note(texts, MatchCondition.Time, window.Text);
        return window;
    }

    private List<Glob> Globs(YamlMap map, string key, MatchCondition condition, Dictionary<MatchCondition, string> texts)
    {
        List<Glob> globs = [];
        foreach (YamlText text in map.Texts(key, PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (text.Value.Count(c => c is '*' or '?') > DottedPattern.MaxWildcards)
                bag.Error(text.Mark, $"\"{text.Value}\" has more than {DottedPattern.MaxWildcards} wildcards.");
            globs.Add(Glob.Compile(text.Value));
            Note(texts, condition, text.Value);
        }

        return globs;
    }

    private static IReadOnlyList<IdentityKind> Kinds(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        IReadOnlyList<IdentityKind> kinds = map.Words("kinds", KebabNames.Of<IdentityKind>());
        foreach (IdentityKind kind in kinds)
            Note(texts, MatchCondition.Kinds, KebabNames.Name(kind));
        return kinds;
    }

    private List<SourceRange> Sources(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        List<SourceRange> ranges = [];
        foreach (YamlText text in map.Texts("sources", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (SourceRange.Parse(text.Value, out string? error, out string? suggestion) is SourceRange range)
                ranges.Add(range);
            else
                bag.Error(text.Mark, error!, suggestion);
            Note(texts, MatchCondition.Sources, text.Value);
        }

        return ranges;
    }

    private static void Note(Dictionary<MatchCondition, string> texts, MatchCondition condition, string text) =>
        texts[condition] = texts.TryGetValue(condition, out string? before) ? $"{before}, {text}" : text;
}
