using System.Buffers;

namespace Sallyport.Proxy.Audit;

/// <summary>
/// The audit's file: lines, each with its number and the SHA-256 of the line before it, so that what is changed, left out or put in later shows. Other processes
/// (commands beside the daemon) append to it too: each batch is written under a lock, after a look at what the last line now is.
/// </summary>
internal sealed class AuditFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Torn lines in a row that are looked past: each is a crash.</summary>
    private const int MostTorn = 100;

    private static readonly TimeSpan LockTime = TimeSpan.FromSeconds(10);

    private readonly FileStream _file;
    private long _end;

    private AuditFile(FileStream file)
    {
        _file = file;
    }

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="path">Its directory is made too, with mode 0700.</param>
    /// <param name="before">The chain to go on with when the file is new: that of the file it follows.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public AuditFile(string path, AuditChain before)
    {
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } directory && !Directory.Exists(directory))
                Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
            _file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = OwnerOnly,
                BufferSize = 0,
            });
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException($"{path}: permission denied", denied);
        }

        Chain = before;
    }

    /// <summary>Opens a file that is only looked at.</summary>
    public static AuditFile OpenToRead(string path) => new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));

    /// <summary>The end of the chain: as of the last line that was written or found.</summary>
    public AuditChain Chain { get; private set; }

    /// <summary>Bytes in the file, as far as we know.</summary>
    public long End => _end;

    /// <summary>
    /// Writes lines in one go, and, when asked, forces them to the disk. When that fails there is nothing of them in the file, as far as that can be had.
    /// </summary>
    /// <param name="compose">Writes the lines, given the chain they continue; returns the chain as it is after them. Called once.</param>
    /// <returns>Where they are.</returns>
    /// <exception cref="IOException">They are not on disk.</exception>
    public (long From, long To) Append(Func<AuditChain, ArrayBufferWriter<byte>, AuditChain> compose, bool flush)
    {
        using FileStream alone = Lock();
        CatchUp();
        var lines = new ArrayBufferWriter<byte>(4096);
        AuditChain after = compose(Chain, lines);
        long from = _end;
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, lines.WrittenSpan, from);
            if (flush)
                RandomAccess.FlushToDisk(_file.SafeFileHandle);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            TakeBack(from);
            throw failure as IOException ?? new IOException(failure.Message, failure);
        }

        Chain = after;
        _end = from + lines.WrittenCount;
        return (from, _end);
    }

    /// <summary>All lines of a file, as it is now. What has no line break at its end is no line: an empty one stands for it, so that it does not pass unseen.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> ReadAll(string path)
    {
        using AuditFile audit = OpenToRead(path);
        long length = audit.Length();
        long at = 0;
        while (at < length && audit.ReadLines(at, length, int.MaxValue, out long next) is { } lines)
        {
            foreach (ReadOnlyMemory<byte> line in lines)
                yield return line;
            at = next;
        }

        if (at < length)
            yield return ReadOnlyMemory<byte>.Empty;
    }

    /// <summary>The lines from a place on, as many as fit; null when there is no whole line left before <paramref name="to"/>.</summary>
    /// <param name="next">Where the next one begins.</param>
    public List<ReadOnlyMemory<byte>>? ReadLines(long from, long to, int atMost, out long next)
    {
        next = from;
        byte[] page = new byte[(int)Math.Min(to - from, 1 << 20)];
        int length = ReadFully(page, from);
        if (!page.AsSpan(0, length).Contains((byte)'\n') && to - from > page.Length)
        {
            page = new byte[(int)Math.Min(to - from, AuditLine.Longest)];
            length = ReadFully(page, from);
        }

        List<ReadOnlyMemory<byte>> lines = [];
        int begin = 0;
        while (lines.Count < atMost && begin < length && Array.IndexOf(page, (byte)'\n', begin, length - begin) is var end and >= 0)
        {
            lines.Add(page.AsMemory(begin, end - begin));
            begin = end + 1;
        }

        next = from + begin;
        return lines.Count > 0 ? lines : null;
    }

    /// <summary>The bytes there are now.</summary>
    public long Length() => RandomAccess.GetLength(_file.SafeFileHandle);

    /// <summary>The line that ends at a place; empty at the beginning.</summary>
    public ReadOnlyMemory<byte> LineBefore(long end)
    {
        for (int size = 4096; ; size = Math.Min(size * 8, AuditLine.Longest))
        {
            long from = Math.Max(0, end - size);
            byte[] page = new byte[end - from];
            int length = ReadFully(page, from);
            int last = length > 0 && page[length - 1] == '\n' ? length - 1 : length;
            int begin = last == 0 ? -1 : Array.LastIndexOf(page, (byte)'\n', last - 1, last);
            if (begin >= 0 || from == 0 || size == AuditLine.Longest)
                return page.AsMemory(begin + 1, last - begin - 1);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Another process may have written, or a crash may have left half a line: that is ended, and stays as what it is.</summary>
    private void CatchUp()
    {
        long length = Length();
        if (length == _end)
            return;
        if (length == 0)
        {
            // Emptied under our hands (copytruncate). The chain goes on, and shows what is missing.
            _end = 0;
            return;
        }

        Chain = ChainAt(length);
        if (!EndsLine(length))
        {
            RandomAccess.Write(_file.SafeFileHandle, "\n"u8, length);
            length++;
        }

        _end = length;
    }

    /// <summary>The chain as of the line that ends there. Torn lines count, though they have no number: it follows from the last one that has.</summary>
    private AuditChain ChainAt(long end)
    {
        ReadOnlyMemory<byte> last = LineBefore(end);
        ReadOnlyMemory<byte> line = last;
        long torn = 0;
        for (long at = end; AuditChain.NumberOf(line.Span) is null && torn < MostTorn; torn++)
        {
            at = (EndsLine(at) ? at - 1 : at) - line.Length;
            if (at <= 0)
                return AuditChain.Of(Chain.Sequence + torn + 1, last.Span);
            line = LineBefore(at);
        }

        return AuditChain.Of((AuditChain.NumberOf(line.Span) ?? Chain.Sequence) + torn, last.Span);
    }

    private bool EndsLine(long end)
    {
        Span<byte> last = stackalloc byte[1];
        return RandomAccess.Read(_file.SafeFileHandle, last, end - 1) == 1 && last[0] == '\n';
    }

    private void TakeBack(long end)
    {
        try
        {
            RandomAccess.SetLength(_file.SafeFileHandle, end);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What is there now is found by CatchUp, before the next line is written.
            _end = -1;
        }
    }

    /// <summary>The kernel's lock on a file beside it: it ends with the process, and is between any two writers, of this process too.</summary>
    private FileStream Lock()
    {
        long deadline = Environment.TickCount64 + (long)LockTime.TotalMilliseconds;
        while (true)
        {
            try
            {
                return new FileStream(_file.Name + ".lock", new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = OwnerOnly,
                });
            }
            catch (IOException) when (Environment.TickCount64 < deadline)
            {
                Thread.Sleep(1);
            }
        }
    }

    private int ReadFully(byte[] page, long from)
    {
        int length = 0;
        while (length < page.Length && RandomAccess.Read(_file.SafeFileHandle, page.AsSpan(length), from + length) is > 0 and var read)
            length += read;
        return length;
    }
}
