using Sallyport.Protocols.Http2.Connections;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// One direction of an exchange: bytes from one end to the other, through a filter if there is one. Without one the sender is credited for every byte that went on. With
/// one, bytes in and bytes out are not the same, so it is credited for all that it sent whenever nothing of what came of them waits any more. Under the exchange's lock.
/// </summary>
internal struct ExchangeFlow
{
    private int _withheld;
    private int _outstanding;
    private int _advance;

    public IBodyFilter? Filter { get; set; }

    /// <summary>Bytes that came.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that were recorded.</summary>
    public int Recorded { get; set; }

    /// <summary>The sender has ended.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The sender was credited for so many bytes before they went anywhere.</summary>
    public void Advance(int credited) => _advance += credited;

    /// <summary>What goes on of bytes that came.</summary>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        Bytes += data.Length;
        HasEnded |= end;
        refusal = null;
        if (Filter is null)
            return data;
        _withheld += data.Length;
        return Filter.Take(data, end, out refusal);
    }

    /// <summary>Sends it.</summary>
    /// <returns>What the sender is credited for.</returns>
    public int Send(HttpStream to, ReadOnlySpan<byte> data, bool end)
    {
        int sent = to.SendData(data, end);
        if (Filter is null)
            return Owe(sent);
        _outstanding += data.Length - sent;
        return Settle();
    }

    /// <summary>So many bytes that waited have gone on.</summary>
    /// <returns>What the sender is credited for.</returns>
    public int Forwarded(int bytes)
    {
        if (Filter is null)
            return Owe(bytes);
        _outstanding -= bytes;
        return Settle();
    }

    private int Settle()
    {
        if (_outstanding > 0)
            return 0;
        int credit = Owe(_withheld);
        _withheld = 0;
        return credit;
    }

    /// <summary>Takes off what was credited in advance.</summary>
    private int Owe(int bytes)
    {
        int settled = Math.Min(_advance, bytes);
        _advance -= settled;
        return bytes - settled;
    }
}
