using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>What a server sent on one unencrypted connection, message by message (PostgreSQL 55.7).</summary>
public sealed class ServerTraffic
{
    private readonly List<(char Type, byte[] Body)> _messages = [];

    /// <param name="bytes">All bytes, whole messages only.</param>
    public ServerTraffic(byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 1));
            _messages.Add(((char)bytes[at], bytes[(at + 5)..(at + 1 + length)]));
            at += 1 + length;
        }
    }

    /// <summary>
    /// What the server announced before it was ready, one message a line, ordered: everything but the login, the protocol version and the cancel
    /// key, which are between each server and its client.
    /// </summary>
    public string Announced => Lines(_messages.TakeWhile(message => message.Type != 'Z')
        .Where(message => message.Type is not ('R' or 'v' or 'K'))
        .Select(Line)
        .Order(StringComparer.Ordinal));

    /// <summary>Everything from the first ReadyForQuery on, one message a line, byte for byte; only a notification's sender, a process number, is left out.</summary>
    public string Session => Lines(_messages.SkipWhile(message => message.Type != 'Z')
        .Select(message => message.Type == 'A' ? Line(('A', message.Body[4..])) : Line(message)));

    /// <summary>How many messages of a type there are.</summary>
    public int Count(char type) => _messages.Count(message => message.Type == type);

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines);

    private static string Line((char Type, byte[] Body) message)
    {
        var line = new StringBuilder().Append(message.Type).Append(' ');
        foreach (byte b in message.Body)
        {
            if (b is >= 0x20 and < 0x7f and not (byte)'\\')
                line.Append((char)b);
            else
                line.Append(CultureInfo.InvariantCulture, $"\\{b:x2}");
        }

        return line.ToString();
    }
}
