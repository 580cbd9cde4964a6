namespace Sallyport.Policy.Yaml;

/// <summary>A piece of text from a file, with its place.</summary>
/// <param name="Value">The text.</param>
/// <param name="Mark">Where it stands.</param>
public readonly record struct YamlText(string Value, YamlMark Mark)
{
    /// <summary>
    /// True for characters that make text read differently from how it looks: control characters, line separators that editors do not show
    /// as such, and bidirectional overrides (the "Trojan Source" attack, CVE-2021-42574).
    /// </summary>
    internal static bool IsUnprintable(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' or '\uFEFF';

    /// <inheritdoc/>
    public override string ToString() => Value;
}
