using System.Text;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>The data types of RFC 4251 5, over the shared reader: failure stays with the reader.</summary>
internal static class SshReading
{
    public static uint ReadUInt32(this ref SpanReader reader) => (uint)reader.ReadInt32();

    public static bool ReadBoolean(this ref SpanReader reader) => reader.ReadByte() != 0;

    public static ReadOnlySpan<byte> ReadString(this ref SpanReader reader) => reader.ReadBytes(reader.ReadInt32());

    /// <summary>Names between commas; null: not one, or the message is too short.</summary>
    public static string[]? ReadNameList(this ref SpanReader reader)
    {
        ReadOnlySpan<byte> text = reader.ReadString();
        if (reader.Failed || text.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
            return null;
        return text.IsEmpty ? [] : Encoding.ASCII.GetString(text).Split(',');
    }

    /// <summary>A message's text for a log or an error: printable, and of a length that fits one line.</summary>
    public static string Printable(ReadOnlySpan<byte> text)
    {
        const int Longest = 200;
        string decoded = Encoding.UTF8.GetString(text[..Math.Min(text.Length, Longest)]);
        return string.Create(decoded.Length, decoded, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++)
                to[i] = char.IsControl(from[i]) ? ' ' : from[i];
        });
    }
}
