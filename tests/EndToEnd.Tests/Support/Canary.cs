using System.Buffers.Binary;
using System.Text;
using Xunit.Sdk;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>
/// Values of the masked columns in Masking/people.sql, and the traces they would leave: as they are, in another case, in hexadecimal or base64,
/// in PostgreSQL's binary formats.
/// </summary>
public static class Canary
{
    /// <summary>In every text that is to stay unseen, in every case; also in the target's password.</summary>
    public const string Word = "canary";

    public const int Pin = 1735190246;

    public static readonly Guid Reference = Guid.Parse("c0ffee00-1dea-4a5e-8bad-f00ddeadbeef");

    public static readonly DateOnly Born = new(1987, 6, 5);

    private static readonly Dictionary<string, byte[]> Traces = new()
    {
        ["text"] = Text(Word),
        ["hexadecimal"] = Text(Convert.ToHexStringLower(Text(Word))),
        ["base64"] = Text("y2fuyxj5"),
        ["pin"] = Text("17351902"),
        ["pin, binary"] = Int32(Pin),
        ["reference"] = Text("c0ffee00-1dea"),
        ["reference, binary"] = Reference.ToByteArray(bigEndian: true),
        ["born"] = Text("1987-06-05"),
        ["born, binary"] = Int32(Born.DayNumber - new DateOnly(2000, 1, 1).DayNumber),
    };

    /// <summary>The traces in these bytes.</summary>
    public static IReadOnlyList<string> Seen(byte[] bytes)
    {
        byte[] lower = [.. bytes.Select(b => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b)];
        return [.. Traces.Where(trace => (trace.Key.EndsWith("binary", StringComparison.Ordinal) ? bytes : lower).AsSpan().IndexOf(trace.Value) >= 0).Select(trace => trace.Key)];
    }

    /// <summary>Fails when there is any trace in what somebody was sent.</summary>
    public static void AssertUnseen(byte[] bytes, string what)
    {
        if (Seen(bytes) is { Count: > 0 } seen)
            throw new XunitException($"{what}: a masked value was shown ({string.Join(", ", seen)}):\n{Printable(bytes)}");
    }

    private static byte[] Text(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] Int32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static string Printable(byte[] bytes)
    {
        var traffic = new StringBuilder();
        foreach (byte b in bytes.AsSpan(Math.Max(0, bytes.Length - 4000)))
            traffic.Append(b is >= 0x20 and < 0x7f ? (char)b : '.');
        return traffic.ToString();
    }
}
