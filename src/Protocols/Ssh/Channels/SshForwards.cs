namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What the client asked for, policy allowed and the target does: listening for connections that come back through the client. The target may open
/// channels for these and for nothing else.
/// </summary>
internal sealed class SshForwards(int limit)
{
    private readonly Lock _lock = new();
    private readonly HashSet<(string Address, uint Port)> _granted = [];
    private int _asked;

    /// <summary>A session may use the client's agent, and show windows at the client's.</summary>
    public volatile bool Agent;
    public volatile bool X11;

    /// <summary>Takes up one more request. False: there are too many.</summary>
    public bool TryAsk()
    {
        lock (_lock)
        {
            if (_granted.Count + _asked >= limit)
                return false;
            _asked++;
            return true;
        }
    }

    /// <summary>The target has answered.</summary>
    public void Answer(string address, uint port, bool granted)
    {
        lock (_lock)
        {
            _asked--;
            if (granted)
                _granted.Add((address, port));
        }
    }

    public void Cancel(string address, uint port)
    {
        lock (_lock)
            _granted.Remove((address, port));
    }

    /// <summary>True when the target may connect to the client as if by this address, which it listens on.</summary>
    public bool Contains(string address, uint port)
    {
        lock (_lock)
            return _granted.Contains((address, port));
    }
}
