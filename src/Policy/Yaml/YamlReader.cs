using System.Text;
using System.Text.Unicode;
using YamlDotNet.Core;

namespace Sallyport.Policy.Yaml;

/// <summary>
/// Reads files of configuration as a small, strict part of YAML: maps with unique plain keys, lists and single values. Refused are
/// anchors, aliases and tags (none is needed, and aliases multiply), characters that hide text, and whatever exceeds <see cref="YamlLimits"/>.
/// </summary>
public static class YamlReader
{
    private static readonly UTF8Encoding Utf8Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads all documents of a file. Whatever is wrong goes to <paramref name="bag"/>, an unreadable file included.</summary>
    /// <param name="path">The file; messages name it as it is written here.</param>
    /// <param name="bag">Takes the errors.</param>
    /// <param name="limits">Null: <see cref="YamlLimits.Default"/>.</param>
    public static IReadOnlyList<YamlMap> ReadFile(string path, DiagnosticBag bag, YamlLimits? limits = null)
    {
        byte[]? content = ReadBytes(path, path, bag, limits);
        return content is null ? [] : Read(path, content, bag, limits);
    }

    /// <summary>Reads a file that holds exactly one document; null, with an error in <paramref name="bag"/>, when it does not.</summary>
    /// <param name="path">The file; messages name it as it is written here.</param>
    /// <param name="bag">Takes the errors.</param>
    /// <param name="limits">Null: <see cref="YamlLimits.Default"/>.</param>
    public static YamlMap? ReadSingleFile(string path, DiagnosticBag bag, YamlLimits? limits = null)
    {
        byte[]? content = ReadBytes(path, path, bag, limits);
        return content is null ? null : ReadSingle(path, content, bag, limits);
    }

    /// <summary>Reads text that holds exactly one document; null, with an error in <paramref name="bag"/>, when it does not.</summary>
    public static YamlMap? ReadSingle(string file, ReadOnlySpan<byte> content, DiagnosticBag bag, YamlLimits? limits = null)
    {
        bool clean = !bag.HasErrors;
        IReadOnlyList<YamlMap> documents = Read(file, content, bag, limits);
        if (documents.Count == 1)
            return documents[0];
        if (documents.Count > 1)
            bag.Error(documents[1].Mark, "This file holds one document only: a second one begins here.");
        else if (clean && !bag.HasErrors)
            bag.Error(file, "The file is empty.");
        return null;
    }

    /// <summary>Reads all documents of a text. Empty documents are left out; after an error of syntax the documents before it are still returned.</summary>
    /// <param name="file">The name for messages.</param>
    /// <param name="content">UTF-8, with or without a byte order mark.</param>
    /// <param name="bag">Takes the errors.</param>
    /// <param name="limits">Null: <see cref="YamlLimits.Default"/>.</param>
    public static IReadOnlyList<YamlMap> Read(string file, ReadOnlySpan<byte> content, DiagnosticBag bag, YamlLimits? limits = null)
    {
        limits ??= YamlLimits.Default;
        if (content.Length > limits.FileBytes)
        {
            bag.Error(file, $"The file is larger than {limits.FileBytes} bytes.");
            return [];
        }

        if (!TryDecode(file, content, bag, out string text) || !IsPrintable(file, text, bag))
            return [];
        List<YamlMap> documents = [];
        Parser parser = new(new StringReader(text));
        try
        {
            new YamlTreeBuilder(file, parser, bag, limits).ReadAll(documents);
        }
        catch (YamlException e)
        {
            bag.Error(new YamlMark(file, (int)e.Start.Line, (int)e.Start.Column), $"Not valid YAML: {e.Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // Random text makes the library trip over itself (a misplaced directive, a bad escape): for us that is text that is not YAML.
            Mark last = parser.Current?.End ?? Mark.Empty;
            bag.Error(new YamlMark(file, (int)last.Line, (int)last.Column), "Not valid YAML after this place.");
        }

        return documents;
    }

    /// <summary>Reads a file's bytes, but not more than the limit allows; null, with an error in <paramref name="bag"/>, when that fails.</summary>
    internal static byte[]? ReadBytes(string path, string name, DiagnosticBag bag, YamlLimits? limits = null)
    {
        int most = (limits ?? YamlLimits.Default).FileBytes;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            // One byte more than allowed tells "too large" from "just fits", even if the file grows meanwhile.
            byte[] buffer = new byte[most + 1];
            int length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length <= most)
                return buffer[..length];
            bag.Error(name, $"The file is larger than {most} bytes.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bag.Error(name, $"The file cannot be read: {e.Message}");
        }

        return null;
    }

    private static bool TryDecode(string file, ReadOnlySpan<byte> content, DiagnosticBag bag, out string text)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (content.StartsWith(byteOrderMark))
            content = content[byteOrderMark.Length..];
        text = "";
        if (Utf8.IsValid(content))
        {
            text = Utf8Strict.GetString(content);
            return true;
        }

        char[] head = new char[content.Length];
        Utf8.ToUtf16(content, head, out _, out int written, replaceInvalidSequences: false);
        bag.Error(MarkAt(file, head.AsSpan(0, written)), "The file is not UTF-8: an invalid byte is here.");
        return false;
    }

    // The YAML library takes a NUL for the end of the file, and a U+0085 or U+2028 for the end of a comment: text that nobody sees.
    private static bool IsPrintable(string file, string text, DiagnosticBag bag)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool lineEnd = c == '\n' || (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n');
            if (!YamlText.IsUnprintable(c) || c == '\t' || lineEnd)
                continue;
            bag.Error(MarkAt(file, text.AsSpan(0, i)), $"The character U+{(int)c:X4} is not allowed: it does not show, or hides other text.");
            return false;
        }

        return true;
    }

    private static YamlMark MarkAt(string file, ReadOnlySpan<char> before) =>
        new(file, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
}
