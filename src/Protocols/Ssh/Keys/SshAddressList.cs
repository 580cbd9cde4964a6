using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// Where a proof may be used from: <c>source-address</c> of a certificate (addresses and networks), or <c>from</c> of a registered key (also negated, and
/// with wildcards over the address as text). Names are never looked up, so none ever matches.
/// </summary>
public sealed class SshAddressList
{
    private const int MaxEntries = 256;

    private readonly List<(IPNetwork? Network, string Pattern, bool Negated)> _entries = [];

    private SshAddressList()
    {
    }

    /// <summary>Reads a list with commas.</summary>
    /// <param name="patterns">True for <c>from</c>: negation and wildcards are allowed.</param>
    public static bool TryParse(string text, bool patterns, [NotNullWhen(true)] out SshAddressList? list)
    {
        ArgumentNullException.ThrowIfNull(text);
        list = null;
        var read = new SshAddressList();
        foreach (string entry in text.Split(',', MaxEntries + 1))
        {
            bool negated = patterns && entry.StartsWith('!');
            string word = negated ? entry[1..] : entry;
            IPNetwork? network = ParseNetwork(word);
            if (word.Length == 0 || read._entries.Count == MaxEntries || (network is null && (!patterns || word.Contains('/', StringComparison.Ordinal))))
                return false;
            read._entries.Add((network, word, negated));
        }

        list = read;
        return true;
    }

    /// <summary>True when one entry has the address and no negated one has.</summary>
    public bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        string text = plain.ToString();
        bool found = false;
        foreach ((IPNetwork? network, string pattern, bool negated) in _entries)
        {
            if (network is { } net ? !net.Contains(plain) : !HostPattern.Matches(pattern, text))
                continue;
            if (negated)
                return false;
            found = true;
        }

        return found;
    }

    /// <summary>An address, or a network without bits beyond its length: those would hide a mistake.</summary>
    private static IPNetwork? ParseNetwork(string word)
    {
        if (word.Contains('/', StringComparison.Ordinal))
            return IPNetwork.TryParse(word, out IPNetwork network) && IPAddress.TryParse(word.AsSpan(0, word.IndexOf('/', StringComparison.Ordinal)), out IPAddress? given) && given.Equals(network.BaseAddress) ? network : null;
        if (!IPAddress.TryParse(word, out IPAddress? address) || word.Contains('%', StringComparison.Ordinal) || (!word.Contains(':', StringComparison.Ordinal) && word.AsSpan().Count('.') != 3))
            return null;
        return new IPNetwork(address, address.GetAddressBytes().Length * 8);
    }
}
