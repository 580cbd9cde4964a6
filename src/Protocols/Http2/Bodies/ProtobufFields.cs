using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Reads what can be read of Kubernetes' protobuf (k8s.io/apimachinery, runtime.Unknown): the magic bytes, the kind, and of kinds just the options of a deletion, whose fields are known
/// by number. The fields of all other kinds have no names without their schemas, so they are not understood.
/// </summary>
internal static class ProtobufFields
{
    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    private const int Varint = 0;
    private const int Bytes = 2;

    public static void Read(ReadOnlySpan<byte> body, FieldList fields)
    {
        if (!body.StartsWith(Magic))
        {
            fields.Fail();
            return;
        }

        ReadOnlySpan<byte> rest = body[Magic.Length..];
        ReadOnlySpan<byte> type = default;
        ReadOnlySpan<byte> raw = default;
        while (!rest.IsEmpty)
        {
            if (!TryField(ref rest, out int number, out _, out ReadOnlySpan<byte> value))
            {
                fields.Fail();
                return;
            }

            // typeMeta, raw; contentEncoding and contentType must be empty.
            if (number == 1 && type.IsEmpty)
                type = value;
            else if (number == 2 && raw.IsEmpty)
                raw = value;
            else if (number is not (3 or 4) || !value.IsEmpty)
                fields.Fail();
        }

        if (!IsDeleteOptions(type))
            fields.Fail();
        fields.BeginObject();
        Options(raw, fields);
        fields.End();
    }

    private static bool IsDeleteOptions(ReadOnlySpan<byte> type)
    {
        bool found = false;
        while (!type.IsEmpty)
        {
            if (!TryField(ref type, out int number, out int wire, out ReadOnlySpan<byte> value) || wire != Bytes || number is not (1 or 2))
                return false;
            // apiVersion, kind.
            found |= number == 2 && value.SequenceEqual("DeleteOptions"u8);
            if (number == 2 && !found)
                return false;
        }

        return found;
    }

    // k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto, DeleteOptions.
    private static void Options(ReadOnlySpan<byte> options, FieldList fields)
    {
        bool listsDryRun = false;
        while (!options.IsEmpty && fields.Reading == BodyReading.Whole)
        {
            bool read = TryField(ref options, out int number, out int wire, out ReadOnlySpan<byte> value, out ulong integer);
            if (listsDryRun && (number != 5 || !read))
            {
                fields.End();
                listsDryRun = false;
            }

            switch ((read ? number : 0, wire))
            {
                case (1, Varint):
                    fields.Key("gracePeriodSeconds"u8);
                    fields.Number(Encoding.ASCII.GetBytes(((long)integer).ToString(CultureInfo.InvariantCulture)));
                    break;
                case (2, Bytes):
                    fields.Key("preconditions"u8);
                    fields.BeginObject();
                    Preconditions(value, fields);
                    fields.End();
                    break;
                case (3, Varint) when integer < 2:
                    fields.Key("orphanDependents"u8);
                    fields.Leaf(integer == 1 ? "true"u8 : "false"u8);
                    break;
                case (4, Bytes) when Utf8.IsValid(value):
                    fields.Key("propagationPolicy"u8);
                    fields.Leaf(value);
                    break;
                case (5, Bytes) when Utf8.IsValid(value):
                    if (!listsDryRun)
                    {
                        fields.Key("dryRun"u8);
                        fields.BeginList();
                    }

                    listsDryRun = true;
                    fields.Leaf(value);
                    break;
                default:
                    fields.Fail();
                    break;
            }
        }

        if (listsDryRun)
            fields.End();
    }

    private static void Preconditions(ReadOnlySpan<byte> preconditions, FieldList fields)
    {
        while (!preconditions.IsEmpty && fields.Reading == BodyReading.Whole)
        {
            if (!TryField(ref preconditions, out int number, out int wire, out ReadOnlySpan<byte> value) || wire != Bytes || number is not (1 or 2) || !Utf8.IsValid(value))
            {
                fields.Fail();
                return;
            }

            fields.Key(number == 1 ? "uid"u8 : "resourceVersion"u8);
            fields.Leaf(value);
        }
    }

    private static bool TryField(scoped ref ReadOnlySpan<byte> message, out int number, out int wire, out ReadOnlySpan<byte> value) =>
        TryField(ref message, out number, out wire, out value, out _) && wire == Bytes;

    private static bool TryField(scoped ref ReadOnlySpan<byte> message, out int number, out int wire, out ReadOnlySpan<byte> value, out ulong integer)
    {
        value = default;
        integer = 0;
        bool read = TryVarint(ref message, out ulong tag) && tag < 1 << 20;
        (number, wire) = ((int)(tag >> 3), (int)(tag & 7));
        if (!read || number == 0)
            return false;
        if (wire == Varint)
            return TryVarint(ref message, out integer);
        if (wire != Bytes || !TryVarint(ref message, out ulong length) || length > (ulong)message.Length)
            return false;
        value = message[..(int)length];
        message = message[(int)length..];
        return true;
    }

    private static bool TryVarint(scoped ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (int i = 0; i < message.Length && i < 10; i++)
        {
            value |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] >= 0x80)
                continue;
            message = message[(i + 1)..];
            return true;
        }

        return false;
    }
}
