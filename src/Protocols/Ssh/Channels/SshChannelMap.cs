namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>The channels of a session by our number. Both loops use it.</summary>
internal sealed class SshChannelMap(int limit)
{
    private readonly Lock _lock = new();
    private SshChannel?[] _channels = new SshChannel?[4];
    private int _count;

    public int Count
    {
        get
        {
            lock (_lock)
                return _count;
        }
    }

    /// <summary>Makes a channel under the lowest free number; null: there are too many.</summary>
    public SshChannel? Add(Func<uint, SshChannel> make)
    {
        lock (_lock)
        {
            if (_count >= limit)
                return null;
            int index = Array.IndexOf(_channels, null);
            if (index < 0)
            {
                index = _channels.Length;
                Array.Resize(ref _channels, Math.Min(limit, index * 2));
            }

            _count++;
            return _channels[index] = make((uint)index);
        }
    }

    public SshChannel? Find(uint number)
    {
        SshChannel?[] channels = Volatile.Read(ref _channels);
        return number < channels.Length ? Volatile.Read(ref channels[number]) : null;
    }

    /// <summary>Frees its number. False: it was free already.</summary>
    public bool Remove(SshChannel channel)
    {
        lock (_lock)
        {
            if (Find(channel.Number) != channel)
                return false;
            _channels[channel.Number] = null;
            _count--;
            return true;
        }
    }

    public IReadOnlyList<SshChannel> All()
    {
        lock (_lock)
            return [.. _channels.OfType<SshChannel>()];
    }
}
