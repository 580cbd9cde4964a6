using System.Net;
using System.Net.Sockets;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>
/// Counts attempts in windows of time, per key and in all. The table cannot outgrow what is allowed in all: each entry stands for an attempt.
/// </summary>
internal sealed class AttemptLimiter(TimeProvider time, TimeSpan window, int perKey, int inAll)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private DateTimeOffset _windowEnds;
    private int _total;

    /// <summary>Counts an attempt; false when there have been too many.</summary>
    public bool TryTake(string key)
    {
        lock (_lock)
        {
            Turn();
            int count = _counts.GetValueOrDefault(key);
            if (_total >= inAll || count >= perKey)
                return false;
            _total++;
            _counts[key] = count + 1;
            return true;
        }
    }

    /// <summary>True when another attempt would still be taken.</summary>
    public bool HasRoom(string key)
    {
        lock (_lock)
        {
            Turn();
            return _total < inAll && _counts.GetValueOrDefault(key) < perKey;
        }
    }

    /// <summary>What counts as one source: an IPv4 address, or an IPv6 /64, which one customer has whole.</summary>
    public static string SourceOf(IPAddress? address)
    {
        if (address is null)
            return "unknown";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    private void Turn()
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < _windowEnds)
            return;
        _windowEnds = now + window;
        _counts.Clear();
        _total = 0;
    }
}
