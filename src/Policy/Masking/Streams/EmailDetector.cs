using System.Buffers;
using System.Text;

namespace Sallyport.Policy.Masking.Streams;

/// <summary>E-mail addresses (RFC 5321 4.1.2, without quoted local parts): a local part, <c>@</c>, and a domain of at least two labels whose last is of letters.</summary>
internal sealed class EmailDetector : Detector
{
    // RFC 5321 4.5.3.1: 64 octets of a local part; RFC 1035 2.3.4: 253 characters of a domain.
    private const int LongestLocal = 64;
    private const int LongestDomain = 253;

    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // Bytes from 0x80 on are letters of other alphabets (RFC 6531).
    private static readonly byte[] Foreign = [.. Enumerable.Range(0x80, 0x80).Select(b => (byte)b)];
    private static readonly SearchValues<byte> Local = SearchValues.Create([.. Encoding.ASCII.GetBytes(Letters + "0123456789.!#$%&'+/=?^_`{|}~-"), .. Foreign]);
    private static readonly SearchValues<byte> Domain = SearchValues.Create([.. Encoding.ASCII.GetBytes(Letters + "0123456789.-"), .. Foreign]);
    private static readonly SearchValues<byte> LastLabel = SearchValues.Create([.. Encoding.ASCII.GetBytes(Letters), .. Foreign]);

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        int at = from;
        while (true)
        {
            int found = text[at..].IndexOf((byte)'@');
            if (found < 0)
                return Sighting.Undecided(final ? text.Length : LocalStart(text, text.Length, from));
            int sign = at + found;
            at = sign + 1;
            int start = LocalStart(text, sign, from);
            if (start == sign)
                continue;
            ReadOnlySpan<byte> rest = text[at..];
            int end = rest.IndexOfAnyExcept(Domain);
            if (end < 0 && !final && rest.Length < LongestDomain)
                return Sighting.Undecided(start);
            int length = DomainLength(rest[..Math.Min(end < 0 ? rest.Length : end, LongestDomain)]);
            if (length > 0)
                return new Sighting(start, at + length - start);
        }
    }

    private static int LocalStart(ReadOnlySpan<byte> text, int end, int from)
    {
        int first = Math.Max(from, end - LongestLocal);
        return first + text[first..end].LastIndexOfAnyExcept(Local) + 1;
    }

    // The longest beginning that is a domain: "example.com." at the end of a sentence is one without its last dot.
    private static int DomainLength(ReadOnlySpan<byte> run)
    {
        int best = 0;
        int start = 0;
        while (start < run.Length)
        {
            int dot = run[start..].IndexOf((byte)'.');
            int end = dot < 0 ? run.Length : start + dot;
            if (end == start)
                break;
            ReadOnlySpan<byte> label = run[start..end];
            if (start > 0 && label.Length >= 2 && !label.ContainsAnyExcept(LastLabel))
                best = end;
            start = end + 1;
        }

        return best;
    }
}
