namespace Sallyport.Protocols.Http2.Connections;

/// <summary>Counts what a peer may do only so often a second. One thread at a time.</summary>
internal struct FloodMeter(int mostPerSecond)
{
    private long _second;
    private int _count;

    /// <returns>False: it is a flood.</returns>
    public bool TryCount()
    {
        long second = Environment.TickCount64 / 1000;
        if (second != _second)
            (_second, _count) = (second, 0);
        return ++_count <= mostPerSecond;
    }
}
