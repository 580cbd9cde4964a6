using System.Text;
using System.Text.Unicode;

namespace Sallyport.Policy.Matching;

/// <summary>
/// One entry of a rule's <c>destinations</c>: <c>host:ports</c>, where the host is a name (wildcards, case ignored), an address or a range, or
/// <c>unix:</c> and a pattern of paths. A name is resolved by the target, so nobody here knows its address: in a range it lies never for granting,
/// and possibly for stopping.
/// </summary>
internal sealed class DestinationPattern
{
    private const string UnixPrefix = "unix:";

    // RFC 1035 2.3.4: names have at most 255 octets.
    private const int LongestName = 255;

    private readonly PathPattern? _socket;
    private readonly SourceRange? _range;
    private readonly Glob? _name;
    private readonly PortList? _ports;

    private DestinationPattern(string text, PathPattern? socket, SourceRange? range, Glob? name, PortList? ports) =>
        (Text, _socket, _range, _name, _ports) = (text, socket, range, name, ports);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>A range of addresses: widely every host name could lie in it.</summary>
    public bool IsRange => _range is not null;

    /// <summary>Reads a pattern.</summary>
    public static DestinationPattern? Parse(string text, out string? error, out string? suggestion)
    {
        suggestion = null;
        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
            return PathPattern.Parse(text[UnixPrefix.Length..], out error) is PathPattern path ? new DestinationPattern(text, path, null, null, null) : null;

        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? text : text[..colon];
        error = "is no destination such as db.example.com:5432, 10.0.0.0/8:*, [fd00::/8]:22,80-89 or unix:/run/app.sock";
        if (colon < 0 || host.Length == 0)
        {
            suggestion = colon < 0 ? $"{text}:*" : null;
            return null;
        }

        if (PortList.Parse(text[(colon + 1)..]) is not PortList ports)
        {
            suggestion = text.EndsWith(']') ? $"{text}:*" : null;
            return null;
        }

        bool bracketed = host is ['[', .., ']'];
        if (host.Contains(':') && !bracketed)
        {
            suggestion = $"[{host}]:{text[(colon + 1)..]}";
            return null;
        }

        host = bracketed ? host[1..^1] : host;
        if (bracketed || host.Contains('/') || host.All(c => char.IsAsciiDigit(c) || c == '.'))
        {
            SourceRange? range = SourceRange.Parse(host, out string? rangeError, out suggestion);
            error = range is null ? $"has a range that is none: {rangeError!.TrimEnd('.')}" : null;
            return range is null ? null : new DestinationPattern(text, null, range, null, ports);
        }

        if (!host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '*' or '?') || host.Count(c => c is '*' or '?') > DottedPattern.MaxWildcards)
            return null;
        error = null;
        return new DestinationPattern(text, null, null, Glob.Compile(host.TrimEnd('.').ToLowerInvariant()), ports);
    }

    /// <summary>True when the destination matches.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="narrow">For granting: only what is certain.</param>
    public bool Matches(in DestinationName destination, bool narrow)
    {
        if (destination.IsSocket || _ports is null)
            return destination.IsSocket && _socket is not null && _socket.Matches(destination.Host, narrow ? PathReading.Narrow : PathReading.Wide);
        if (!_ports.Contains(destination.Port, narrow))
            return false;
        if (_name is { IsAny: true })
            return true;
        return destination.IsAddress ? MatchesAddress(destination.Address, narrow) : MatchesName(destination.Host, narrow);
    }

    private bool MatchesAddress(ReadOnlySpan<byte> address, bool narrow)
    {
        if (_range is not null)
            return _range.Contains(address) || (!narrow && HostAddress.IsUnspecified(address));
        // The one name whose addresses are known (RFC 6761 6.3).
        return !narrow && (HostAddress.IsLoopback(address) || HostAddress.IsUnspecified(address)) && _name!.Matches("localhost"u8);
    }

    private bool MatchesName(ReadOnlySpan<byte> host, bool narrow)
    {
        if (_range is not null)
        {
            bool isLocal = Ascii.EqualsIgnoreCase(host is [.., (byte)'.'] ? host[..^1] : host, "localhost"u8);
            return !narrow && (!isLocal || _range.Contains([127, 0, 0, 1]) || _range.Contains([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
        }

        // Every address of a listener, its own machine's among them.
        if (host.IsEmpty || host.SequenceEqual("*"u8))
            return !narrow && _name!.Matches("localhost"u8);
        host = host is [.., (byte)'.'] ? host[..^1] : host;
        // What is no name is granted to nobody, and stopped whatever it is meant to be: "10.0.0.1 .corp.example" is 10.0.0.1 to some resolvers.
        if (host.Length > LongestName || !Utf8.IsValid(host) || !IsName(host))
            return !narrow;
        Span<byte> lower = stackalloc byte[LongestName];
        lower = lower[..host.Length];
        for (int i = 0; i < host.Length; i++)
            lower[i] = host[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(host[i] | 0x20) : host[i];
        return !(narrow && EndsInNumber(lower)) && _name!.Matches(lower);
    }

    private static bool IsName(ReadOnlySpan<byte> host)
    {
        foreach (byte c in host)
        {
            if (c < 0x80 && !char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'-' or (byte)'.' or (byte)'_'))
                return false;
        }

        return true;
    }

    // 127.1 and 0x7f000001 are addresses to many resolvers: no name ends like that (RFC 3696, 2).
    private static bool EndsInNumber(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> last = name[(name.LastIndexOf((byte)'.') + 1)..];
        return last.IsEmpty || !last.ContainsAnyExceptInRange((byte)'0', (byte)'9') || last.StartsWith("0x"u8);
    }
}
