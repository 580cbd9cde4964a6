using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sallyport.Shared.KubernetesServer.Requests;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>Objects out of bodies, and into them.</summary>
internal static class Bodies
{
    // What kube-apiserver takes in one request (MaxRequestBodyBytes).
    private const int Largest = 3 * 1024 * 1024;

    /// <summary>JSON as Go writes it: only what must be is escaped.</summary>
    public static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 256 };

    /// <summary>The whole body of a request.</summary>
    /// <exception cref="ApiException">413: longer than kube-apiserver takes.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            if (body.Length + read > Largest)
                throw new ApiException(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728", new JsonObject());
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    /// <summary>The object in a body of JSON or YAML; null where the body is empty.</summary>
    /// <exception cref="ApiException">415 for any other type (CBOR, and protobuf of most kinds, as for a custom resource), 400 for what is not an object.</exception>
    public static JsonObject? Object(HttpRequest request, byte[] body)
    {
        string type = (request.ContentType ?? "application/json").Split(';')[0].Trim();
        if (type == "application/vnd.kubernetes.protobuf" && body.Length > 0)
            return ProtobufBodies.Decode(body);
        if (type is not ("application/json" or "application/yaml"))
            throw ApiException.UnsupportedMediaType("application/json, application/yaml");
        if (body.Length == 0)
            return null;
        return Parse(body, type == "application/yaml") as JsonObject ?? throw ApiException.BadRequest("the body is not an object");
    }

    /// <summary>JSON or YAML as a node.</summary>
    /// <exception cref="ApiException">400.</exception>
    public static JsonNode? Parse(byte[] body, bool yaml)
    {
        try
        {
            if (!yaml)
                return JsonNode.Parse(body, null, Strict);
            var stream = new YamlStream();
            using var text = new StreamReader(new MemoryStream(body), Encoding.UTF8);
            stream.Load(text);
            return stream.Documents.Count == 0 ? null : Node(stream.Documents[0].RootNode);
        }
        catch (Exception e) when (e is JsonException or YamlException)
        {
            throw ApiException.BadRequest("error decoding the body: " + e.Message);
        }
    }

    /// <summary>A node as YAML. Strings are always quoted (JSON's form is YAML), so that nothing is taken for a number.</summary>
    public static byte[] Yaml(JsonNode value)
    {
        var text = new StringBuilder();
        Write(text, value, 0);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                foreach ((string name, JsonNode? item) in map)
                {
                    text.Append(' ', indent).Append(Scalar(name)).Append(':');
                    Nested(text, item, indent + 2);
                }

                break;
            case JsonArray { Count: > 0 } list:
                foreach (JsonNode? item in list)
                {
                    text.Append(' ', indent).Append('-');
                    Nested(text, item, indent + 2);
                }

                break;
            default:
                text.Append(' ', indent).Append(value?.ToJsonString(Relaxed) ?? "null").Append('\n');
                break;
        }
    }

    private static void Nested(StringBuilder text, JsonNode? item, int indent)
    {
        if (item is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            text.Append('\n');
            Write(text, item, indent);
        }
        else
        {
            text.Append(' ').Append(item?.ToJsonString(Relaxed) ?? "null").Append('\n');
        }
    }

    private static string Scalar(string name) => JsonValue.Create(name).ToJsonString(Relaxed);

    private static JsonNode? Node(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value ?? "", Node(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Node)]),
        YamlScalarNode scalar => Scalar(scalar),
        _ => throw ApiException.BadRequest("error decoding the body: an alias"),
    };

    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        string text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
            return JsonValue.Create(text);
        return text switch
        {
            "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) => JsonValue.Create(whole),
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && char.IsAsciiDigit(text[^1]) => JsonValue.Create(real),
            _ => JsonValue.Create(text),
        };
    }
}
