using System.Text.Json;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>Reads JSON (RFC 8259), strictly: no comments, no trailing commas, no key twice, nothing behind the end.</summary>
internal static class JsonFields
{
    public static JsonReaderOptions Options { get; } = new() { MaxDepth = FieldPath.MostDepth, CommentHandling = JsonCommentHandling.Disallow, AllowTrailingCommas = false };

    /// <summary>Reads a whole body.</summary>
    public static void Read(ReadOnlySpan<byte> body, FieldList fields)
    {
        var reader = new Utf8JsonReader(body, Options);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                fields.Fail();
                return;
            }

            ReadValue(ref reader, fields);
            // Throws when something follows.
            if (fields.Reading == BodyReading.Whole && reader.Read())
                fields.Fail();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A string that is no text, such as half a surrogate pair, is the second.
            fields.Fail();
        }
    }

    /// <summary>Reads the value that the reader stands on.</summary>
    public static void ReadValue(ref Utf8JsonReader reader, FieldList fields)
    {
        int outer = fields.Depth;
        do
        {
            Token(ref reader, fields);
        }
        while (fields.Reading == BodyReading.Whole && fields.Depth > outer && reader.Read());
    }

    /// <summary>The text of a string or key, without its escapes.</summary>
    public static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        byte[] text = new byte[reader.ValueSpan.Length];
        return text.AsSpan(0, reader.CopyString(text));
    }

    private static void Token(ref Utf8JsonReader reader, FieldList fields)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                fields.BeginObject();
                break;
            case JsonTokenType.StartArray:
                fields.BeginList();
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                fields.End();
                break;
            case JsonTokenType.PropertyName:
                fields.Key(Text(ref reader));
                break;
            case JsonTokenType.String:
                fields.Leaf(Text(ref reader));
                break;
            case JsonTokenType.Number:
                fields.Number(reader.ValueSpan);
                break;
            default:
                fields.Leaf(reader.ValueSpan);
                break;
        }
    }
}
