using System.Text;
using System.Text.Json;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Reads a JSON patch (RFC 6902): what it adds and replaces comes out as the fields that the object gets, what it removes as <c>null</c>. A test changes nothing. What is moved or
/// copied is known to the server alone, so such a patch is not understood.
/// </summary>
internal static class JsonPatchFields
{
    /// <summary>Most operations, the bound of the API server.</summary>
    private const int MostOperations = 10_000;

    // In these a number is a key, and not a place in a list.
    private static readonly string[] Maps =
        ["labels", "annotations", "data", "stringData", "binaryData", "nodeSelector", "matchLabels", "limits", "requests", "selector", "capacity", "allocatable", "parameters", "hard"];

    public static void Read(ReadOnlySpan<byte> body, FieldList fields)
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
                    Operation(ref reader, fields);
            }

            if (fields.Reading == BodyReading.Whole && reader.Read())
                fields.Fail();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            fields.Fail();
        }
    }

    private static void Operation(ref Utf8JsonReader reader, FieldList fields)
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

        if (fields.Reading != BodyReading.Whole || path is null)
            fields.Fail();
        else if (op is "add" or "replace" && hasValue)
            Set(path, ref value, fields);
        else if (op == "remove" && !hasValue && Enter(path, fields))
            Remove(fields);
        else if (op != "test")
            fields.Fail();
    }

    private static void Set(string path, ref Utf8JsonReader value, FieldList fields)
    {
        if (Enter(path, fields))
            JsonFields.ReadValue(ref value, fields);
        fields.LeaveAll();
    }

    private static void Remove(FieldList fields)
    {
        fields.Leaf("null"u8);
        fields.LeaveAll();
    }

    /// <summary>JSON pointers (RFC 6901).</summary>
    private static bool Enter(string pointer, FieldList fields)
    {
        if (pointer.Length > 0 && pointer[0] != '/')
        {
            fields.Fail();
            return false;
        }

        string before = "";
        foreach (string step in pointer.Length == 0 ? [] : pointer[1..].Split('/'))
        {
            for (int tilde = step.IndexOf('~', StringComparison.Ordinal); tilde >= 0; tilde = step.IndexOf('~', tilde + 1))
            {
                if (tilde + 1 == step.Length || step[tilde + 1] is not ('0' or '1'))
                    fields.Fail();
            }

            string key = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            fields.Enter(Encoding.UTF8.GetBytes(key), IsPlace(key) && !Maps.Contains(before));
            before = key;
        }

        return fields.Reading == BodyReading.Whole;
    }

    private static bool IsPlace(string step) => step == "-" || (step.Length > 0 && step.All(char.IsAsciiDigit)) || (step.Length > 1 && step[0] == '-' && step[1..].All(char.IsAsciiDigit));
}
