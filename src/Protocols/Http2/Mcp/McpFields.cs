using System.Text;
using System.Text.Json;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>Parameters of a message as fields that rules can look at: <c>params.arguments.path</c>, as docs/policy.md writes paths.</summary>
internal sealed class McpFields(HttpActions actions)
{
    private readonly StringBuilder _path = new("params");

    /// <summary>Adds every leaf.</summary>
    /// <param name="isToolCall">The tool's name is no field: it is what is judged.</param>
    public void Add(JsonElement parameters, bool isToolCall)
    {
        if (parameters.ValueKind == JsonValueKind.Array)
        {
            AddValue(parameters);
            return;
        }

        foreach (JsonProperty member in parameters.EnumerateObject())
        {
            bool isName = isToolCall && member.NameEquals("name"u8);
            // Where a client wants to hear of progress: a number of its own, in every call.
            bool isProgress = member.NameEquals("_meta"u8) && member.Value.ValueKind == JsonValueKind.Object
                && member.Value.EnumerateObject().All(meta => meta.NameEquals("progressToken"u8));
            if (!isName && !isProgress)
                AddMember(member);
        }
    }

    private void AddValue(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.EnumerateObject().Any():
                foreach (JsonProperty member in value.EnumerateObject())
                    AddMember(member);
                break;
            case JsonValueKind.Array when value.GetArrayLength() > 0:
                int length = _path.Length;
                _path.Append("[*]");
                foreach (JsonElement item in value.EnumerateArray())
                    AddValue(item);
                _path.Length = length;
                break;
            case JsonValueKind.String:
                Write(value.GetString()!);
                break;
            case JsonValueKind.Object:
                Write("{}");
                break;
            case JsonValueKind.Array:
                Write("[]");
                break;
            default:
                Write(value.GetRawText());
                break;
        }
    }

    private void AddMember(JsonProperty member)
    {
        int length = _path.Length;
        string name = member.Name;
        if (name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            _path.Append('.').Append(name);
        else
            _path.Append("[\"").Append(name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\"]");
        AddValue(member.Value);
        _path.Length = length;
    }

    private void Write(string value) => actions.Field(Encoding.UTF8.GetBytes(_path.ToString()), Encoding.UTF8.GetBytes(value));
}
