namespace Sallyport.Policy.Masking.Streams;

/// <summary>What a detector says of a stretch of text: the first finding, or where it cannot tell yet.</summary>
/// <param name="Start">Where the finding begins; without one, the first place where one could begin once more text is known; the text's end when there is none.</param>
/// <param name="Length">Of the finding; 0: there is none.</param>
/// <param name="IsOpen">What follows belongs to it too, as far as <see cref="Detector.Rest"/> says.</param>
internal readonly record struct Sighting(int Start, int Length, bool IsOpen = false)
{
    public static Sighting Undecided(int start) => new(start, 0);
}

/// <summary>
/// Finds values of one kind in text by their form, and by their check digits where they have any. Stateless: what is found depends on the text alone, on
/// no more than <see cref="Reach"/> bytes from where it begins and the one before, so that it does not matter how a stream is cut. Allocates nothing.
/// </summary>
internal abstract class Detector
{
    /// <summary>The most bytes from a possible beginning after which a detector can tell.</summary>
    public const int Reach = 512;

    /// <summary>The first finding that begins at <paramref name="from"/> or later.</summary>
    /// <param name="text">The text; what stands before <paramref name="from"/> is looked at, but is no part of a finding.</param>
    /// <param name="from">At least 1.</param>
    /// <param name="final">No more text follows.</param>
    public abstract Sighting Next(ReadOnlySpan<byte> text, int from, bool final);

    /// <summary>How far an open finding goes on.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where it goes on.</param>
    /// <param name="final">No more text follows.</param>
    /// <param name="taken">Bytes that the finding had taken in here before.</param>
    /// <param name="ended">It ends there; otherwise ask again there with more text.</param>
    /// <returns>The first place that does not belong to it, as far as can be told.</returns>
    public virtual int Rest(ReadOnlySpan<byte> text, int from, bool final, int taken, out bool ended)
    {
        ended = true;
        return from;
    }

    /// <summary>True for what a word or a number goes on with: a finding beside one of these is a part of something else.</summary>
    protected static bool IsWord(byte b) => char.IsAsciiLetterOrDigit((char)b);

    /// <summary>True when nothing that belongs to the same word stands at this place.</summary>
    protected static bool EndsAt(ReadOnlySpan<byte> text, int at) => at >= text.Length || !IsWord(text[at]);

    /// <summary>The first place from <paramref name="at"/> on without a digit.</summary>
    protected static int EndOfDigits(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit((char)text[at]))
            at++;
        return at;
    }

    /// <summary>Where the text ends in a beginning of <paramref name="prefix"/>; the text's end when it does not.</summary>
    protected static int PartAtEnd(ReadOnlySpan<byte> text, int from, ReadOnlySpan<byte> prefix)
    {
        for (int length = Math.Min(prefix.Length - 1, text.Length - from); length > 0; length--)
        {
            if (text.EndsWith(prefix[..length]))
                return text.Length - length;
        }

        return text.Length;
    }
}
