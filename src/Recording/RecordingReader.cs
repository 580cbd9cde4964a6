using Sallyport.Contract;

namespace Sallyport.Recording;

/// <summary>What a step of reading found.</summary>
public enum ReadStatus : byte
{
    /// <summary>A record.</summary>
    Record,

    /// <summary><see cref="RecordingReader.Damage"/> says what and where; reading may go on.</summary>
    Damaged,

    /// <summary>The end of the file.</summary>
    End,
}

/// <summary>One record; valid until the reader's next step.</summary>
public readonly ref struct Record
{
    /// <summary>What the payload holds; may be a type that this version does not know: skip it.</summary>
    public RecordType Type { get; init; }

    /// <summary>What is known of the record as a whole.</summary>
    public RecordFlags Flags { get; init; }

    /// <summary>When it was recorded (UTC).</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>What it holds.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>False after damage: whole in itself, but nothing ties it to this session.</summary>
    public bool IsProven { get; init; }
}

/// <summary>
/// Reads a recording from front to back. Whatever the file holds, damage is a value and memory is bounded (two chunks of 16 MiB);
/// the only exceptions are those of the stream itself.
/// </summary>
public sealed class RecordingReader : IDisposable
{
    /// <summary>A hostile file could hold millions of damages: a report keeps this many.</summary>
    public const int MaxDamages = 64;

    private readonly ChunkReader _chunks;
    private readonly List<Damage> _damages = [];
    private long _damageCount;
    private bool _severe;
    private ReadOnlyMemory<byte> _rest;
    private int _recordsLeft;
    private long _micros;
    private long _recordsRead;
    private bool _started;
    private bool _dead;
    private bool _chunkCounts;

