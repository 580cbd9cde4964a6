using System.Text;

namespace Sallyport.Policy.Yaml;

/// <summary>The members of an enum as documents write them: <c>CopyTo</c> is <c>copy-to</c>.</summary>
public static class KebabNames
{
    /// <summary>All members of an enum by name.</summary>
    public static IReadOnlyDictionary<string, T> Of<T>()
        where T : struct, Enum => Table<T>.ByName;

    /// <summary>The name of one member; its number when it has no name.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => Write(value.ToString());

    private static string Write(string pascal)
    {
        StringBuilder kebab = new(pascal.Length + 4);
        foreach (char c in pascal)
        {
            if (char.IsAsciiLetterUpper(c) && kebab.Length > 0)
                kebab.Append('-');
            kebab.Append(char.ToLowerInvariant(c));
        }

        return kebab.ToString();
    }

    private static class Table<T>
        where T : struct, Enum
    {
        // A plain dictionary keeps the order of declaration, which messages list.
        public static readonly Dictionary<string, T> ByName =
            Enum.GetValues<T>().ToDictionary(v => Write(v.ToString()), StringComparer.Ordinal);
    }
}
