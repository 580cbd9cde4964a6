using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sallyport.Proxy.Logging;

/// <summary>
/// Turns an event and its fields into one line. Whatever a client put into a value, the line stays one line, shows no terminal control,
/// and its fields stay apart: a log that can be forged proves nothing.
/// </summary>
internal static class LogLine
{
    /// <summary>Longest value written, UTF-16 units: a line must fit the journal's line buffer (LineMax=48K) whatever its fields hold.</summary>
    public const int LongestValue = 1024;

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.Default };

    /// <summary>The line with its end, as UTF-8.</summary>
    /// <param name="journal">True when the journal reads: it takes the priority from a prefix and stamps the time itself.</param>
    public static byte[] Format(LogFormat format, bool journal, DateTimeOffset time, LogLevel level, string word, ReadOnlySpan<LogField> fields)
    {
        string prefix = journal ? $"<{(int)level}>" : "";
        return format == LogFormat.Json ? Json(prefix, time, level, word, fields) : Text(prefix, journal, time, level, word, fields);
    }

    /// <summary>The value with everything that is not plainly printable written as an escape.</summary>
    public static string Escape(string value)
    {
        ReadOnlySpan<char> text = value.AsSpan(0, Math.Min(value.Length, LongestValue));
        var escaped = new StringBuilder(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
            AppendEscaped(escaped, rune);
        if (value.Length > LongestValue)
            escaped.Append('…');
        return escaped.ToString();
    }

    private static byte[] Text(string prefix, bool journal, DateTimeOffset time, LogLevel level, string word, ReadOnlySpan<LogField> fields)
    {
        var line = new StringBuilder(prefix, 256);
        if (!journal)
            line.Append(Stamp(time)).Append(' ').Append(Name(level)).Append(' ');
        line.Append(word);
        foreach (LogField field in fields)
        {
            if (field.Value is not { } value)
                continue;
            string escaped = Escape(value);
            line.Append(' ').Append(field.Name).Append('=');
            if (NeedsQuotes(escaped))
                line.Append('"').Append(escaped).Append('"');
            else
                line.Append(escaped);
        }

        return Encoding.UTF8.GetBytes(line.Append('\n').ToString());
    }

    private static byte[] Json(string prefix, DateTimeOffset time, LogLevel level, string word, ReadOnlySpan<LogField> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        buffer.Write(Encoding.ASCII.GetBytes(prefix));
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString("time", Stamp(time));
            json.WriteString("level", Name(level));
            json.WriteString("event", word);
            foreach (LogField field in fields)
            {
                if (field.Value is { } value)
                    json.WriteString(field.Name, value.Length <= LongestValue ? value : value[..LongestValue] + "…");
            }

            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void AppendEscaped(StringBuilder escaped, Rune rune)
    {
        switch (rune.Value)
        {
            case '"': escaped.Append("\\\""); return;
            case '\\': escaped.Append("\\\\"); return;
            case '\n': escaped.Append("\\n"); return;
            case '\r': escaped.Append("\\r"); return;
            case '\t': escaped.Append("\\t"); return;
        }

        // Format covers the bidirectional controls, which make a terminal show a line in another order than it was written.
        bool hidden = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
        if (hidden)
            escaped.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        else
            escaped.Append(rune.ToString());
    }

    private static bool NeedsQuotes(string escaped)
    {
        if (escaped.Length == 0)
            return true;
        foreach (char c in escaped)
        {
            if (c is '"' or '=' or '\\' || char.IsWhiteSpace(c))
                return true;
        }

        return false;
    }

    private static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        _ => "info",
    };
}
