using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>
/// One entry of a rule's <c>objects</c>: <c>schema.name</c>, or <c>name</c> in any schema. <c>*</c> alone means every effect, those without
/// an object included.
/// </summary>
internal sealed class ObjectPattern
{
    // Where PostgreSQL looks for a name without a schema, as long as search_path is not changed (PostgreSQL 5.10.3); a change of it is an effect
    // of its own, (set, search_path), that rules must allow.
    private static readonly byte[][] DefaultPath = ["public"u8.ToArray(), "pg_catalog"u8.ToArray()];

    private ObjectPattern(string text, Glob? schema, Glob name)
    {
        Text = text;
        Schema = schema;
        Name = name;
        IsEverything = schema is null && name.IsAny;
        IsOnDefaultPath = schema is null || DefaultPath.Any(s => schema.Matches(s));
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Of the schema; null: any.</summary>
    public Glob? Schema { get; }

    /// <summary>Of the name.</summary>
    public Glob Name { get; }

    /// <summary>Matches every effect, those without an object included.</summary>
    public bool IsEverything { get; }

    /// <summary>A name without a schema can mean an object of this pattern's schema.</summary>
    public bool IsOnDefaultPath { get; }

    /// <summary>Reads a pattern.</summary>
    public static ObjectPattern? Parse(string text, out string? error)
    {
        if (!DottedPattern.TryParse(text, maxParts: 2, out IReadOnlyList<Glob> parts, out error))
            return null;
        return parts.Count == 2 ? new ObjectPattern(text, parts[0], parts[1]) : new ObjectPattern(text, null, parts[0]);
    }

    /// <summary>
    /// True when the object of an effect matches. A name without a schema matches widely (whatever the pattern's schema) where that means
    /// refusing or holding, and narrowly (only schemas of the default path) where it means allowing.
    /// </summary>
    public bool Matches(in ObjectRef effect, ReadOnlySpan<byte> names, bool narrow)
    {
        if (IsEverything)
            return true;
        if (effect.Length == 0 || !Name.Matches(effect.Name(names)))
            return false;
        return effect.QualifierLength == 0
            ? !narrow || IsOnDefaultPath
            : Schema is null || Schema.Matches(effect.Qualifier(names));
    }
}
