using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Proxy.Listeners;

/// <summary>
/// Bounds the connections that have not said who they are, in all and per source, so that strangers can hold only so much memory and
/// so many file descriptors. An IPv6 source is its /64: one host owns all of it (RFC 4291 2.5.4).
/// </summary>
internal sealed class UnauthenticatedSlots(int inAll, int perSource)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, int> _bySource = [];
    private int _taken;

    /// <summary>Slots taken now.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
                return _taken;
        }
    }

    /// <summary>Takes a slot for a connection from there; null when there is none.</summary>
    public Slot? TryTake(IPAddress source)
    {
        ulong key = KeyOf(source);
        lock (_lock)
        {
            int held = _bySource.GetValueOrDefault(key);
            if (_taken >= inAll || held >= perSource)
                return null;
            _taken++;
            _bySource[key] = held + 1;
            return new Slot(this, key);
        }
    }

    /// <summary>IPv6: the first 64 bits. IPv4: 0000:ffff:a.b.c.d, which no IPv6 prefix in use (2000::/3, fc00::/7, fe80::/10, ::/64) collides with.</summary>
    internal static ulong KeyOf(IPAddress source)
    {
        IPAddress address = source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? 0x0000_ffff_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    private void Release(ulong key)
    {
        lock (_lock)
        {
            _taken--;
            int held = _bySource[key] - 1;
            if (held == 0)
                _bySource.Remove(key);
            else
                _bySource[key] = held;
        }
    }

    /// <summary>One connection's slot: given back when it has logged in, or when it ends.</summary>
    internal sealed class Slot(UnauthenticatedSlots slots, ulong key)
    {
        private int _released;

        /// <summary>Gives the slot back. Any thread, any number of times.</summary>
        public void Release()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
                slots.Release(key);
        }
    }
}
