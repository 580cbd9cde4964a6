using System.Text;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>One stream of text that comes in pieces: characters that two pieces share are shown with the second.</summary>
internal sealed class ToldText
{
    /// <summary>Longest text of one piece that is shown, bytes.</summary>
    private const int Most = 16 << 10;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <returns>Null: there is no whole character yet.</returns>
    public TranscriptJson? Of(string type, DateTimeOffset at, ReadOnlySpan<byte> bytes)
    {
        bool cut = bytes.Length > Most;
        char[] chars = new char[Most + 2];
        int length = _decoder.GetChars(cut ? bytes[..Most] : bytes, chars, flush: cut);
        return length == 0 ? null : new TranscriptJson(type, at) { Text = new string(chars, 0, length), TextTruncated = cut ? true : null };
    }
}
