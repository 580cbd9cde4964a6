namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>Base64 as it stands in lines of keys.</summary>
internal static class KeyText
{
    /// <summary>Decodes one word, strictly: no spaces, right padding, no more than <paramref name="longest"/> bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<char> word, int longest, out byte[] bytes)
    {
        bytes = [];
        if (word.IsEmpty || word.Length % 4 != 0 || word.Length > ((longest + 2) / 3 * 4) + 4 || word.IndexOfAny(" \t\r\n\v\f") >= 0)
            return false;
        byte[] buffer = new byte[word.Length / 4 * 3];
        if (!Convert.TryFromBase64Chars(word, buffer, out int written) || written > longest)
            return false;
        bytes = buffer.AsSpan(0, written).ToArray();
        return true;
    }
}
