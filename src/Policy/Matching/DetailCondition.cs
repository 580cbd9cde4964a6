namespace Sallyport.Policy.Matching;

/// <summary>
/// What a rule says of one attribute of the action's details. For granting all values must match, and there must be one; for stopping one that matches suffices.
/// </summary>
/// <param name="Text">The attribute as it was written, and its values.</param>
/// <param name="Attribute">Of the attribute.</param>
/// <param name="Values">Of its values.</param>
internal sealed record DetailCondition(string Text, Glob Attribute, IReadOnlyList<Glob> Values)
{
    private static readonly byte[] FieldPrefix = "field:"u8.ToArray();
    private readonly Glob[] _values = [.. Values];

    /// <summary>It is about a field of the request's object.</summary>
    public bool IsField { get; init; }

    /// <summary>True when the details fit.</summary>
    public bool Matches(in ActionDetails details, bool narrow)
    {
        bool found = false;
        for (int i = 0; i < details.Count; i++)
        {
            if (!Attribute.Matches(details.Attribute(i)))
                continue;
            bool fits = MatchesValue(details.Value(i));
            if (fits != narrow)
                return fits;
            found = true;
        }

        return narrow && found;
    }

    /// <summary>True when every field of the object is one that some condition is about.</summary>
    public static bool CoverAllFields(ReadOnlySpan<DetailCondition> conditions, in ActionDetails details)
    {
        for (int i = 0; i < details.Count; i++)
        {
            ReadOnlySpan<byte> attribute = details.Attribute(i);
            if (!attribute.StartsWith(FieldPrefix))
                continue;
            bool covered = false;
            foreach (DetailCondition condition in conditions)
                covered |= condition.IsField && condition.Attribute.Matches(attribute);
            if (!covered)
                return false;
        }

        return true;
    }

    private bool MatchesValue(ReadOnlySpan<byte> value)
    {
        foreach (Glob pattern in _values)
        {
            if (pattern.Matches(value))
                return true;
        }

        return false;
    }
}
