namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What the client asked for, policy allowed and the target does: listening for connections that come back through the client. The target may open
/// channels for these and for nothing else.
/// </summary>
internal sealed class SshForwards(int limit)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Address, uint Port), SshGlobalRequests.Asked> _granted = [];
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
    /// <param name="port">Where the target listens, when it has chosen that itself.</param>
    public void Answer(SshGlobalRequests.Asked asked, uint port, bool granted)
    {
        lock (_lock)
        {
            _asked--;
            asked.Bound = port;
            if (granted)
                _granted[(asked.Address, port)] = asked;
        }
    }

    /// <summary>It listens there no more. Null: it did not.</summary>
    public SshGlobalRequests.Asked? Cancel(string address, uint port)
    {
        lock (_lock)
            return _granted.Remove((address, port), out SshGlobalRequests.Asked? asked) ? asked : null;
    }

    /// <summary>True when the target may connect to the client as if by this address, which it listens on.</summary>
    public bool Contains(string address, uint port)
    {
        lock (_lock)
            return _granted.ContainsKey((address, port));
    }
}
