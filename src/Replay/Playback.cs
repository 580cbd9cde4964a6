using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;

namespace Sallyport.Replay;

/// <summary>One thing to show: exactly one of what follows is there, and beside a decision the exchange of HTTP that it is about.</summary>
internal sealed record PlayedItem(DateTimeOffset At, bool IsProven)
{
    public PgTranscriptEntry? Entry { get; init; }

    public SshTranscriptEntry? Ssh { get; init; }

    public HttpTranscriptEntry? Http { get; init; }

    public DecisionRecord? Decision { get; init; }

    public HttpTranscriptExchange? Exchange { get; init; }

    public EventRecord? Event { get; init; }

    public Damage? Damage { get; init; }
}

/// <summary>Plays a recording: its decisions and events, and between them what the protocol's bytes say.</summary>
internal sealed class Playback : IDisposable
{
    private readonly RecordingReader _reader;
    private readonly PgTranscriptLimits _limits;
    private readonly Queue<PlayedItem> _items = new();
    private readonly SshTranscriptLimits _sshLimits;
    private readonly HttpTranscriptLimits _httpLimits;
    private PgTranscript? _transcript;
    private SshTranscript? _ssh;
    private HttpTranscript? _http;
    private DateTimeOffset _last;
    private bool _ended;

    private Playback(RecordingReader reader, PgTranscriptLimits limits, SshTranscriptLimits sshLimits, HttpTranscriptLimits httpLimits)
    {
        _reader = reader;
        _limits = limits;
        _sshLimits = sshLimits;
        _httpLimits = httpLimits;
    }

    /// <summary>The session's facts, when the recording has them.</summary>
    public SessionFacts? Facts => _reader.Facts;

    /// <summary>Bytes of the protocol seen, each way.</summary>
    public (long FromClient, long ToClient) Bytes { get; private set; }

    /// <summary>Time of the last record that was read.</summary>
    public DateTimeOffset Last => _last;

    /// <summary>Opens a file and reads as far as its facts.</summary>
    /// <param name="limits">For a session of PostgreSQL.</param>
    /// <param name="sshLimits">For one of SSH; null: its data is counted and not given.</param>
    /// <param name="httpLimits">For one of HTTP; null: its data is counted and not given.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static Playback Open(string path, PgTranscriptLimits limits, SshTranscriptLimits? sshLimits = null, HttpTranscriptLimits? httpLimits = null)
    {
        var playback = new Playback(
            RecordingReader.Open(path), limits, sshLimits ?? new SshTranscriptLimits { KeepData = false }, httpLimits ?? new HttpTranscriptLimits { KeepData = false });
        playback.Step();
        return playback;
    }

    /// <summary>The next item; null at the end.</summary>
    public PlayedItem? Next()
    {
        while (_items.Count == 0 && !_ended)
            Step();
        return _items.TryDequeue(out PlayedItem? item) ? item : null;
    }

    /// <summary>What the whole file proves. Call it at the end.</summary>
    public VerifyReport Report() => _reader.Report();

    public void Dispose() => _reader.Dispose();

    private void Step()
    {
        switch (_reader.Next(out Record record))
        {
            case ReadStatus.End:
                _ended = true;
                EndTranscript();
                break;
            case ReadStatus.Damaged:
                // Bytes are missing here: what would be decoded from the rest could be anything.
                EndTranscript();
                Add(new PlayedItem(_last, false) { Damage = _reader.Damage });
                break;
            default:
                _last = record.Time;
                Take(record);
                break;
        }
    }

    private void Take(in Record record)
    {
        switch (record.Type)
        {
            case RecordType.SessionStart:
                if (Facts?.Protocol == "postgres")
                    _transcript = new PgTranscript(_limits);
                else if (Facts?.Protocol == "ssh")
                    _ssh = new SshTranscript(_sshLimits);
                else if (Facts?.Protocol == "http2")
                    _http = new HttpTranscript(_httpLimits);
                break;
            case RecordType.DataFromClient:
                Bytes = (Bytes.FromClient + record.Payload.Length, Bytes.ToClient);
                Feed(Direction.FromClient, record);
                break;
            case RecordType.DataToClient:
                Bytes = (Bytes.FromClient, Bytes.ToClient + record.Payload.Length);
                Feed(Direction.ToClient, record);
                break;
            case RecordType.Decision:
                if (DecisionRecord.Read(record.Payload) is { } decision)
                    Add(new PlayedItem(record.Time, record.IsProven) { Decision = decision, Exchange = ExchangeOf(decision) });
                break;
            case RecordType.Event:
                if (EventRecord.Read(record.Payload) is { } happened)
                    Add(new PlayedItem(record.Time, record.IsProven) { Event = happened });
                break;
        }
    }

    // A login is no request's.
    private HttpTranscriptExchange? ExchangeOf(DecisionRecord decision) => decision.Kind == ActionKind.Login
        ? null
        : _http?.Decided(decision.Text, decision.Verdict, decision.RuleId, decision.Hint, decision.Masked);

    private void Feed(Direction direction, in Record record)
    {
        _transcript?.Feed(direction, record.Payload, record.Time);
        _ssh?.Feed(direction, record.Payload, record.Time);
        _http?.Feed(direction, record.Payload, record.Time);
        TakeEntries();
    }

    private void EndTranscript()
    {
        _transcript?.End(_last);
        _ssh?.End(_last);
        _http?.End(_last);
        TakeEntries();
        _transcript = null;
        _ssh = null;
        _http = null;
    }

    // Only bytes before any damage are decoded, so what they say is proven.
    private void TakeEntries()
    {
        while (_transcript is not null && _transcript.TryTake(out PgTranscriptEntry? entry))
            Add(new PlayedItem(entry!.At, true) { Entry = entry });
        while (_ssh is not null && _ssh.TryTake(out SshTranscriptEntry? entry))
            Add(new PlayedItem(entry!.At, true) { Ssh = entry });
        while (_http is not null && _http.TryTake(out HttpTranscriptEntry? entry))
            Add(new PlayedItem(entry!.At, true) { Http = entry });
    }

    private void Add(PlayedItem item) => _items.Enqueue(item);
}
