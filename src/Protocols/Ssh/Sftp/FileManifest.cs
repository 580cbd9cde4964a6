using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>One file on its way: counted, and hashed while its bytes come in their order.</summary>
internal sealed class FileProgress(string path, bool upload, long started) : IDisposable
{
    private IncrementalHash? _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public string Path => path;

    public bool Upload => upload;

    public long Started => started;

    public long Bytes { get; private set; }

    /// <summary>True once the target refused some of it.</summary>
    public bool Failed { get; set; }

    /// <summary>Bytes of the file from <paramref name="offset"/> on. Behind a gap, or once bytes come twice, there is no hash.</summary>
    public void Add(long offset, ReadOnlySpan<byte> data)
    {
        if (offset != Bytes)
            Forget();
        _hash?.AppendData(data);
        Bytes += data.Length;
    }

    /// <summary>Something else writes the file too.</summary>
    public void Forget()
    {
        _hash?.Dispose();
        _hash = null;
    }

    /// <summary>Hexadecimal; null when it is not known.</summary>
    public string? Sha256()
    {
        if (_hash is null)
            return null;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetCurrentHash(digest);
        return Convert.ToHexStringLower(digest);
    }

    public void Dispose() => Forget();
}

/// <summary>Writes a line to the recording for each file that was moved.</summary>
internal sealed class FileManifest(SessionContext context, TimeProvider time, int channel, string by)
{
    public FileProgress Begin(string path, bool upload) => new(path, upload, time.GetTimestamp());

    /// <param name="status"><c>complete</c>, <c>partial</c>, <c>failed</c>, <c>refused</c>.</param>
    /// <returns>False: the recording is behind.</returns>
    public bool End(FileProgress file, string status)
    {
        using (file)
            return Write(file.Path, file.Upload, file.Bytes, file.Sha256(), (long)time.GetElapsedTime(file.Started).TotalMilliseconds, status);
    }

    /// <summary>A file that was not let through at all.</summary>
    public bool Refused(string path, bool upload) => Write(path, upload, 0, null, 0, "refused");

    /// <summary>What moved for a path, where the files in it cannot be told apart.</summary>
    public bool Counted(string path, bool upload, long bytes, long started, string status) => Write(path, upload, bytes, null, (long)time.GetElapsedTime(started).TotalMilliseconds, status);

    private bool Write(string path, bool upload, long bytes, string? sha256, long ms, string status) =>
        context.Event(SshFileEvent.Name, new SshFileEvent(path, upload ? "upload" : "download", bytes, sha256, ms, status, (uint)channel, by).ToDetail());
}
