using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>The fields of a recorded head: uint16 count, then for each uint16 length and name, uint32 length and value.</summary>
internal static class HttpTranscriptHead
{
    /// <returns>Null: it is cut short, or longer than it says.</returns>
    public static List<HttpTranscriptField>? Read(ReadOnlySpan<byte> message)
    {
        if (message.Length < 2)
            return null;
        int count = BinaryPrimitives.ReadUInt16BigEndian(message);
        message = message[2..];
        // Each takes six bytes at least, so a count beyond what is left is a lie and must not size a list.
        if (count > message.Length / 6)
            return null;
        var fields = new List<HttpTranscriptField>(count);
        for (int i = 0; i < count; i++)
        {
            if (!TryTake(ref message, 2, out string name) || !TryTake(ref message, 4, out string value))
                return null;
            fields.Add(new HttpTranscriptField(name, value));
        }

        return message.IsEmpty ? fields : null;
    }

    /// <summary>The status of a response's head; 0: it has none.</summary>
    public static int Status(List<HttpTranscriptField> fields) =>
        int.TryParse(HttpTranscriptExchange.Field(fields, ":status"), NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status is >= 100 and < 1000 ? status : 0;

    private static bool TryTake(ref ReadOnlySpan<byte> bytes, int lengthBytes, out string text)
    {
        text = "";
        if (bytes.Length < lengthBytes)
            return false;
        uint length = lengthBytes == 2 ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        bytes = bytes[lengthBytes..];
        if (length > bytes.Length)
            return false;
        text = Encoding.UTF8.GetString(bytes[..(int)length]);
        bytes = bytes[(int)length..];
        return true;
    }
}
