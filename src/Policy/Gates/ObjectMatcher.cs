using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>
/// The objects of one rule, compiled: literal names are looked up, only patterns with a wildcard are tried one by one.
/// Says the same as <see cref="ObjectPattern.Matches"/> of all patterns in turn.
/// </summary>
internal sealed class ObjectMatcher
{
    private readonly bool _everything;
    private readonly bool _noObject;
    private readonly NameSet _qualified;
    private readonly NameSet _anySchema;
    private readonly NameSet _bareWide;
    private readonly NameSet _bareNarrow;
    private readonly ObjectPattern[] _qualifiedPatterns;
    private readonly ObjectPattern[] _barePatterns;

    public ObjectMatcher(IReadOnlyList<ObjectPattern> patterns, bool noObject)
    {
        _everything = patterns.Any(p => p.IsEverything);
        _noObject = noObject;
        ObjectPattern[] literalNames = [.. patterns.Where(p => p.Name.IsLiteral)];
        _qualified = new NameSet([.. literalNames.Where(p => p.Schema is { IsLiteral: true }).Select(p => (p.Schema!.Bytes, p.Name.Bytes))]);
        _anySchema = Bare(literalNames.Where(p => p.Schema is null));
        _bareWide = Bare(literalNames);
        _bareNarrow = Bare(literalNames.Where(p => p.IsOnDefaultPath));
        _qualifiedPatterns = [.. patterns.Where(p => !p.Name.IsLiteral || p.Schema is { IsLiteral: false })];
        _barePatterns = [.. patterns.Where(p => !p.Name.IsLiteral)];
    }

    /// <summary>One of the patterns is <c>*</c>, which matches every effect of every sort.</summary>
    public bool IsEverything => _everything;

    /// <summary>True when a pattern matches the effect's object; <paramref name="narrow"/> as in <see cref="ObjectPattern.Matches"/>.</summary>
    public bool Matches(in EffectName effect, bool narrow)
    {
        if (_everything)
            return true;
        if (!effect.HasObject)
            return _noObject;
        return effect.HasQualifier ? MatchesQualified(effect) : MatchesBare(effect, narrow);
    }

    private static NameSet Bare(IEnumerable<ObjectPattern> patterns) => new([.. patterns.Select(p => (Array.Empty<byte>(), p.Name.Bytes))]);

    private bool MatchesQualified(in EffectName effect)
    {
        if (_qualified.Contains(effect.FullHash, effect.Qualifier, effect.Name) || _anySchema.Contains(effect.NameHash, [], effect.Name))
            return true;
        foreach (ObjectPattern pattern in _qualifiedPatterns)
        {
            if ((pattern.Schema is null || pattern.Schema.Matches(effect.Qualifier)) && pattern.Name.Matches(effect.Name))
                return true;
        }

        return false;
    }

    private bool MatchesBare(in EffectName effect, bool narrow)
    {
        if ((narrow ? _bareNarrow : _bareWide).Contains(effect.NameHash, [], effect.Name))
            return true;
        foreach (ObjectPattern pattern in _barePatterns)
        {
            if ((!narrow || pattern.IsOnDefaultPath) && pattern.Name.Matches(effect.Name))
                return true;
        }

        return false;
    }
}
