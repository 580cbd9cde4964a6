using System.Buffers.Binary;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Lobby;

/// <summary>A channel that ends here: a menu, or a connection inside the connection. Its windows are our own.</summary>
/// <param name="number">Ours.</param>
/// <param name="peer">The client's number of it.</param>
/// <param name="window">What the client takes, bytes.</param>
/// <param name="maxPacket">The most it takes in one message.</param>
/// <param name="take">What we take before the client must wait, bytes.</param>
internal sealed class SshLobbyChannel(SshTransport client, uint number, uint peer, uint window, uint maxPacket, int take)
{
    /// <summary>What we take of a connection inside.</summary>
    public const int JumpWindow = 256 << 10;

    /// <summary>What we take of a person who types. Little, since a target may not have room for it when the menu becomes its session.</summary>
    public const int MenuWindow = 4 << 10;

    public const int MaxPacket = 32 << 10;

    private readonly SemaphoreSlim _more = new(0);
    private readonly int _refill = take / 4;
    private readonly Lock _lock = new();
    private long _room = window;
    private int _taken;
    private bool _closeSent;

    public uint Number => number;

    public uint Peer => peer;

    public uint PeerMaxPacket => maxPacket;

    /// <summary>What the client still takes.</summary>
    public uint Room
    {
        get
        {
            lock (_lock)
                return (uint)_room;
        }
    }

    /// <summary>What the client may still send.</summary>
    public int Granted { get; private set; } = take;

    /// <summary>The connection inside it; null: it is a menu's.</summary>
    public SshJumpDuplex? Jump { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>The client takes more. False: more than a window can hold.</summary>
    public bool TryAdjust(uint bytes)
    {
        lock (_lock)
        {
            if (_room + bytes > uint.MaxValue)
                return false;
            _room += bytes;
        }

        _more.Release();
        return true;
    }

    /// <summary>The client has sent so much. False: more than it may.</summary>
    public bool TryReceive(int bytes)
    {
        lock (_lock)
        {
            if (bytes > Granted)
                return false;
            Granted -= bytes;
            return true;
        }
    }

    /// <summary>So much of what was received has been dealt with: the client may send as much again, and is told when it is worth a message.</summary>
    public async ValueTask ConsumedAsync(int bytes, CancellationToken cancel)
    {
        uint grant = 0;
        lock (_lock)
        {
            _taken += bytes;
            if (_taken >= _refill)
            {
                grant = (uint)_taken;
                Granted += _taken;
                _taken = 0;
            }
        }

        if (grant == 0)
            return;
        await client.WriteAsync(new SshWriter().Begin(SshMessageNumber.ChannelWindowAdjust).UInt32(peer).UInt32(grant).WrittenMemory, cancel).ConfigureAwait(false);
    }

    /// <summary>Sends all of it, as fast as the client takes it.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> data, bool isError, CancellationToken cancel)
    {
        byte[] head = new byte[isError ? 13 : 9];
        head[0] = isError ? SshMessageNumber.ChannelExtendedData : SshMessageNumber.ChannelData;
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(1), peer);
        if (isError)
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(5), 1);
        while (!data.IsEmpty)
        {
            int fits;
            lock (_lock)
            {
                fits = (int)Math.Min(Math.Min(_room, maxPacket), Math.Min(data.Length, MaxPacket));
                _room -= fits;
            }

            if (fits == 0)
            {
                await client.FlushAsync(cancel).ConfigureAwait(false);
                await _more.WaitAsync(cancel).ConfigureAwait(false);
                continue;
            }

            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(head.Length - 4), (uint)fits);
            while (!client.TryWrite(head, data.Span[..fits]))
                await client.WritableAsync(cancel).ConfigureAwait(false);
            data = data[fits..];
        }

        await client.FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Ends it: a status when it was a session's, EOF and CLOSE.</summary>
    public async ValueTask CloseAsync(uint? exitStatus, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_closeSent)
                return;
            _closeSent = true;
        }

        var writer = new SshWriter();
        if (exitStatus is { } status)
            await client.WriteAsync(writer.Begin(SshMessageNumber.ChannelRequest).UInt32(peer).String("exit-status").Boolean(false).UInt32(status).ToArray(), cancel).ConfigureAwait(false);
        await client.WriteAsync(writer.Begin(SshMessageNumber.ChannelEof).UInt32(peer).ToArray(), cancel).ConfigureAwait(false);
        await client.WriteAsync(writer.Begin(SshMessageNumber.ChannelClose).UInt32(peer).ToArray(), cancel).ConfigureAwait(false);
    }
}
