using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>
/// What of recorded SSH a screen shows while it happens: the text of channels' data (RFC 4254 5.2). A recording has messages behind their lengths;
/// bytes that are not whole ones are left to the recording, since whoever comes in the middle may come in the middle of one.
/// </summary>
internal static class LiveSsh
{
    private const byte ChannelData = 94;
    private const byte ChannelExtendedData = 95;

    /// <summary>Longest text of one message that is shown, bytes.</summary>
    private const int MostText = 16 << 10;

    public static List<TranscriptJson> Understand(DateTimeOffset at, Direction direction, ReadOnlySpan<byte> bytes)
    {
        List<TranscriptJson> told = [];
        while (TryTake(ref bytes, out ReadOnlySpan<byte> message))
        {
            if (message.IsEmpty || message[0] is not (ChannelData or ChannelExtendedData))
                continue;
            bool extended = message[0] == ChannelExtendedData;
            ReadOnlySpan<byte> rest = message[1..];
            if (rest.Length < 4 || (extended && rest.Length < 8))
                continue;
            uint channel = BinaryPrimitives.ReadUInt32BigEndian(rest);
            rest = rest[(extended ? 8 : 4)..];
            if (!TryTake(ref rest, out ReadOnlySpan<byte> data))
                continue;
            told.Add(new TranscriptJson(direction == Direction.ToClient ? "output" : "input", at)
            {
                Name = channel.ToString(CultureInfo.InvariantCulture),
                Kind = extended ? "stderr" : null,
                Text = Encoding.UTF8.GetString(data[..Math.Min(data.Length, MostText)]),
                TextTruncated = data.Length > MostText ? true : null,
            });
        }

        return told;
    }

    /// <summary>What stands behind its own length.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (bytes.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(bytes) is var length && length > bytes.Length - 4)
            return false;
        taken = bytes.Slice(4, (int)length);
        bytes = bytes[(4 + (int)length)..];
        return true;
    }
}
