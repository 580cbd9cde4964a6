using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Policy.Matching;

/// <summary>A range of addresses in CIDR notation (RFC 4632, RFC 4291 2.3). IPv4 written as IPv6 (<c>::ffff:10.0.0.1</c>) is IPv4, in ranges and in addresses.</summary>
internal sealed class SourceRange
{
    private const int MappedPrefix = 96;

    private readonly byte[] _network;
    private readonly int _prefix;

    private SourceRange(byte[] network, int prefix) => (_network, _prefix) = (network, prefix);

    /// <summary>Reads <c>10.0.0.0/8</c>, <c>fd00::/8</c> or a single address.</summary>
    /// <param name="text">The range.</param>
    /// <param name="error">What is wrong, or null.</param>
    /// <param name="suggestion">What was probably meant, or null.</param>
    public static SourceRange? Parse(string text, out string? error, out string? suggestion)
    {
        suggestion = null;
        error = $"\"{text}\" is not an address range such as 10.0.0.0/8 or fd00::/8.";
        int slash = text.IndexOf('/');
        string addressText = slash < 0 ? text : text[..slash];
        // The framework also reads 10.1 and 0x0A000001 as IPv4; nobody writes these on purpose.
        bool dotted = addressText.Contains(':') || addressText.Count(c => c == '.') == 3;
        if (!dotted || addressText.Contains('%') || addressText.Contains('[') || !IPAddress.TryParse(addressText, out IPAddress? address))
            return null;
        if (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != addressText)
            return null;

        int bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        int prefix = bits;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > bits))
            return null;
        if (address.IsIPv4MappedToIPv6)
        {
            if (prefix < MappedPrefix)
                return null;
            (address, prefix) = (address.MapToIPv4(), prefix - MappedPrefix);
        }

        byte[] network = Masked(address.GetAddressBytes(), prefix);
        error = null;
        if (network.AsSpan().SequenceEqual(address.GetAddressBytes()))
            return new SourceRange(network, prefix);
        suggestion = string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(network)}/{prefix}");
        error = $"\"{text}\" has bits set behind its prefix.";
        return null;
    }

    /// <summary>True when the address lies in the range. A scope id plays no role.</summary>
    public bool Contains(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        IPAddress folded = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return folded.TryWriteBytes(bytes, out int length) && Contains(bytes[..length]);
    }

    /// <summary>The same of an address' 4 or 16 bytes; IPv4 inside IPv6 has been made IPv4.</summary>
    public bool Contains(ReadOnlySpan<byte> address)
    {
        if (address.Length != _network.Length)
            return false;
        int whole = _prefix / 8;
        int rest = _prefix % 8;
        if (!address[..whole].SequenceEqual(_network.AsSpan(0, whole)))
            return false;
        return rest == 0 || (address[whole] & (0xFF << (8 - rest))) == _network[whole];
    }

    private static byte[] Masked(byte[] address, int prefix)
    {
        for (int i = 0; i < address.Length; i++)
        {
            int keep = Math.Clamp(prefix - i * 8, 0, 8);
            address[i] &= (byte)(0xFF << (8 - keep));
        }

        return address;
    }
}
