using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Reads YAML as far as everybody reads it in the same way. One document; no anchors, aliases, tags and merge keys; and no plain word that is a text to some readers and
/// something else to others (<c>yes</c>, <c>0x10</c>, <c>1_000</c>). JSON, which is what kubectl sends as YAML, is read as JSON.
/// </summary>
internal static class YamlFields
{
    /// <summary>Longest text: the library is no match for the speed of JSON.</summary>
    public const int MostBytes = 1 << 20;

    private static readonly UTF8Encoding Utf8Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly HashSet<string> Uncertain = new(["y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", "+.inf", "-.inf", ".nan", "="], StringComparer.OrdinalIgnoreCase);

    public static void Read(ReadOnlySpan<byte> body, FieldList fields)
    {
        if (body.Length > MostBytes)
        {
            fields.Fail(BodyReading.Truncated);
            return;
        }

        string text;
        try
        {
            text = Utf8Strict.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            fields.Fail();
            return;
        }

        if (text.Any(IsHidden))
        {
            fields.Fail();
            return;
        }

        if (text.AsSpan().TrimStart() is ['{', ..])
        {
            JsonFields.Read(body, fields);
            if (fields.Reading != BodyReading.Unparsed)
                return;
            fields.Clear();
        }

        Parse(text, fields);
    }

    // Line ends to some readers of YAML and none to others, the mark of byte order, and controls.
    private static bool IsHidden(char c) => (char.IsControl(c) && c is not ('\n' or '\r' or '\t')) || c is '\u2028' or '\u2029' or '\uFEFF';

    private static void Parse(string text, FieldList fields)
    {
        var parser = new Parser(new StringReader(text));
        int documents = 0;
        try
        {
            // The events of one node after the other; whether a scalar is a key depends on where it stands.
            var keys = new Stack<bool?>();
            while (fields.Reading == BodyReading.Whole && parser.MoveNext())
            {
                if (parser.Current is DocumentStart && ++documents > 1)
                    fields.Fail();
                else if (parser.Current is NodeEvent node)
                    Node(node, keys, fields);
                else if (parser.Current is AnchorAlias or Comment)
                    fields.Fail();
                else if (parser.Current is MappingEnd or SequenceEnd)
                    End(keys, fields);
            }
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // Random text makes the library trip over itself: for us that is text that is not YAML.
            fields.Fail();
        }

        if (documents != 1)
            fields.Fail();
    }

    private static void Node(NodeEvent node, Stack<bool?> keys, FieldList fields)
    {
        if (!node.Anchor.IsEmpty || !node.Tag.IsEmpty || (node is Scalar ? false : IsKey(keys)))
        {
            fields.Fail();
            return;
        }

        switch (node)
        {
            case MappingStart:
                fields.BeginObject();
                keys.Push(true);
                break;
            case SequenceStart:
                fields.BeginList();
                keys.Push(null);
                break;
            case Scalar scalar when IsKey(keys):
                Key(scalar, fields);
                Turn(keys);
                break;
            case Scalar scalar:
                Value(scalar, fields);
                Turn(keys);
                break;
            default:
                fields.Fail();
                break;
        }
    }

    private static void End(Stack<bool?> keys, FieldList fields)
    {
        keys.Pop();
        fields.End();
        Turn(keys);
    }

    private static bool IsKey(Stack<bool?> keys) => keys.TryPeek(out bool? key) && key == true;

    // In a map keys and values take turns.
    private static void Turn(Stack<bool?> keys)
    {
        if (keys.TryPeek(out bool? key) && key is { } was)
        {
            keys.Pop();
            keys.Push(!was);
        }
    }

    private static void Key(Scalar scalar, FieldList fields)
    {
        // A plain key may be a number or a yes, which becomes a text of one form or another.
        if (scalar.Style == ScalarStyle.Plain && (scalar.Value == "<<" || scalar.Value.Length == 0 || scalar.Value == "~" || Uncertain.Contains(scalar.Value) || LooksLikeNumber(scalar.Value)))
            fields.Fail();
        else
            fields.Key(Encoding.UTF8.GetBytes(scalar.Value));
    }

    private static void Value(Scalar scalar, FieldList fields)
    {
        byte[] value = Encoding.UTF8.GetBytes(scalar.Value);
        if (scalar.Style != ScalarStyle.Plain)
            fields.Leaf(value);
        else if (scalar.Value is "" or "~")
            fields.Leaf("null"u8);
        else if (scalar.Value is "true" or "false" or "null")
            fields.Leaf(value);
        else if (IsNumber(scalar.Value))
            fields.Number(value);
        else if (Uncertain.Contains(scalar.Value) || LooksLikeNumber(scalar.Value))
            fields.Fail();
        else
            fields.Leaf(value);
    }

    /// <summary>A number of JSON (RFC 8259 6).</summary>
    private static bool IsNumber(string text)
    {
        ReadOnlySpan<char> digits = text.StartsWith('-') ? text.AsSpan(1) : text;
        bool form = digits.Length > 0 && char.IsAsciiDigit(digits[0]) && (digits.Length == 1 || digits[0] != '0' || !char.IsAsciiDigit(digits[1])) && char.IsAsciiDigit(digits[^1]);
        return form && digits.IndexOfAnyExcept("0123456789.eE+-") < 0 && !text.Contains(".e", StringComparison.OrdinalIgnoreCase)
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
    }

    // 0x1F, 0o17, 017, 0b1, +1, .5, 1., 1_000, 12:30:45: numbers to some. What has any other character than these is a text to all.
    private static bool LooksLikeNumber(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan(text[0] is '+' or '-' ? 1 : 0);
        if (digits.IsEmpty || !(char.IsAsciiDigit(digits[0]) || (digits[0] == '.' && digits.Length > 1 && char.IsAsciiDigit(digits[1]))))
            return false;
        if (digits.Length > 1 && digits[0] == '0' && (digits[1] | 0x20) is 'x' or 'o' or 'b')
            return digits[2..].IndexOfAnyExcept("0123456789abcdefABCDEF_") < 0;
        // Of dates and addresses all readers make texts: they have hyphens inside, or two dots.
        return digits.IndexOfAnyExcept("0123456789_.eE+:") < 0 && digits.Count('.') < 2;
    }
}
