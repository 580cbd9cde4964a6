namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// The window of one direction of a channel (RFC 4254 5.2), passed through: what the receiver grants is granted to the sender, so that backpressure is end to
/// end and nothing piles up here. Not thread-safe.
/// </summary>
/// <remarks>
/// <see cref="Room"/> is what the receiver still takes; <see cref="Granted"/> what the sender may still send. Granted never exceeds Room: what we add to
/// the stream ourselves comes out of the difference, the reserve, and grants of the receiver first fill that again.
/// </remarks>
internal struct SshWindow
{
    private long _reserve;
    private bool _isShare;
    private long _largest;

    /// <summary>Bytes that the receiver still takes.</summary>
    public long Room { get; private set; }

    /// <summary>Bytes that the sender may still send.</summary>
    public long Granted { get; private set; }

    /// <summary>Bytes that can be added to the stream now.</summary>
    public readonly long Spare => Room - Granted;

    /// <summary>The receiver's initial window.</summary>
    /// <param name="reserve">Kept back for what is added.</param>
    /// <returns>What the sender is granted to begin with.</returns>
    public uint Open(uint window, long reserve)
    {
        Room = window;
        _largest = window;
        _reserve = reserve;
        Granted = Math.Max(0, window - reserve);
        return (uint)Granted;
    }

    /// <summary>The same, when the sender has been granted something already.</summary>
    public void Adopt(uint window, int granted)
    {
        Room = window;
        _reserve = uint.MaxValue;
        Granted = granted;
    }

    /// <summary>The sender has sent so much elsewhere, and it comes in here.</summary>
    public void Lend(int bytes) => Granted += bytes;

    /// <summary>The receiver grants more. False: the window would pass 2^32 - 1.</summary>
    /// <param name="grant">False: something of ours waits for the room.</param>
    /// <param name="pass">What of it the sender is granted; 0: nothing needs to be said.</param>
    public bool TryAdjust(uint bytes, bool grant, out uint pass)
    {
        pass = 0;
        if (Room + bytes > uint.MaxValue)
            return false;
        Room += bytes;
        _largest = Math.Max(_largest, Room);
        if (grant)
            pass = Grant();
        return true;
    }

    /// <summary>The sender has sent so much, which goes on to the receiver. False: it had no window for it.</summary>
    public bool TrySend(int bytes)
    {
        if (bytes > Granted)
            return false;
        Granted -= bytes;
        Room -= bytes;
        return true;
    }

    /// <summary>What the sender sent went on shorter or longer than it was, or was added by us (<paramref name="sent"/> 0).</summary>
    public void Replace(int sent, int actual) => Room += sent - actual;

    /// <summary>Changes the reserve.</summary>
    /// <returns>What the sender is granted because of it.</returns>
    public uint Reserve(long bytes)
    {
        _reserve = bytes;
        _isShare = false;
        return Grant();
    }

    /// <summary>
    /// Keeps back so much, and at most a quarter of the largest room there has been: who opens a channel with no window, as OpenSSH's sshd does, makes room later.
    /// </summary>
    /// <returns>What the sender is granted because of it.</returns>
    public uint ReserveShare(long most)
    {
        _reserve = most;
        _isShare = true;
        return Grant();
    }

    /// <summary>Grants all that is beyond the reserve.</summary>
    /// <returns>What the sender must be told that it is granted; 0: nothing.</returns>
    public uint Grant()
    {
        long more = Room - (_isShare ? Math.Min(_reserve, _largest / 4) : _reserve) - Granted;
        if (more <= 0)
            return 0;
        Granted += more;
        return (uint)more;
    }
}
