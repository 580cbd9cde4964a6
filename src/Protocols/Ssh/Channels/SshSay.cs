using System.Buffers.Binary;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What the client of one channel is told besides what the target says: on its standard error, or inside a file protocol. It comes out of the window's reserve;
/// what does not fit is kept until the client takes more. Nothing here waits: both loops, and whoever waited for a person, may speak.
/// </summary>
/// <param name="limit">Bytes that may be kept.</param>
internal sealed class SshSay(SshShared shared, SshChannel channel, int limit)
{
    private readonly Queue<(byte[] Data, bool IsError)> _queue = new();
    private readonly Lock _lock = new();
    private int _bytes;
    private int _sent;

    public bool IsEmpty => Volatile.Read(ref _bytes) == 0;

    /// <summary>Says it, or as much as fits now.</summary>
    /// <returns>False: the recording is behind; await <see cref="SessionContext.ReadyAsync"/>.</returns>
    /// <exception cref="SshEndException">The client has left too much untaken.</exception>
    public bool Say(ReadOnlySpan<byte> data, bool isError)
    {
        lock (_lock)
        {
            if (_bytes + data.Length > limit)
                throw SshShared.Violation(SshSide.Client, "the client takes nothing of what it asked for");
            if (!data.IsEmpty)
                _queue.Enqueue((data.ToArray(), isError));
            _bytes += data.Length;
            return Send();
        }
    }

    /// <summary>Sends what fits into the client's window, and grants the target what is left of it.</summary>
    public bool Flush()
    {
        lock (_lock)
            return Send();
    }

    private bool Send()
    {
        bool ready = true;
        while (_queue.TryPeek(out (byte[] Data, bool IsError) head))
        {
            int fits;
            lock (channel.Lock)
            {
                fits = (int)Math.Min(Math.Min(channel.ToClient.Spare, channel.MaxPacket(SshSide.Client)), head.Data.Length - _sent);
                if (fits <= 0)
                    return ready;
                channel.ToClient.Replace(0, fits);
            }

            ready &= Write(head.Data.AsSpan(_sent, fits), head.IsError);
            _sent += fits;
            _bytes -= fits;
            if (_sent < head.Data.Length)
                continue;
            _queue.Dequeue();
            _sent = 0;
        }

        uint grant;
        lock (channel.Lock)
            grant = channel.ToClient.Grant();
        if (!channel.IsDropped)
            shared.Adjust(channel, SshSide.Target, grant);
        return ready;
    }

    private bool Write(ReadOnlySpan<byte> data, bool isError)
    {
        Span<byte> head = stackalloc byte[isError ? 13 : 9];
        head[0] = isError ? SshMessageNumber.ChannelExtendedData : SshMessageNumber.ChannelData;
        BinaryPrimitives.WriteUInt32BigEndian(head[1..], channel.Number);
        if (isError)
            BinaryPrimitives.WriteUInt32BigEndian(head[5..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(head[^4..], (uint)data.Length);
        bool ready = (!isError && channel.Files is not null) || shared.Tape.Message(Direction.ToClient, head, data);
        BinaryPrimitives.WriteUInt32BigEndian(head[1..], channel.PeerNumber(SshSide.Client));
        shared.Answer(SshSide.Client, head, data);
        return ready;
    }
}
