using System.Text;

namespace Sallyport.Replay.Http;

/// <summary>Looks for a text in one recorded body, which comes in pieces. What is told is the text with some of what stands around it.</summary>
internal sealed class BodySearch(string text, Action<string> found)
{
    private const int Around = 60;
    private const int MostFound = 20;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private string _kept = "";
    private int _told;

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (_told >= MostFound)
            return;
        char[] chars = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        string window = _kept + new string(chars, 0, _decoder.GetChars(bytes, chars, flush: false));
        int at = 0;
        // What stands too close to the end is told with the next piece, when what follows it is there.
        while (_told < MostFound && window.IndexOf(text, at, StringComparison.OrdinalIgnoreCase) is >= 0 and var place && place + text.Length + Around <= window.Length)
            at = Tell(window, place);
        int keep = Math.Max(at, window.Length - (text.Length + (2 * Around)));
        _kept = window[Math.Max(0, keep)..];
    }

    public void End()
    {
        int at = 0;
        while (_told < MostFound && _kept.IndexOf(text, at, StringComparison.OrdinalIgnoreCase) is >= 0 and var place)
            at = Tell(_kept, place);
        _kept = "";
    }

    private int Tell(string window, int place)
    {
        _told++;
        found(window[Math.Max(0, place - Around)..Math.Min(window.Length, place + text.Length + Around)]);
        return place + text.Length;
    }
}