    /// <summary>Reads from <paramref name="stream"/>, which is disposed with the reader. A stream that can seek can be read past damage.</summary>
    public RecordingReader(Stream stream) => _chunks = new ChunkReader(stream);

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static RecordingReader Open(string path) =>
        new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 64 << 10));

    /// <summary>The file header; meaningful once <see cref="Next"/> has returned a record.</summary>
    public FileHeader Header => _chunks.FileHeader;

    /// <summary>What <see cref="ReadStatus.Damaged"/> is about.</summary>
    public Damage Damage { get; private set; }

    /// <summary>True as long as nothing damaged was found.</summary>
    public bool IsProven { get; private set; } = true;

    /// <summary>Whole chunks that follow link by link from the file header, and hold what they should.</summary>
    public long ProvenChunks { get; private set; }

    /// <summary>Bytes from the start of the file up to the end of the last of them.</summary>
    public long ProvenBytes { get; private set; }

    /// <summary>Records in them.</summary>
    public long ProvenRecords { get; private set; }

    /// <summary>Time of the last of them (UTC).</summary>
    public DateTimeOffset ProvenUntil { get; private set; }

    /// <summary>The session's facts; null until the first record was read, or when it holds none.</summary>
    public SessionFacts? Facts { get; private set; }

    /// <summary>How the session ended; null until the trailer was read, and to the end when there is none.</summary>
    public SessionEnd? SessionEnd { get; private set; }

    /// <summary>The next record, damage, or the end.</summary>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public ReadStatus Next(out Record record)
    {
        record = default;
        while (true)
        {
            if (_dead)
                return ReadStatus.End;
            if (!_started)
            {
                _started = true;
                if (_chunks.ReadFileHeader() != ChunkStatus.Chunk)
                {
                    _dead = true;
                    return Damaged(_chunks.Damage);
                }

                ProvenBytes = _chunks.Position;
                ProvenUntil = Header.StartedAt;
            }

            if (_recordsLeft > 0)
                return TryRecord(out record) ? ReadStatus.Record : Damaged(new Damage(DamageKind.Records, _chunks.Offset, _chunks.Header.ChunkLength));
            if (!EndChunk())
                return Damaged(new Damage(DamageKind.Records, _chunks.Offset, _chunks.Header.ChunkLength));

            switch (_chunks.Next())
            {
                case ChunkStatus.End: return ReadStatus.End;
                case ChunkStatus.Damaged: return Damaged(_chunks.Damage);
                default:
                    if (SessionEnd is not null)
                        return Damaged(new Damage(DamageKind.AfterTrailer, _chunks.Offset, _chunks.Header.ChunkLength));
                    BeginChunk();
                    break;
            }
        }
    }

    /// <summary>What was proven; meaningful once <see cref="Next"/> has returned <see cref="ReadStatus.End"/>.</summary>
    public VerifyReport Report() => new()
    {
        Outcome = _severe ? VerifyOutcome.Damaged
            : _damageCount > 0 || SessionEnd is null ? VerifyOutcome.Incomplete
            : VerifyOutcome.Intact,
        FileBytes = _chunks.Position,
        ProvenBytes = ProvenBytes,
        ProvenChunks = ProvenChunks,
        ProvenRecords = ProvenRecords,
        ProvenFrom = ProvenBytes > 0 ? Header.StartedAt : null,
        ProvenUntil = ProvenBytes > 0 ? ProvenUntil : null,
        Damages = _damages,
        DamageCount = _damageCount,
        Facts = Facts,
        SessionEnd = SessionEnd,
    };

    /// <inheritdoc/>
    public void Dispose() => _chunks.Dispose();

    private void BeginChunk()
    {
        _rest = _chunks.Body;
        _recordsLeft = _chunks.Header.Records;
        _micros = _chunks.Header.FirstMicros;
        _chunkCounts = true;
    }

    // True when the chunk just read, if any, held exactly what its header says.
    private bool EndChunk()
    {
        if (!_chunkCounts)
            return true;
        _chunkCounts = false;
        if (!_rest.IsEmpty || _micros != _chunks.Header.LastMicros)
            return false;
        if (IsProven)
        {
            ProvenChunks++;
            ProvenBytes = _chunks.Position;
            ProvenRecords += _chunks.Header.Records;
            ProvenUntil = RecordTime.At(Header.StartedAt, _micros);
        }

        return true;
    }

    private bool TryRecord(out Record record)
    {
        record = default;
        var reader = new SpanReader(_rest.Span);
        var type = (RecordType)reader.U8();
        var flags = (RecordFlags)reader.U8();
        long delta = reader.Varint();
        ReadOnlySpan<byte> payload = reader.Bytes();

        // Nothing may precede the facts or repeat them, and nothing may follow the trailer.
        bool first = _recordsRead == 0 && IsProven;
        reader.Require(SessionEnd is null && delta <= _chunks.Header.LastMicros - _micros && (type != RecordType.SessionStart || first));
        reader.Require(!first || type == RecordType.SessionStart);
        if (!reader.Ok || !Understand(type, payload))
            return false;

        _recordsRead++;
        _micros += delta;
        _recordsLeft--;
        _rest = _rest[^reader.Left..];
        record = new Record { Type = type, Flags = flags, Time = RecordTime.At(Header.StartedAt, _micros), Payload = payload, IsProven = IsProven };
        return true;
    }

    private bool Understand(RecordType type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case RecordType.SessionStart:
                Facts = StartRecord.Read(payload);
                return Facts is not null && Facts.SessionId == Header.SessionId;
            case RecordType.SessionEnd:
                SessionEnd = EndRecord.Read(payload);
                return SessionEnd is not null;
            default:
                return true;
        }
    }

    private ReadStatus Damaged(Damage damage)
    {
        if (damage.Kind == DamageKind.TornTail && SessionEnd is not null)
            damage = damage with { Kind = DamageKind.AfterTrailer };
        _severe |= damage.Kind != DamageKind.TornTail;
        _damageCount++;
        if (_damages.Count < MaxDamages)
            _damages.Add(damage);
        IsProven = false;
        _recordsLeft = 0;
        _chunkCounts = false;
        _rest = default;
        Damage = damage;
        return ReadStatus.Damaged;
    }
}
