using System.Buffers.Binary;
using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>What a recording of SSH holds, put together so that no border of messages hides anything.</summary>
internal static class SshRecorded
{
    /// <summary>The data of one channel in one direction.</summary>
    /// <param name="error">True: of its standard error.</param>
    public static string Data(MemoryRecording recording, Direction direction, uint channel, bool error = false)
    {
        byte[] all = direction == Direction.FromClient ? recording.FromClient : recording.ToClient;
        var data = new StringBuilder();
        byte number = error ? SshMessageNumber.ChannelExtendedData : SshMessageNumber.ChannelData;
        for (int at = 0; at < all.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(at));
            byte[] message = all[(at + 4)..(at + 4 + length)];
            if (message[0] == number && SshMsg.Field(message, 1) == channel)
                data.Append(Encoding.Latin1.GetString(message.AsSpan(error ? 13 : 9)));
            at += 4 + length;
        }

        return data.ToString();
    }

    /// <summary>All of it, as characters: both directions as they are, the data of the first two channels, events and decisions.</summary>
    public static string All(MemoryRecording recording) =>
        Encoding.Latin1.GetString([.. recording.FromClient, .. recording.ToClient])
        + string.Concat(new[] { 0u, 1u }.Select(channel => Data(recording, Direction.FromClient, channel) + Data(recording, Direction.ToClient, channel) + Data(recording, Direction.ToClient, channel, error: true)))
        + string.Join('\n', recording.Events) + string.Join('\n', recording.Decisions.Select(d => d.Text));
}
