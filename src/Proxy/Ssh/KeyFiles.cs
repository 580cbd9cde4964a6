using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Ssh;

/// <summary>Private SSH keys of the daemon in files: OpenSSH's form, mode 0600, with the public half beside them.</summary>
internal static class KeyFiles
{
    private const int LargestPublic = 1 << 20;

    /// <summary>Reads a key; makes it when there is none and it may be made.</summary>
    /// <returns>Null: there is none, and it was not to be made.</returns>
    /// <exception cref="IOException">It cannot be read or made, or others than its owner can read it.</exception>
    /// <exception cref="FormatException">It is no private key.</exception>
    public static SshPrivateKey? Open(string path, string type, string comment, bool create)
    {
        if (!File.Exists(path))
        {
            if (!create)
                return null;
            Make(path, type, comment);
        }

        byte[] content = OwnerOnly.Read(path, SshPrivateKey.MaxFile);
        try
        {
            return SshPrivateKey.Load(content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Public keys, one a line; empty lines and those that begin with # are not.</summary>
    /// <exception cref="FormatException">A line is no public key; the message says which.</exception>
    public static IReadOnlyList<SshPublicKey> ReadPublic(string path)
    {
        var keys = new List<SshPublicKey>();
        foreach ((int number, string line) in Lines(path))
            keys.Add(SshPublicKey.TryParseLine(line, out SshPublicKey? key, out _) ? key : throw new FormatException($"line {number} is no public key such as \"ssh-ed25519 AAAA… comment\""));
        return keys.Count > 0 ? keys : throw new FormatException("it holds no public key");
    }

    /// <summary>A certificate as ssh-keygen writes it: type, base64, comment.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SshCertificate ReadCertificate(string path)
    {
        const string Wrong = "it holds no OpenSSH certificate such as ssh-keygen -s makes";
        (int Number, string Text)[] lines = [.. Lines(path)];
        string[] words = lines.Length == 1 ? lines[0].Text.Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries) : [];
        byte[] blob = new byte[SshCertificate.MaxBlob];
        return words.Length >= 2 && Convert.TryFromBase64String(words[1], blob, out int length)
            && SshCertificate.TryParse(blob.AsSpan(0, length), out SshCertificate? certificate) && certificate.Type == words[0]
            ? certificate
            : throw new FormatException(Wrong);
    }

    /// <summary>The lines of a file that say something, with their numbers.</summary>
    /// <exception cref="IOException">It cannot be read, or is too large.</exception>
    public static IEnumerable<(int Number, string Text)> Lines(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Length > LargestPublic)
            throw new IOException($"larger than {LargestPublic} bytes");
        int number = 0;
        foreach (string line in File.ReadAllLines(path))
        {
            number++;
            if (line.Trim() is { Length: > 0 } text && text[0] != '#')
                yield return (number, text);
        }
    }

    private static void Make(string path, string type, string comment)
    {
        SshPrivateKey key = SshPrivateKey.Generate(type, comment);
        byte[] content = key.Write();
        try
        {
            OwnerOnly.Create(path, content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }

        File.WriteAllText(path + ".pub", $"{key.PublicKey} {comment}\n", Encoding.ASCII);
    }
}
