using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Proxy.Configuration;

/// <summary><c>host:port</c>, <c>192.0.2.1:5432</c> or <c>[2001:db8::1]:5432</c> (RFC 3986 3.2.2).</summary>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>Longest host name (RFC 1035 2.3.4).</summary>
    private const int LongestName = 253;

    /// <param name="lowest">0 where the system may choose a port, else 1.</param>
    public static bool TryParse(string text, int lowest, out HostPort value)
    {
        value = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port < lowest || port > IPEndPoint.MaxPort)
        {
            return false;
        }

        string host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
            if (!IPAddress.TryParse(host, out IPAddress? v6) || v6.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
        }
        else if (!IsName(host))
        {
            return false;
        }

        value = new HostPort(host, port);
        return true;
    }

    /// <summary>True for a name that DNS could know, or an IPv4 address in its usual form.</summary>
    public static bool IsName(string host)
    {
        // Digits and dots only: then it must be the usual form, since "127.1" and "2130706433" are loopback too, and surprise readers.
        if (host.All(c => char.IsAsciiDigit(c) || c == '.'))
            return IPAddress.TryParse(host, out IPAddress? v4) && v4.ToString() == host;
        return host.Length is > 0 and <= LongestName
            && host.Split('.').All(label => label.Length is > 0 and <= 63 && !label.StartsWith('-') && !label.EndsWith('-')
                && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
    }
}
