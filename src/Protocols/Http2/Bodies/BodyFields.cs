using System.Text;
using System.Text.Unicode;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>The object that a request to an API server sends, decoded by what its head says of it. What could be read in another way than the server reads it is not understood.</summary>
internal sealed class BodyFields
{
    private readonly FieldList _fields = new();

    /// <summary>The fields of the body that was read last.</summary>
    public FieldList Fields => _fields;

    /// <summary>Reads a body.</summary>
    /// <param name="verb">What the request does.</param>
    /// <param name="isOwn">With objects of a kind that Kubernetes defines.</param>
    public BodyReading Read(HttpHead head, Verb verb, ReadOnlySpan<byte> body, bool isOwn)
    {
        _fields.Clear();
        if (body.IsEmpty)
            return BodyReading.Whole;
        int type = head.IndexOf("content-type"u8);
        // API servers take no compressed requests, and of two types nobody knows which one counts.
        if ((head.Has("content-encoding"u8) && !Ascii.EqualsIgnoreCase(head.Value("content-encoding"u8), "identity"u8)) || (type >= 0 && head.IndexOf("content-type"u8, type + 1) >= 0))
            return BodyReading.Unparsed;
        Read(MediaType(type < 0 ? default : head[type].Value), verb, body, isOwn);
        return _fields.Reading;
    }

    /// <summary>A media type without its parameters.</summary>
    public static ReadOnlySpan<byte> MediaType(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)';');
        return (end < 0 ? value : value[..end]).Trim(" \t"u8);
    }

    private void Read(ReadOnlySpan<byte> type, Verb verb, ReadOnlySpan<byte> body, bool isOwn)
    {
        bool isPatch = verb == Verb.KubePatch;
        if (isPatch && Is(type, "application/json-patch+json"u8))
            JsonPatch(body, isOwn);
        else if (isPatch && (Is(type, "application/merge-patch+json"u8) || Is(type, "application/strategic-merge-patch+json"u8)))
            Json(body);
        else if (isPatch && Is(type, "application/apply-patch+yaml"u8))
            YamlFields.Read(body, _fields);
        else if (isPatch && Is(type, "application/apply-patch+cbor"u8))
            CborFields.Read(body.ToArray(), _fields);
        else if (isPatch)
            _fields.Fail();
        else if (type.IsEmpty || Is(type, "application/json"u8))
            Json(body);
        else if (Is(type, "application/yaml"u8))
            YamlFields.Read(body, _fields);
        else if (Is(type, "application/cbor"u8))
            CborFields.Read(body.ToArray(), _fields);
        else if (Is(type, "application/vnd.kubernetes.protobuf"u8) && verb is Verb.KubeDelete or Verb.KubeDeleteCollection)
            ProtobufFields.Read(body, _fields);
        else
            _fields.Fail();
    }

    private void Json(ReadOnlySpan<byte> body)
    {
        if (IsText(body))
            JsonFields.Read(body, _fields);
    }

    private void JsonPatch(ReadOnlySpan<byte> body, bool isOwn)
    {
        if (IsText(body))
            JsonPatchFields.Read(body, _fields, isOwn);
    }

    // Others put U+FFFD in the place of what is no UTF-8, so two keys could be one.
    private bool IsText(ReadOnlySpan<byte> body)
    {
        bool isText = Utf8.IsValid(body);
        if (!isText)
            _fields.Fail();
        return isText;
    }

    private static bool Is(ReadOnlySpan<byte> type, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(type, other);
}
