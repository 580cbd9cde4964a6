using Sallyport.Protocols.Http2.Frames;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// How the streams that were closed last were closed (RFC 9113 5.1). Of older ones nobody knows: they count as reset by us, so that what was under way on them, or comes late, ends no connection.
/// </summary>
internal sealed class ClosedStreams
{
    private const int Most = 256;

    private readonly (int Id, H2StreamState State)[] _last = new (int, H2StreamState)[Most];
    private int _next;
    private bool _hasForgotten;

    public void Add(int id, H2StreamState state)
    {
        _last[_next] = (id, state);
        _next = (_next + 1) % Most;
        _hasForgotten |= _next == 0;
    }

    /// <summary>Whether a stream that is not open may have been. Numbers are given in order (5.1.1), so those below all that are known may have been forgotten.</summary>
    public bool MayHaveBeen(int id)
    {
        bool isLowest = true;
        foreach ((int known, _) in _last)
        {
            if (known == id)
                return true;
            isLowest &= known > id;
        }

        return _hasForgotten && isLowest;
    }

    public H2StreamState Find(int id)
    {
        for (int i = 1; i <= Most; i++)
        {
            (int known, H2StreamState state) = _last[(_next - i + Most) % Most];
            if (known == id)
                return state;
        }

        return _hasForgotten ? H2StreamState.ResetByUs : H2StreamState.Closed;
    }
}
