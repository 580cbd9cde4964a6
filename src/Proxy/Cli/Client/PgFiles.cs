using System.Text;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>
/// libpq's password file and service file (PostgreSQL 32.16, 32.17): one entry is replaced or added, and everything else stays as it was.
/// </summary>
internal static class PgFiles
{
    /// <summary>A field of a password file: <c>:</c> and <c>\</c> are escaped.</summary>
    /// <exception cref="ClientException">It has a line break, which a password file cannot hold.</exception>
    public static string Escape(string field) => field.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0
        ? throw new ClientException("A password file cannot hold a value with a line break.")
        : field.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    /// <summary>A line of a password file.</summary>
    public static string Line(string host, int port, string database, string user, string password) =>
        $"{Escape(host)}:{port}:{Field(database)}:{Field(user)}:{Escape(password)}";

    /// <summary>The file with this line first among its like: libpq takes the first that fits.</summary>
    public static string WithLine(string? file, string line)
    {
        string key = Key(line);
        List<string> lines = [.. Lines(file)];
        int place = lines.FindIndex(old => Key(old) == key);
        lines.RemoveAll(old => Key(old) == key);
        lines.Insert(place < 0 ? 0 : place, line);
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The file with this section, in the place of one of that name.</summary>
    public static string WithSection(string? file, string name, IEnumerable<KeyValuePair<string, string>> settings)
    {
        if (name.Length == 0 || name.AsSpan().IndexOfAny("[]\r\n\0") >= 0)
            throw new ClientException($"\"{BrokerClient.Safe(name)}\" is no name of a service.");
        var section = new List<string> { $"[{name}]" };
        foreach ((string key, string value) in settings)
            section.Add(value.AsSpan().IndexOfAny('\n', '\r', '\0') < 0 ? $"{key}={value}" : throw new ClientException("A service file cannot hold a value with a line break."));

        List<string> lines = [.. Lines(file)];
        int start = lines.FindIndex(line => line.Trim() == $"[{name}]");
        if (start < 0)
        {
            if (lines.Count > 0)
                lines.Add("");
            return string.Join('\n', lines.Concat(section)) + "\n";
        }

        int end = lines.FindIndex(start + 1, line => line.TrimStart().StartsWith('['));
        end = end < 0 ? lines.Count : end;
        while (end > start + 1 && (lines[end - 1].Trim().Length == 0 || lines[end - 1].TrimStart().StartsWith('#')))
            end--; // Blank lines and comments above the next section belong to it.
        lines.RemoveRange(start, end - start);
        lines.InsertRange(start, section);
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The user of a service; null: there is no such service, or it names none.</summary>
    public static string? UserOf(string? file, string name)
    {
        const string User = "user=";
        return Lines(file).SkipWhile(line => line.Trim() != $"[{name}]").Skip(1).TakeWhile(line => !line.TrimStart().StartsWith('['))
            .Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith(User, StringComparison.Ordinal))?[User.Length..];
    }

    /// <summary>The password file without the lines of a user at a server.</summary>
    public static string? Without(string? file, string host, int port, string? user)
    {
        if (file is null || user is null)
            return file;
        string key = Key(Line(host, port, "*", user, ""));
        return string.Concat(Lines(file).Where(line => Key(line) != key).Select(line => line + "\n"));
    }

    private static string Field(string value) => value == "*" ? "*" : Escape(value);

    private static IEnumerable<string> Lines(string? file)
    {
        string[] lines = (file ?? "").Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    /// <summary>Everything but the password; a comment is its own key.</summary>
    private static string Key(string line)
    {
        if (line.StartsWith('#'))
            return line;
        int fields = 0;
        var key = new StringBuilder();
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == ':' && ++fields == 4)
                return key.ToString();
            key.Append(line[i]);
            if (line[i] == '\\' && i + 1 < line.Length)
                key.Append(line[++i]);
        }

        return line;
    }
}
