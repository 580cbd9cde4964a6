using System.Text.Json;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Reads a JSON patch (RFC 6902): what it adds and replaces comes out as the fields that the object gets, what it removes as <c>null</c>. A test changes nothing. What is moved or
/// copied is known to the server alone, so such a patch is not understood. A path with more readings than one has the fields of all of them.
/// </summary>
internal static class JsonPatchFields
{
    /// <summary>Most operations, the bound of the API server.</summary>
    private const int MostOperations = 10_000;

    /// <param name="isOwn">The object is of a kind that Kubernetes defines.</param>
    public static void Read(ReadOnlySpan<byte> body, FieldList fields, bool isOwn)
    {
        var reader = new Utf8JsonReader(body, JsonFields.Options);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                fields.Fail();
                return;
            }

            for (int i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray && fields.Reading == BodyReading.Whole; i++)
            {
                if (i == MostOperations || reader.TokenType != JsonTokenType.StartObject)
                    fields.Fail();
                else
                    Operation(ref reader, fields, isOwn);
            }

            if (fields.Reading == BodyReading.Whole && reader.Read())
                fields.Fail();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            fields.Fail();
        }
    }

    private static void Operation(ref Utf8JsonReader reader, FieldList fields, bool isOwn)
    {
        string? op = null;
        string? path = null;
        bool hasValue = false;
        Utf8JsonReader value = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isOp = op is null && reader.ValueTextEquals("op"u8);
            bool isPath = path is null && reader.ValueTextEquals("path"u8);
            bool isValue = !hasValue && reader.ValueTextEquals("value"u8);
            reader.Read();
            if (isOp)
                op = reader.GetString();
            else if (isPath)
                path = reader.GetString();
            else if (isValue)
                value = reader;
            else
                fields.Fail();
            hasValue |= isValue;
            reader.Skip();
        }

        if (fields.Reading != BodyReading.Whole || path is null || PatchPath.Parse(path, isOwn) is not { } place)
            fields.Fail();
        else if (op is "add" or "replace" && hasValue)
            Set(place, value, fields);
        else if (op == "remove" && !hasValue)
            Set(place, default, fields);
        else if (op != "test")
            fields.Fail();
    }

    /// <param name="value">Default: what is there is removed.</param>
    private static void Set(PatchPath place, Utf8JsonReader value, FieldList fields)
    {
        for (int i = 0; i < place.Readings; i++)
        {
            place.Enter(fields, i);
            Utf8JsonReader reader = value;
            if (value.TokenType == JsonTokenType.None)
                fields.Leaf("null"u8);
            else if (fields.Reading == BodyReading.Whole)
                JsonFields.ReadValue(ref reader, fields);
            fields.LeaveAll();
        }
    }
}
