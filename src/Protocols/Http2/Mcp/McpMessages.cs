using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>
/// What a client posts to an MCP server: one JSON-RPC 2.0 message, or a batch of them (MCP 2025-03-26; later versions have none). Read strictly: servers in different languages
/// read sloppy JSON in different ways, and then nobody knows which tool is called.
/// </summary>
internal sealed class McpMessages : IDisposable
{
    /// <summary>Messages of a batch.</summary>
    private const int MostMessages = 64;

    /// <summary>An id is a number or a short text; it comes back in answers.</summary>
    private const int MostId = 256;

    private const int MostDepth = 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MostDepth, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;

    private McpMessages(JsonDocument document, JsonElement[] messages, bool isBatch)
    {
        _document = document;
        Messages = messages;
        IsBatch = isBatch;
    }

    /// <summary>One or more.</summary>
    public IReadOnlyList<JsonElement> Messages { get; }

    public bool IsBatch { get; }

    /// <summary>Reads a body.</summary>
    /// <returns>Null: it is no JSON-RPC, or could be read in two ways.</returns>
    public static McpMessages? Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
            return null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, Strict);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter says that a name in it is no text, such as half a surrogate pair: names are compared.
            return null;
        }

        JsonElement root = document.RootElement;
        bool isBatch = root.ValueKind == JsonValueKind.Array;
        JsonElement[] messages = !isBatch ? [root] : root.GetArrayLength() <= MostMessages ? [.. root.EnumerateArray()] : [];
        if (messages.Length > 0 && IsUnequivocal(root, isBatch ? 1 : 0) && messages.All(IsMessage))
            return new McpMessages(document, messages, isBatch);
        document.Dispose();
        return null;
    }

    public void Dispose() => _document.Dispose();

    /// <summary>The method of a request or a notification; null: it is a response.</summary>
    public static string? Method(JsonElement message) => message.TryGetProperty("method"u8, out JsonElement method) ? method.GetString() : null;

    /// <summary>The parameters of a request or a notification; undefined: it has none.</summary>
    public static JsonElement Parameters(JsonElement message) => message.TryGetProperty("params"u8, out JsonElement parameters) ? parameters : default;

    /// <summary>The tool that is called; null: it is another request.</summary>
    public static string? Tool(JsonElement message) =>
        Method(message) == "tools/call" ? message.GetProperty("params"u8).GetProperty("name"u8).GetString() : null;

    // JSON-RPC 2.0, 4 and 5.
    private static bool IsMessage(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("jsonrpc"u8, out JsonElement version) || version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0"u8))
            return false;
        bool isCall = message.TryGetProperty("method"u8, out JsonElement method);
        if (isCall && (method.ValueKind != JsonValueKind.String || method.GetString()!.Length == 0))
            return false;
        int outcomes = 0;
        foreach (JsonProperty member in message.EnumerateObject())
        {
            bool isKnown = member.Name switch
            {
                "jsonrpc" or "method" => true,
                "id" => IsId(member.Value),
                "params" => isCall && member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array,
                "result" or "error" => !isCall && ++outcomes == 1,
                _ => false,
            };
            if (!isKnown)
                return false;
        }

        if (!isCall)
            return outcomes == 1 && message.TryGetProperty("id"u8, out _);
        return !method.ValueEquals("tools/call"u8) || IsToolCall(message);
    }

    private static bool IsId(JsonElement id) =>
        id.ValueKind is JsonValueKind.String or JsonValueKind.Number && id.GetRawText().Length <= MostId;

    private static bool IsToolCall(JsonElement message)
    {
        if (!message.TryGetProperty("params"u8, out JsonElement parameters) || parameters.ValueKind != JsonValueKind.Object)
            return false;
        return parameters.TryGetProperty("name"u8, out JsonElement name) && name.ValueKind == JsonValueKind.String && name.GetString()!.Length > 0
            && (!parameters.TryGetProperty("arguments"u8, out JsonElement arguments) || arguments.ValueKind is JsonValueKind.Object or JsonValueKind.Null);
    }

    /// <summary>
    /// No object has two members whose names differ only in case (Go's decoder, among others, takes either), members that the protocol knows are written as it writes them, and every
    /// text is one.
    /// </summary>
    /// <param name="depth">0: of the message itself; 1: of its parameters.</param>
    private static bool IsUnequivocal(JsonElement element, int arrays, int depth = 0)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var names = new HashSet<string>(StringComparer.Ordinal);
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    if (!TryName(member, out string name) || !names.Add(Fold(name)))
                        return false;
                    if (depth == 1 && Fold(name) is "name" or "arguments" && !IsLower(name))
                        return false;
                    if (!IsUnequivocal(member.Value, arrays: 0, depth + 1))
                        return false;
                }

                return true;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    if (!IsUnequivocal(item, arrays: 0, arrays > 0 ? depth : depth + 1))
                        return false;
                }

                return true;
            case JsonValueKind.String:
                return TryText(element);
            default:
                return true;
        }
    }

    private static bool IsLower(string name) => name.All(char.IsAsciiLetterLower);

    // Two letters beyond ASCII fold into ones of ASCII (Unicode, CaseFolding: long s and the sign of Kelvin).
    private static string Fold(string name) => name.Replace('\u017F', 's').Replace('\u212A', 'k').ToLowerInvariant();

    private static bool TryName(JsonProperty member, out string name)
    {
        name = "";
        try
        {
            name = member.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped.
            return false;
        }
    }

    private static bool TryText(JsonElement text)
    {
        try
        {
            return text.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
