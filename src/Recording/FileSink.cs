namespace Sallyport.Recording;

/// <summary>One recording as a file of mode 0600, written from front to back.</summary>
internal sealed class FileSink : IRecordingSink
{
    private readonly string _path;
    private readonly FileStream _file;

    private FileSink(string path, FileStream file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Makes the file; one of that name must not be there.</summary>
    /// <exception cref="IOException">It cannot be made, or the disk is too full.</exception>
    public static FileSink Create(string directory, string name, long minFreeBytes)
    {
        string path = Path.Combine(directory, name);
        try
        {
            if (!Directory.Exists(directory))
                MakeDirectory(directory);
            long free = new DriveInfo(directory).AvailableFreeSpace;
            if (free < minFreeBytes)
                throw new IOException($"The disk of {directory} has {free} free bytes; a recording needs {minFreeBytes}.");
            return new FileSink(path, Make(path));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The recording {path} cannot be made: {e.Message}", e);
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);

        // A removed file takes writes without an error, and keeps nothing.
        if (!File.Exists(_path))
            throw new IOException($"The recording {_path} was removed while it was being written.");
    }

    public void Flush() => _file.Flush(flushToDisk: true);

    public void Truncate(long length) => _file.SetLength(length);

    public void Discard()
    {
        _file.Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The recording {_path} cannot be removed: {e.Message}", e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static void MakeDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(directory);
        else
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static FileStream Make(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }
}
