namespace Sallyport.Protocols.Http2.Kubernetes.TarManifest;

/// <summary>A command that packs files to its output or unpacks them from its input, as <c>kubectl cp</c> runs it.</summary>
/// <param name="IsUpload">It unpacks.</param>
/// <param name="Folder">What stands before the names of the archive; empty: nothing that is known.</param>
internal sealed record TarCommand(bool IsUpload, string Folder)
{
    /// <summary>The files' names, as the container knows them.</summary>
    public string PathOf(string name) => name.StartsWith('/') || Folder.Length == 0 ? name : Folder.EndsWith('/') ? Folder + name : $"{Folder}/{name}";

    /// <returns>Null: it is another command, or one whose bytes are not a plain archive.</returns>
    public static TarCommand? Of(IReadOnlyList<string> command)
    {
        if (command.Count < 3 || command[0] is not ("tar" or "/bin/tar" or "/usr/bin/tar"))
            return null;
        bool packs = false;
        bool unpacks = false;
        bool isStandard = false;
        string folder = "";
        bool isAbsolute = false;
        for (int i = 1; i < command.Count; i++)
        {
            string word = command[i];
            if (word is "--no-same-permissions" or "--no-same-owner" or "--")
                continue;
            if (word == "-C" && i + 1 < command.Count)
                folder = command[++i] == "." ? "" : command[i];
            else if (i == 1 || (word.Length > 1 && word[0] == '-' && word[1] != '-'))
            {
                string letters = word.TrimStart('-');
                // m, p, v and o change neither what passes nor its names; whatever else is asked for might.
                if (letters.Any(letter => !"cxfmpvo".Contains(letter, StringComparison.Ordinal)))
                    return null;
                packs |= letters.Contains('c', StringComparison.Ordinal);
                unpacks |= letters.Contains('x', StringComparison.Ordinal);
                if (letters.Contains('f', StringComparison.Ordinal))
                    isStandard = letters.EndsWith('f') && i + 1 < command.Count && command[++i] == "-";
            }
            else if (word.StartsWith('-'))
                return null;
            else
                isAbsolute |= word.StartsWith('/');
        }

        if (packs == unpacks || !isStandard)
            return null;
        // A name's slash at its beginning is taken off when it is packed.
        return new TarCommand(unpacks, packs && isAbsolute ? "/" : folder);
    }
}
