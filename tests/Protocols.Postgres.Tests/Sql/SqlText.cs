using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres.Tests.Sql;

/// <summary>Scans a text and writes down what was found, one line a statement.</summary>
internal static class SqlText
{
    public static readonly SqlSettings Usual = new(TriState.On, true);

    /// <summary><c>verb[!][*]: effect, effect</c>: ! is Unparsed, an effect is <c>verb object</c>, and a trailing <c>~</c> is WhereAbsent.</summary>
    public static string Describe(string text, SqlSettings? settings = null) => Describe(Encoding.UTF8.GetBytes(text), settings);

    public static string Describe(ReadOnlySpan<byte> text, SqlSettings? settings = null, SqlScanner? scanner = null)
    {
        scanner ??= new SqlScanner();
        scanner.Scan(text, settings ?? Usual);
        var lines = new List<string>();
        for (int i = 0; i < scanner.Count; i++)
            lines.Add(Line(scanner, i));
        return string.Join(" ; ", lines);
    }

    public static SqlScanner Scan(string text, SqlSettings? settings = null)
    {
        var scanner = new SqlScanner();
        scanner.Scan(Encoding.UTF8.GetBytes(text), settings ?? Usual);
        return scanner;
    }

    public static string Functions(string text)
    {
        SqlScanner scanner = Scan(text);
        var names = new List<string>();
        for (int i = 0; i < scanner.Count; i++)
        {
            foreach (ObjectRef function in scanner.Functions(i))
                names.Add(Encoding.UTF8.GetString(scanner.Names.Slice(function.Start, function.Length)));
        }

        return string.Join(", ", names);
    }

    private static string Line(SqlScanner scanner, int i)
    {
        var line = new StringBuilder(scanner[i].Verb.ToString());
        if (scanner[i].IsUnparsed)
            line.Append('!');
        string separator = ": ";
        foreach (ObjectRef effect in scanner.Objects(i))
        {
            line.Append(separator).Append(effect.Verb);
            if (effect.Length > 0)
                line.Append(' ').Append(Encoding.UTF8.GetString(scanner.Names.Slice(effect.Start, effect.Length)));
            if ((effect.Flags & ObjectFlags.WhereAbsent) != 0)
                line.Append('~');
            separator = ", ";
        }

        return line.ToString();
    }
}
