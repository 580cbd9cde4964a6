using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Hpack;

/// <summary>Heads as text: <c>name: value</c> a line, an exclamation mark before those that are never indexed.</summary>
internal static class HpackText
{
    public const int Bytes = 64 << 10;
    public const int Fields = 1000;

    public static HttpHead Empty() => new(Bytes, Fields);

    public static HttpHead Head(params string[] lines)
    {
        HttpHead head = Empty();
        foreach (string line in lines)
        {
            string field = line.TrimStart('!');
            int colon = field.IndexOf(": ", 1, StringComparison.Ordinal);
            Assert.True(head.TryAdd(Encoding.Latin1.GetBytes(field[..colon]), Encoding.Latin1.GetBytes(field[(colon + 2)..]), line.StartsWith('!')));
        }

        return head;
    }

    public static string[] Lines(HttpHead head)
    {
        string[] lines = new string[head.Count];
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            lines[i] = $"{(field.NeverIndexed ? "!" : "")}{Encoding.Latin1.GetString(field.Name)}: {Encoding.Latin1.GetString(field.Value)}";
        }

        return lines;
    }

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
