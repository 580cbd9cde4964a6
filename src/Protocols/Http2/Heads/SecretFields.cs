namespace Sallyport.Protocols.Http2.Heads;

/// <summary>Fields whose values are credentials: never in a recording, a log or a peer's compression table.</summary>
internal static class SecretFields
{
    private static readonly string[] Words = ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "credential", "signature", "websocket-protocol"];

    /// <param name="name">In lower case.</param>
    public static bool Has(ReadOnlySpan<byte> name)
    {
        // Nothing shorter has one of the words in it, and most names are.
        if (name.Length < 5 || name[0] == (byte)':')
            return false;
        foreach (string word in Words)
        {
            if (Contains(name, word))
                return true;
        }

        return false;
    }

    private static bool Contains(ReadOnlySpan<byte> name, string word)
    {
        for (int start = 0; start + word.Length <= name.Length; start++)
        {
            int i = 0;
            while (i < word.Length && name[start + i] == word[i])
                i++;
            if (i == word.Length)
                return true;
        }

        return false;
    }
}
