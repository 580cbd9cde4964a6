using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>Parameters of messages as fields that rules can look at: <c>params.arguments.path</c>, as docs/policy.md writes paths, within the bounds of all objects.</summary>
internal sealed class McpFields
{
    private readonly FieldList _fields = new();

    /// <summary>Adds every leaf.</summary>
    /// <param name="isToolCall">The tool's name is no field: it is what is judged.</param>
    public void Add(JsonElement parameters, bool isToolCall)
    {
        if (parameters.ValueKind == JsonValueKind.Array)
        {
            _fields.Enter("params"u8, isElement: false);
            AddValue(parameters);
            _fields.LeaveAll();
            return;
        }

        foreach (JsonProperty member in parameters.EnumerateObject())
        {
            bool isName = isToolCall && member.NameEquals("name"u8);
            // Where a client wants to hear of progress: a number of its own, in every call.
            bool isProgress = member.NameEquals("_meta"u8) && member.Value.ValueKind == JsonValueKind.Object
                && member.Value.EnumerateObject().All(meta => meta.NameEquals("progressToken"u8));
            if (isName || isProgress)
                continue;
            _fields.Enter("params"u8, isElement: false);
            _fields.Enter(Encoding.UTF8.GetBytes(member.Name), isElement: false);
            AddValue(member.Value);
            _fields.LeaveAll();
        }
    }

    /// <summary>Tells an action what was added, and what of it was not understood or too much.</summary>
    public void Tell(HttpActions actions)
    {
        if (_fields.Reading != BodyReading.Whole)
            actions.Flag(_fields.Reading == BodyReading.Truncated ? ActionFlags.Truncated : ActionFlags.Unparsed);
        _fields.ForEach(actions.Field);
    }

    // Once something was wrong nothing more is taken, so nothing more is looked at.
    private void AddValue(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                _fields.BeginObject();
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    if (_fields.Reading != BodyReading.Whole)
                        return;
                    _fields.Key(Encoding.UTF8.GetBytes(member.Name));
                    AddValue(member.Value);
                }

                _fields.End();
                break;
            case JsonValueKind.Array:
                _fields.BeginList();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (_fields.Reading != BodyReading.Whole)
                        return;
                    AddValue(item);
                }

                _fields.End();
                break;
            case JsonValueKind.String:
                _fields.Leaf(Encoding.UTF8.GetBytes(value.GetString()!));
                break;
            case JsonValueKind.Number:
                _fields.Number(JsonMarshal.GetRawUtf8Value(value));
                break;
            default:
                _fields.Leaf(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }
}
