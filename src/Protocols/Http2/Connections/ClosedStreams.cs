namespace Sallyport.Protocols.Http2.Connections;

/// <summary>What is known of a stream that is not open.</summary>
internal enum ClosedState : byte
{
    /// <summary>It never was open (RFC 9113 5.1, "idle").</summary>
    Idle,

    /// <summary>We gave it up: the peer may not have heard of that yet, so what it sends is let fall.</summary>
    ByOurReset,

    /// <summary>The peer gave it up, or both ended it: it sends nothing more on it.</summary>
    Ended,

    /// <summary>It was closed so long ago that nobody remembers how.</summary>
    Unknown,
}

/// <summary>How the streams that were closed last were closed (RFC 9113 5.1). The oldest are forgotten.</summary>
internal sealed class ClosedStreams
{
    private const int Most = 256;

    private readonly (uint Id, bool ByOurReset)[] _last = new (uint, bool)[Most];
    private int _next;

    public void Add(uint id, bool byOurReset)
    {
        _last[_next] = (id, byOurReset);
        _next = (_next + 1) % Most;
    }

    public ClosedState Find(uint id)
    {
        for (int i = 1; i <= Most; i++)
        {
            (uint known, bool byOurReset) = _last[(_next - i + Most) % Most];
            if (known == id)
                return byOurReset ? ClosedState.ByOurReset : ClosedState.Ended;
        }

        return ClosedState.Unknown;
    }
}
