using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sallyport.Policy.Yaml;

public sealed partial class YamlMap
{
    /// <summary>Longest text that <see cref="Text"/> takes when the caller names no limit, in characters.</summary>
    public const int DefaultTextLength = 4096;

    private static readonly Dictionary<string, bool> Booleans = new(StringComparer.Ordinal) { ["true"] = true, ["false"] = false };

    /// <summary>A text; null when the key is missing or wrong. Numbers and words are taken as they are written. One line: a last line break is dropped.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maxLength">Longest text, in characters.</param>
    public string? Text(string key, int maxLength = DefaultTextLength) => TextOf(key, Find(key), maxLength)?.Value;

    /// <summary>A text that must be there and not be empty; "" (and an error) when it is not.</summary>
    /// <param name="key">The key.</param>
    /// <param name="maxLength">Longest text, in characters.</param>
    public string RequiredText(string key, int maxLength = DefaultTextLength) => Require(key) ? Text(key, maxLength) ?? "" : "";

    /// <summary>A whole number within bounds; null when the key is missing or wrong.</summary>
    public int? Int(string key, int min, int max)
    {
        if (ValueOf(key, "a whole number") is not string text)
            return null;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max)
            return value;
        Error(key, $"\"{text}\" is not a whole number from {min} to {max}.");
        return null;
    }

    /// <summary><c>true</c> or <c>false</c>; null when the key is missing or wrong. YAML's other spellings (<c>yes</c>, <c>on</c>) are refused.</summary>
    public bool? Bool(string key)
    {
        if (ValueOf(key, "true or false") is not string text)
            return null;
        if (Booleans.TryGetValue(text, out bool value))
            return value;
        string? meant = text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "y" or "1" => "true",
            "false" or "no" or "off" or "n" or "0" => "false",
            _ => Nearest.Of(text, Booleans.Keys),
        };
        Error(key, $"\"{text}\" is neither true nor false.", meant);
        return null;
    }

    /// <summary>A length of time such as <c>30s</c>, <c>5m</c>, <c>8h</c>, <c>1d</c>, <c>500ms</c> or <c>1h30m</c>; null when the key is missing or wrong.</summary>
    public TimeSpan? Duration(string key, TimeSpan min, TimeSpan max)
    {
        if (ValueOf(key, "a length of time such as 30s") is not string text)
            return null;
        if (!Durations.TryParse(text, out TimeSpan value))
        {
            string? meant = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? $"{text}s" : null;
            Error(key, $"\"{text}\" is not a length of time: write a number and ms, s, m, h or d, such as 30s or 1h30m.", meant);
            return null;
        }

        if (value >= min && value <= max)
            return value;
        Error(key, $"\"{text}\" is out of range: from {Durations.Format(min)} to {Durations.Format(max)}.");
        return null;
    }

    /// <summary>A number of bytes such as <c>100MB</c> or <c>64MiB</c>; null when the key is missing or wrong.</summary>
    public long? Size(string key)
    {
        if (ValueOf(key, "a size such as 100MB") is not string text)
            return null;
        if (ByteSizes.TryParse(text, out long bytes))
            return bytes;
        string? meant = text.Length > 0 && text.All(char.IsAsciiDigit) ? $"{text}MB" : null;
        Error(key, $"\"{text}\" is not a size: write a number and KB, MB, GB, TB, KiB, MiB, GiB or TiB, such as 100MB.", meant);
        return null;
    }

    /// <summary>One of some words; the default (and an error) when it is none of them.</summary>
    /// <param name="key">The key.</param>
    /// <param name="words">What each word means.</param>
    /// <param name="value">What the word means.</param>
    /// <returns>False when the key is missing or the word is none of them.</returns>
    public bool TryWord<T>(string key, IReadOnlyDictionary<string, T> words, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (ValueOf(key, "a word") is not string text)
            return false;
        if (words.TryGetValue(text, out value))
            return true;
        _bag.Error(MarkOf(key), NotAWord(text, words.Keys, out string? near), near);
        return false;
    }

    /// <summary>A member of <typeparamref name="T"/>, written in kebab-case (<c>verify-full</c>); null when the key is missing or wrong.</summary>
    public T? Enum<T>(string key)
        where T : struct, Enum => TryWord(key, KebabNames.Of<T>(), out T value) ? value : null;

    private static string NotAWord(string text, IEnumerable<string> words, out string? near)
    {
        const int ShortList = 8;
        near = Nearest.Of(text, words);
        bool list = near is null || words.Count() <= ShortList;
        return list ? $"\"{text}\" is none of {string.Join(", ", words)}." : $"\"{text}\" is not known here.";
    }

    private string? ValueOf(string key, string expected)
    {
        YamlNode? node = Find(key);
        if (node is null or YamlScalar { IsEmpty: false })
            return (node as YamlScalar)?.Value;
        _bag.Error(node.Mark, $"\"{key}\" must be {expected}, but this is {node.Kind}.");
        return null;
    }

    private YamlText? TextOf(string key, YamlNode? node, int maxLength)
    {
        if (node is null)
            return null;
        if (node is not YamlScalar { IsEmpty: false } scalar || (scalar.IsPlain && scalar.Value is ("null" or "Null" or "NULL")))
        {
            _bag.Error(node.Mark, $"\"{key}\" must be a text, but this is {(node is YamlScalar ? "nothing" : node.Kind)}.");
            return null;
        }

        string text = scalar.Value.TrimEnd('\n');
        if (text.Length == 0)
            _bag.Error(node.Mark, $"\"{key}\" must not be empty.");
        else if (text.Length > maxLength)
            _bag.Error(node.Mark, $"\"{key}\" must not be longer than {maxLength} characters; this has {text.Length}.");
        else if (text.Any(char.IsControl))
            _bag.Error(node.Mark, $"\"{key}\" must be one line without tabs.");
        else
            return new YamlText(text, node.Mark);
        return null;
    }
}
