using System.Buffers;

namespace Sallyport.Policy.Masking.Streams;

/// <summary>Private keys between their lines of text (RFC 7468, RFC 4880 6.2): from <c>-----BEGIN … PRIVATE KEY-----</c> to the end's line.</summary>
internal sealed class PrivateKeyDetector : Detector
{
    private const int LongestLabel = 64;
    private const int DashCount = 5;

    // Far more than any key: a key whose end never comes does not hide the rest of the session.
    private const int LongestKey = 64 * 1024;

    private static readonly SearchValues<byte> Label = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "u8);
    private static readonly SearchValues<byte> Body = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-:,. \t\r\n"u8);

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        ReadOnlySpan<byte> prefix = "-----BEGIN "u8;
        ReadOnlySpan<byte> dashes = "-----"u8;
        int at = from;
        while (true)
        {
            int found = text[at..].IndexOf(prefix);
            if (found < 0)
                return Sighting.Undecided(final ? text.Length : PartAtEnd(text, from, prefix));
            int start = at + found;
            at = start + 1;
            ReadOnlySpan<byte> rest = text[(start + prefix.Length)..];
            int label = rest.IndexOfAnyExcept(Label);
            if (label < 0 ? rest.Length <= LongestLabel && !final : rest.Length < label + dashes.Length && !final)
                return Sighting.Undecided(start);
            if (label is < 0 or > LongestLabel || !rest[label..].StartsWith(dashes))
                continue;
            ReadOnlySpan<byte> name = rest[..label];
            if (name.EndsWith("PRIVATE KEY"u8) || name.EndsWith("PRIVATE KEY BLOCK"u8))
                return new Sighting(start, prefix.Length + label + dashes.Length, IsOpen: true);
        }
    }

    /// <inheritdoc/>
    public override int Rest(ReadOnlySpan<byte> text, int from, bool final, int taken, out bool ended)
    {
        ReadOnlySpan<byte> prefix = "-----END "u8;
        ReadOnlySpan<byte> rest = text[from..];
        int room = Math.Max(LongestKey - taken, 0);
        int foreign = rest.IndexOfAnyExcept(Body);
        int limit = Math.Min(foreign < 0 ? int.MaxValue : foreign, room);
        ended = true;
        for (int end = rest.IndexOf(prefix), next; end >= 0 && end < limit; end = next < 0 ? -1 : end + 1 + next)
        {
            int label = end + prefix.Length;
            int dashes = rest[label..].IndexOf("-----"u8);
            if (dashes is >= 0 and <= LongestLabel && label + dashes + DashCount <= limit)
                return from + label + dashes + DashCount;
            if (dashes < 0 && rest.Length - label < LongestLabel + DashCount && limit >= rest.Length && !final)
            {
                ended = false;
                return from + end;
            }

            next = rest[(end + 1)..].IndexOf(prefix);
        }

        if (limit <= rest.Length)
            return from + limit;
        ended = false;
        return final ? text.Length : PartAtEnd(text, from, prefix);
    }
}
