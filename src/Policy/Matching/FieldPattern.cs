using System.Text;

namespace Sallyport.Policy.Matching;

/// <summary>A pattern of paths of fields: a text pattern over the whole path, in which <c>[*]</c> stands for every element of a list, and its star for itself.</summary>
internal static class FieldPattern
{
    /// <summary>What is wrong with a pattern; null: nothing.</summary>
    public static string? Check(string path, out string? suggestion)
    {
        suggestion = null;
        if (path.StartsWith('.') || path.StartsWith('$') || path.StartsWith('/'))
        {
            suggestion = path.TrimStart('$', '.', '/').Replace('/', '.');
            return "is no path of a field";
        }

        int wildcards = path.Replace("[*]", "", StringComparison.Ordinal).Count(c => c is '*' or '?');
        return wildcards > DottedPattern.MaxWildcards ? $"has more than {DottedPattern.MaxWildcards} wildcards" : null;
    }

    /// <summary>The pattern itself.</summary>
    public static Glob Compile(string path)
    {
        bool[] quoted = new bool[path.Length];
        for (int at = path.IndexOf("[*]", StringComparison.Ordinal); at >= 0; at = path.IndexOf("[*]", at + 1, StringComparison.Ordinal))
            quoted[at + 1] = true;
        return Glob.Compile(path, quoted);
    }

    /// <summary>
    /// A path with dots before all keys: <c>data["tls.crt"]</c> as <c>data.tls.crt</c>. Two paths can become one so, but <c>data.*</c> means every key of <c>data</c>: right for masks,
    /// which rather hide too much.
    /// </summary>
    public static string Dotted(string path)
    {
        StringBuilder dotted = new(path.Length);
        bool quoted = false;
        for (int i = 0; i < path.Length; i++)
        {
            bool opens = !quoted && path[i] == '[' && i + 1 < path.Length && path[i + 1] == '"';
            bool closes = quoted && path[i] == '"' && i + 1 < path.Length && path[i + 1] == ']';
            if (opens && dotted.Length > 0)
                dotted.Append('.');
            else if (quoted && path[i] == '\\' && i + 1 < path.Length)
                dotted.Append(path[++i]);
            else if (!opens && !closes)
                dotted.Append(path[i]);
            if (opens || closes)
            {
                quoted = opens;
                i++;
            }
        }

        return dotted.ToString();
    }
}
