using System.Buffers.Binary;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What the client of one channel is told besides what the target says: on its standard error, or inside a file protocol. It comes out of the window's reserve;
/// what does not fit waits for the client to take more. Both loops, and whoever waited for a person, may speak.
/// </summary>
internal sealed class SshSay(int limit)
{
    private readonly Queue<(byte[] Data, bool IsError)> _queue = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _bytes;
    private int _sent;

    public bool IsEmpty => Volatile.Read(ref _bytes) == 0;

    /// <summary>Says it, or as much as fits now. False: too much waits already; the channel should end.</summary>
    public async ValueTask<bool> SayAsync(SshShared shared, SshChannel channel, ReadOnlyMemory<byte> data, bool isError, CancellationToken cancel)
    {
        lock (_queue)
        {
            if (_bytes + data.Length > limit)
                return false;
            _bytes += data.Length;
            _queue.Enqueue((data.ToArray(), isError));
        }

        await FlushAsync(shared, channel, cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Sends what fits into the client's window, and grants the target what is left of it.</summary>
    public async ValueTask FlushAsync(SshShared shared, SshChannel channel, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            while (TryTake(channel, out ReadOnlyMemory<byte> piece, out bool isError))
                await WriteAsync(shared, channel, piece, isError, cancel).ConfigureAwait(false);
            uint grant;
            lock (channel.Lock)
                grant = IsEmpty ? channel.ToClient.Grant() : 0;
            if (!channel.IsDropped)
                await shared.AdjustAsync(channel, SshSide.Target, grant, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private bool TryTake(SshChannel channel, out ReadOnlyMemory<byte> piece, out bool isError)
    {
        piece = default;
        isError = false;
        lock (_queue)
        {
            if (!_queue.TryPeek(out (byte[] Data, bool IsError) head))
                return false;
            int fits;
            lock (channel.Lock)
            {
                fits = (int)Math.Min(Math.Min(channel.ToClient.Spare, channel.MaxPacket(SshSide.Client)), head.Data.Length - _sent);
                if (fits <= 0 && head.Data.Length > 0)
                    return false;
                channel.ToClient.Replace(0, fits);
            }

            piece = head.Data.AsMemory(_sent, fits);
            isError = head.IsError;
            _sent += fits;
            _bytes -= fits;
            if (_sent == head.Data.Length)
            {
                _queue.Dequeue();
                _sent = 0;
            }

            return true;
        }
    }

    private static async ValueTask WriteAsync(SshShared shared, SshChannel channel, ReadOnlyMemory<byte> data, bool isError, CancellationToken cancel)
    {
        byte[] head = new byte[isError ? 13 : 9];
        head[0] = isError ? SshMessageNumber.ChannelExtendedData : SshMessageNumber.ChannelData;
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(1), channel.Number);
        if (isError)
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(5), 1);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(head.Length - 4), (uint)data.Length);
        if ((isError || channel.Files is null) && !shared.Tape.Message(Direction.ToClient, head, data.Span))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(1), channel.PeerNumber(SshSide.Client));
        await shared.SendAsync(SshSide.Client, head, data, cancel).ConfigureAwait(false);
    }
}
