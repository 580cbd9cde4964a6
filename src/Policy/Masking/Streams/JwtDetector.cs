using System.Buffers;

namespace Sallyport.Policy.Masking.Streams;

/// <summary>JSON Web Tokens (RFC 7519), signed or encrypted: a header of base64url that begins as <c>{"</c> does, a dot, and what follows. Their length has no bound.</summary>
internal sealed class JwtDetector : Detector
{
    // A header of this length is one whatever follows: nothing else that begins so is so long without a line break.
    private const int LongHeader = 440;
    private const int ShortestHeader = 10;
    private const int PartLength = 8;

    private static readonly SearchValues<byte> Base64Url = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);
    private static readonly SearchValues<byte> Token = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        ReadOnlySpan<byte> prefix = "eyJ"u8;
        int at = from;
        while (true)
        {
            int found = text[at..].IndexOf(prefix);
            if (found < 0)
                return Sighting.Undecided(final ? text.Length : PartAtEnd(text, from, prefix));
            int start = at + found;
            at = start + 1;
            if (IsWord(text[start - 1]))
                continue;
            ReadOnlySpan<byte> rest = text[start..];
            int header = rest.IndexOfAnyExcept(Base64Url);
            if (header is < 0 or >= LongHeader && rest.Length >= LongHeader)
                return new Sighting(start, LongHeader, IsOpen: true);
            if (header < 0)
            {
                if (!final)
                    return Sighting.Undecided(start);
                continue;
            }

            if (header < ShortestHeader || rest[header] != '.')
                continue;
            ReadOnlySpan<byte> payload = rest[(header + 1)..];
            int length = payload.IndexOfAnyExcept(Base64Url);
            length = length < 0 ? payload.Length : length;
            bool ends = length < payload.Length;
            if (length < PartLength && !ends && !final)
                return Sighting.Undecided(start);
            // Without a second part: encrypted directly to a key (RFC 7516 5.1).
            if (length >= PartLength || (length == 0 && ends && payload[0] == '.'))
                return new Sighting(start, header + 1 + Math.Min(length, PartLength), IsOpen: true);
        }
    }

    /// <inheritdoc/>
    public override int Rest(ReadOnlySpan<byte> text, int from, bool final, int taken, out bool ended)
    {
        int end = text[from..].IndexOfAnyExcept(Token);
        ended = end >= 0;
        return ended ? from + end : text.Length;
    }
}
