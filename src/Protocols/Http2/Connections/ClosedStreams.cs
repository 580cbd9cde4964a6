using Sallyport.Protocols.Http2.Frames;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>How the streams that were closed last were closed (RFC 9113 5.1). Older ones count as closed by both sides' ends, after which nothing is legal.</summary>
internal sealed class ClosedStreams
{
    private const int Most = 256;

    private readonly (int Id, H2StreamState State)[] _last = new (int, H2StreamState)[Most];
    private int _next;

    public void Add(int id, H2StreamState state)
    {
        _last[_next] = (id, state);
        _next = (_next + 1) % Most;
    }

    /// <summary>Whether it is known to have been open.</summary>
    public bool Knows(int id) => Array.Exists(_last, last => last.Id == id);

    public H2StreamState Find(int id)
    {
        for (int i = 1; i <= Most; i++)
        {
            (int known, H2StreamState state) = _last[(_next - i + Most) % Most];
            if (known == id)
                return state;
        }

        return H2StreamState.Closed;
    }
}
