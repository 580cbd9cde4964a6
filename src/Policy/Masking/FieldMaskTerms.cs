using Sallyport.Contract;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Masking;

/// <summary>
/// Which fields of which answers a mask is about. Requests are matched as rules that stop match them: whatever could be about a resource is.
/// </summary>
/// <param name="Texts">The patterns of fields, as they were written.</param>
/// <param name="Resources">Of a Kubernetes cluster; null: of none.</param>
/// <param name="Paths">Of HTTP; null: none.</param>
internal sealed record FieldMaskTerms(IReadOnlyList<string> Texts, ResourceConditions? Resources, IReadOnlyList<PathPattern>? Paths)
{
    private readonly Glob[] _fields = [.. Texts.Select(t => FieldPattern.Compile(FieldPattern.Dotted(t)))];

    /// <summary>True when the mask is about what this request is answered with.</summary>
    public bool IsAbout(in ActionView request)
    {
        foreach (ref readonly ObjectRef effect in request.Objects)
        {
            switch (EffectSorts.Of(effect.Verb))
            {
                case EffectSort.Resource when Resources is not null
                        && Resources.Matches(new ResourceName(effect.Verb, effect.Qualifier(request.Names), effect.Name(request.Names)), narrow: false):
                case EffectSort.Path when Paths is not null && MatchesPath(request.Names.Slice(effect.Start, effect.Length)):
                    return true;
            }
        }

        return false;
    }

    /// <summary>True when the field matches.</summary>
    /// <param name="dotted">Its path, in the form of <see cref="FieldPattern.Dotted"/>.</param>
    public bool Matches(ReadOnlySpan<byte> dotted)
    {
        foreach (Glob field in _fields)
        {
            if (field.Matches(dotted))
                return true;
        }

        return false;
    }

    /// <summary>True when some field below matches.</summary>
    /// <param name="dotted">The path of a map, with a dot behind it.</param>
    public bool MatchesBelow(ReadOnlySpan<byte> dotted)
    {
        foreach (Glob field in _fields)
        {
            if (field.MatchesBelow(dotted))
                return true;
        }

        return false;
    }

    private bool MatchesPath(ReadOnlySpan<byte> path)
    {
        foreach (PathPattern pattern in Paths!)
        {
            if (pattern.Matches(path, PathReading.Wide))
                return true;
        }

        return false;
    }
}
