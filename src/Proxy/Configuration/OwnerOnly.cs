using System.Security.Cryptography;

namespace Sallyport.Proxy.Configuration;

/// <summary>Files of private keys: made for their owner alone, and refused when others can read or write them.</summary>
internal static class OwnerOnly
{
    private const UnixFileMode File600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Directory700 = File600 | UnixFileMode.UserExecute;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Makes a new file, and the directory it is to be in.</summary>
    /// <exception cref="IOException">It exists already: a key is never overwritten; or it cannot be written.</exception>
    public static void Create(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } directory)
                Directory.CreateDirectory(directory, Directory700);
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = File600 });
            file.Write(content);
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException($"{path} cannot be made: permission denied", denied);
        }
    }

    /// <summary>Reads it. The caller wipes what it gets.</summary>
    /// <exception cref="IOException">It cannot be read, others can read it too, or it is too large.</exception>
    public static byte[] Read(string path, int largest)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if ((File.GetUnixFileMode(file.SafeFileHandle) & Others) != 0)
                throw new IOException("others than its owner may read or write it: chmod 600");
            byte[] content = new byte[largest + 1];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            byte[] exact = content.AsSpan(0, length).ToArray();
            CryptographicOperations.ZeroMemory(content);
            return length <= largest ? exact : throw new IOException("too large for a key");
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException("permission denied", denied);
        }
    }
}
