using System.Collections.Frozen;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Ssh;

/// <summary>A key of a person's file.</summary>
internal sealed record FileKey(string Subject, AuthorizedKey Line);

/// <summary>
/// A directory of files in the form of authorized_keys (sshd(8)), each named after a person. A line that is not understood is an error, and so is a key
/// that two people have: to pass over either would let somebody in as somebody else, or with more than was meant.
/// </summary>
internal static class AuthorizedKeys
{
    private const int MostFiles = 10_000;

    private const int LargestFile = 1 << 20;

    /// <summary>Reads all files but those whose names begin with a dot.</summary>
    /// <returns>By fingerprint.</returns>
    /// <exception cref="FormatException">A line is wrong; the message says which.</exception>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static FrozenDictionary<string, FileKey> Read(string directory)
    {
        string[] files = [.. Directory.EnumerateFiles(directory).Where(path => Path.GetFileName(path)[0] != '.').Order(StringComparer.Ordinal).Take(MostFiles + 1)];
        if (files.Length > MostFiles)
            throw new IOException($"more than {MostFiles} files");
        var keys = new Dictionary<string, FileKey>(StringComparer.Ordinal);
        foreach (string path in files)
            Read(path, keys);
        return keys.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void Read(string path, Dictionary<string, FileKey> keys)
    {
        string subject = Path.GetFileName(path);
        if (Claims.Printable(subject) is null)
            throw new FormatException("a file has a name that nobody can have");
        if (new FileInfo(path).Length > LargestFile)
            throw new IOException($"{subject} is larger than {LargestFile} bytes");
        IReadOnlyList<AuthorizedKey> lines = AuthorizedKey.ParseFile(File.ReadAllText(path), out IReadOnlyList<KeyFileProblem> problems);
        if (problems.Count > 0)
            throw new FormatException($"{subject}, line {problems[0].Line}: {problems[0].Message}");
        foreach (AuthorizedKey line in lines)
        {
            if (line.IsAuthority)
                throw new FormatException($"{subject}: authorities are named by ssh.user-authorities, not by cert-authority");
            if (!keys.TryAdd(line.Key.Fingerprint, new FileKey(subject, line)))
                throw new FormatException($"{subject}: the key {line.Key.Fingerprint} is {keys[line.Key.Fingerprint].Subject}'s already");
        }
    }
}
