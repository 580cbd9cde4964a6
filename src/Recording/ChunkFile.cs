using System.IO.Hashing;
using System.Security.Cryptography;

namespace Sallyport.Recording;

/// <summary>What is known of a run of records when it is sealed.</summary>
internal readonly record struct ChunkInfo(int RawLength, int Records, long FirstMicros, long LastMicros);

/// <summary>The growing file of one recording: numbers its chunks and chains them. Used by one thread at a time.</summary>
internal sealed class ChunkFile : IDisposable
{
    private readonly IRecordingSink _sink;
    private readonly FsyncPolicy _fsync;
    private readonly byte[] _chain = new byte[ChunkHeader.ChainLength];
    private long _sequence;
    private long _length;

    private ChunkFile(IRecordingSink sink, FsyncPolicy fsync)
    {
        _sink = sink;
        _fsync = fsync;
    }

    /// <summary>Writes the file header and the first chunk: a run of records as it stands.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static ChunkFile Start(IRecordingSink sink, FsyncPolicy fsync, FileHeader header, ReadOnlySpan<byte> records)
    {
        var file = new ChunkFile(sink, fsync);
        Span<byte> head = stackalloc byte[FileHeader.Length];
        header.Write(head);
        SHA256.HashData(head, file._chain);
        sink.Append(head);
        file._length = head.Length;

        byte[] framed = new byte[ChunkHeader.Length + records.Length];
        records.CopyTo(framed.AsSpan(ChunkHeader.Length));
        file.Append(new ChunkInfo(records.Length, 1, 0, 0), ChunkFlags.None, framed);
        return file;
    }

    /// <summary>Fills in the header in front of a body, and writes both at once. A chunk that was written in part is cut off again.</summary>
    /// <param name="info">What is known of the chunk.</param>
    /// <param name="flags">How the body is stored.</param>
    /// <param name="framed"><see cref="ChunkHeader.Length"/> bytes to fill in, then the body as it is stored.</param>
    /// <exception cref="IOException">It is not written.</exception>
    public void Append(ChunkInfo info, ChunkFlags flags, Span<byte> framed)
    {
        Span<byte> body = framed[ChunkHeader.Length..];
        var header = new ChunkHeader
        {
            Flags = flags,
            Sequence = _sequence,
            FirstMicros = info.FirstMicros,
            LastMicros = info.LastMicros,
            RawLength = info.RawLength,
            StoredLength = body.Length,
            Records = info.Records,
            BodyChecksum = XxHash3.HashToUInt64(body),
        };
        header.Write(framed, _chain);
        try
        {
            _sink.Append(framed);
        }
        catch (IOException e)
        {
            CutBack(e);
            throw;
        }

        // The header holds the value before, so hashing header and body chains them.
        SHA256.HashData(framed, _chain);
        _length += framed.Length;
        _sequence++;
        if (_fsync == FsyncPolicy.Chunk)
            _sink.Flush();
    }

    /// <summary>Nothing more will be written.</summary>
    /// <exception cref="IOException">It is not on the disk.</exception>
    public void Finish()
    {
        if (_fsync != FsyncPolicy.None)
            _sink.Flush();
    }

    public void Dispose() => _sink.Dispose();

    private void CutBack(IOException cause)
    {
        try
        {
            _sink.Truncate(_length);
        }
        catch (IOException e)
        {
            // Readers take it for the torn tail of a crash, which it is.
            throw new IOException($"{cause.Message} What was written of the chunk could not be cut off again: {e.Message}", cause);
        }
    }
}
