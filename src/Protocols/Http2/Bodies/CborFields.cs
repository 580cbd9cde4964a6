using System.Formats.Cbor;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Reads CBOR (RFC 8949) as Kubernetes writes it (KEP-4222): its texts are byte strings; bytes that JSON has in base64 carry the tag 22 (RFC 8949 3.4.5.2). Other tags are not understood.
/// </summary>
internal static class CborFields
{
    public static void Read(ReadOnlyMemory<byte> body, FieldList fields)
    {
        var reader = new CborReader(body, CborConformanceMode.Strict);
        try
        {
            // "Self-described CBOR" (RFC 8949 3.4.6), which Kubernetes begins with.
            if (reader.PeekState() == CborReaderState.Tag && reader.ReadTag() != CborTag.SelfDescribeCbor)
                fields.Fail();
            if (reader.PeekState() != CborReaderState.StartMap)
                fields.Fail();
            var maps = new Stack<bool>();
            do
            {
                Next(reader, maps, fields);
            }
            while (maps.Count > 0 && fields.Reading == BodyReading.Whole);
            if (fields.Reading == BodyReading.Whole && reader.BytesRemaining > 0)
                fields.Fail();
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException or FormatException)
        {
            fields.Fail();
        }
    }

    private static void Next(CborReader reader, Stack<bool> maps, FieldList fields)
    {
        CborReaderState state = reader.PeekState();
        switch (state)
        {
            case CborReaderState.EndMap:
                reader.ReadEndMap();
                maps.Pop();
                fields.End();
                return;
            case CborReaderState.EndArray:
                reader.ReadEndArray();
                maps.Pop();
                fields.End();
                return;
        }

        // In a map a key stands before every value.
        if (maps.TryPeek(out bool isMap) && isMap)
            fields.Key(Text(reader, state, fields));
        Value(reader, maps, fields);
    }

    private static void Value(CborReader reader, Stack<bool> maps, FieldList fields)
    {
        CborReaderState state = reader.PeekState();
        switch (state)
        {
            case CborReaderState.StartMap:
                reader.ReadStartMap();
                maps.Push(true);
                fields.BeginObject();
                break;
            case CborReaderState.StartArray:
                reader.ReadStartArray();
                maps.Push(false);
                fields.BeginList();
                break;
            case CborReaderState.UnsignedInteger:
                fields.Number(Encoding.ASCII.GetBytes(reader.ReadUInt64().ToString(CultureInfo.InvariantCulture)));
                break;
            case CborReaderState.NegativeInteger:
                fields.Number(Encoding.ASCII.GetBytes(reader.ReadInt64().ToString(CultureInfo.InvariantCulture)));
                break;
            case CborReaderState.HalfPrecisionFloat or CborReaderState.SinglePrecisionFloat or CborReaderState.DoublePrecisionFloat:
                fields.Number(reader.ReadDouble());
                break;
            case CborReaderState.Boolean:
                fields.Leaf(reader.ReadBoolean() ? "true"u8 : "false"u8);
                break;
            case CborReaderState.Null:
                reader.ReadNull();
                fields.Leaf("null"u8);
                break;
            case CborReaderState.Tag:
                Base64(reader, fields);
                break;
            default:
                fields.Leaf(Text(reader, state, fields));
                break;
        }
    }

    private static void Base64(CborReader reader, FieldList fields)
    {
        // 22: "expected conversion to base64".
        if (reader.ReadTag() == CborTag.Base64StringLaterEncoding && reader.PeekState() is CborReaderState.ByteString or CborReaderState.StartIndefiniteLengthByteString)
            fields.Leaf(Encoding.ASCII.GetBytes(Convert.ToBase64String(reader.ReadByteString())));
        else
            fields.Fail();
    }

    private static byte[] Text(CborReader reader, CborReaderState state, FieldList fields)
    {
        byte[]? text = state switch
        {
            CborReaderState.ByteString or CborReaderState.StartIndefiniteLengthByteString => reader.ReadByteString(),
            CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString => Encoding.UTF8.GetBytes(reader.ReadTextString()),
            _ => null,
        };
        if (text is null || !Utf8.IsValid(text))
            fields.Fail();
        return text ?? [];
    }
}
