namespace Sallyport.Policy.Matching;

/// <summary>Tells what the name of a destination is.</summary>
internal static class Destinations
{
    /// <summary>True when the destination matches. One without a host is a Unix socket, unless it begins with the colon before a port: then it is every address.</summary>
    public static bool Matches(DestinationPattern pattern, bool hasHost, ReadOnlySpan<byte> host, ReadOnlySpan<byte> name, bool narrow)
    {
        if (hasHost)
            return pattern.Matches(host, name, narrow);
        return name is [(byte)':', ..] ? pattern.Matches([], name[1..], narrow) : pattern.MatchesSocket(name, narrow);
    }
}
