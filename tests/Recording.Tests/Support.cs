using System.Net;
using Sallyport.Contract;

namespace Sallyport.Recording.Tests;

/// <summary>A clock that moves when told to.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _ticks;

    public static DateTimeOffset Start { get; } = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(GetTimestamp());

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}

/// <summary>A sink in memory that can be slow, or fail once a number of bytes is reached.</summary>
internal sealed class MemorySink : IRecordingSink
{
    private readonly MemoryStream _bytes = new();
    private readonly ManualResetEventSlim _open = new(true);

    /// <summary>Bytes that fit before the disk is full; what fits of a write that does not is still written.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    public int Flushes { get; private set; }

    public bool IsDisposed { get; private set; }

    public byte[] Bytes
    {
        get
        {
            lock (_bytes)
                return _bytes.ToArray();
        }
    }

    /// <summary>Writes wait from now on.</summary>
    public void Stall() => _open.Reset();

    public void Resume() => _open.Set();

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _open.Wait();
        lock (_bytes)
        {
            int fits = (int)Math.Min(bytes.Length, Capacity - _bytes.Length);
            _bytes.Write(bytes[..fits]);
            if (fits < bytes.Length)
                throw new IOException("No space left on device");
        }
    }

    public void Flush() => Flushes++;

    public void Truncate(long length)
    {
        lock (_bytes)
            _bytes.SetLength(length);
    }

    public bool IsDiscarded { get; private set; }

    public void Discard() => IsDiscarded = IsDisposed = true;

    public void Dispose() => IsDisposed = true;
}

/// <summary>A sink that keeps nothing.</summary>
internal sealed class NullSink : IRecordingSink
{
    public void Append(ReadOnlySpan<byte> bytes)
    {
    }

    public void Flush()
    {
    }

    public void Truncate(long length)
    {
    }

    public void Discard()
    {
    }

    public void Dispose()
    {
    }
}

internal static class Sample
{
    public static SessionFacts Facts() => new()
    {
        SessionId = Guid.Parse("0195941e-8d00-7000-8000-0123456789ab"),
        Node = "node-1",
        Listener = "pg",
        Protocol = "postgres",
        Target = "shop",
        Resource = "orders",
        Source = IPEndPoint.Parse("192.0.2.7:50123"),
        StartedAt = ManualTime.Start,
        ClientUser = "ada",
        ClientApplication = "psql",
        ClientTls = true,
        Identity = new Identity
        {
            Subject = "ada@example.com",
            Groups = ["engineers", "on-call"],
            Kind = IdentityKind.Agent,
            ActingFor = ["grace@example.com"],
            Issuer = "https://id.example.com",
            TokenId = "t-1",
            ExpiresAt = ManualTime.Start.AddHours(1),
        },
    };

    public static RecordingOptions Options(string directory = "unused") => new() { Directory = directory, MinFreeBytes = 0 };

    public static SessionEnd End() => new(SessionSide.Client, SessionStage.Ready, "closed");

    /// <summary>An UPDATE of two objects without WHERE, denied.</summary>
    public static bool Deny(ISessionRecorder session, ReadOnlySpan<byte> text)
    {
        var action = new ActionView
        {
            Kind = ActionKind.Statement,
            Verb = Verb.Update,
            Flags = ActionFlags.MultiStatement,
            Text = text,
            Names = "shop.cards"u8,
            Objects = [new ObjectRef(Verb.Update, ObjectFlags.WhereAbsent, 0, 10, 4)],
        };
        return session.Decision(action, new Verdict(VerdictKind.Deny, "prod/no-bare-update", 3, "Add a WHERE."));
    }

    public static void Eventually(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)));
}

/// <summary>A recorder whose one sink is at hand.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly Recorder _recorder;

    public Bench(RecordingOptions? options = null, TimeProvider? time = null) =>
        _recorder = new Recorder(options ?? Sample.Options(), time ?? TimeProvider.System, _ => Sink);

    public MemorySink Sink { get; } = new();

    public SessionRecorder Open() => (SessionRecorder)_recorder.Open(Sample.Facts());

    public VerifyReport Verify() => RecordingVerifier.Verify(new MemoryStream(Sink.Bytes));

    public ValueTask DisposeAsync() => _recorder.DisposeAsync();
}

/// <summary>Everything a recording says, in memory.</summary>
internal sealed class Played
{
    public MemoryStream FromClient { get; } = new();

    public MemoryStream ToClient { get; } = new();

    public List<DecisionRecord> Decisions { get; } = [];

    public List<EventRecord> Events { get; } = [];

    public List<DateTimeOffset> Times { get; } = [];

    public required VerifyReport Report { get; set; }

    public static Played Read(byte[] file)
    {
        using var reader = new RecordingReader(new MemoryStream(file));
        var played = new Played { Report = null! };
        while (reader.Next(out Record record) is var status && status != ReadStatus.End)
        {
            if (status == ReadStatus.Record)
                played.Add(record);
        }

        played.Report = reader.Report();
        return played;
    }

    private void Add(in Record record)
    {
        Times.Add(record.Time);
        switch (record.Type)
        {
            case RecordType.DataFromClient: FromClient.Write(record.Payload); break;
            case RecordType.DataToClient: ToClient.Write(record.Payload); break;
            case RecordType.Decision: Decisions.Add(DecisionRecord.Read(record.Payload)!); break;
            case RecordType.Event: Events.Add(EventRecord.Read(record.Payload)!); break;
        }
    }
}
