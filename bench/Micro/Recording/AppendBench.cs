using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Recording;

namespace Sallyport.Micro.Recording;

/// <summary>Appending to a recording, with the writers at work behind it: 0 bytes. When they fall behind, the wait is part of the time, as it is in a session.</summary>
public class AppendBench
{
    private readonly byte[] _row = new byte[200];
    private string _folder = "";
    private Recorder _recorder = null!;
    private ISessionRecorder _session = null!;

    [GlobalSetup]
    public void Setup()
    {
        new Random(1).NextBytes(_row.AsSpan(0, 60));
        Verify();
        _folder = Directory.CreateTempSubdirectory("spm").FullName;
        _recorder = new Recorder(new RecordingOptions { Directory = _folder });
        _session = _recorder.Open(Sample.Facts);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _session.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed")).AsTask().GetAwaiter().GetResult();
        _recorder.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public void Data200Bytes()
    {
        if (!_session.Data(Direction.ToClient, _row))
            _session.ReadyAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    [Benchmark]
    public void Decision()
    {
        var action = new ActionView { Kind = ActionKind.Statement, Verb = Verb.Select, Text = "SELECT abalance FROM pgbench_accounts WHERE aid = $1"u8 };
        if (!_session.Decision(action, new Verdict(VerdictKind.Allow, "team-7/read", 1)))
            _session.ReadyAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>A recording of its own with ten rows and a decision is intact and has all of them.</summary>
    private void Verify()
    {
        _folder = Directory.CreateTempSubdirectory("spm").FullName;
        _recorder = new Recorder(new RecordingOptions { Directory = _folder });
        _session = _recorder.Open(Sample.Facts);
        for (int i = 0; i < 10; i++)
            Data200Bytes();
        Decision();
        string file = Directory.EnumerateFiles(_folder).Single();
        _session.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed")).AsTask().GetAwaiter().GetResult();
        _recorder.DisposeAsync().AsTask().GetAwaiter().GetResult();

        VerifyReport report = RecordingVerifier.Verify(file);
        Sample.Require(report.Outcome == VerifyOutcome.Intact, "the recording is intact");
        using RecordingReader reader = RecordingReader.Open(file);
        int data = 0, decisions = 0;
        while (reader.Next(out Record record) == ReadStatus.Record)
        {
            data += record.Type == RecordType.DataToClient ? record.Payload.Length : 0;
            decisions += record.Type == RecordType.Decision ? 1 : 0;
        }

        Sample.Require(data >= 10 * _row.Length && decisions == 1, "the recording has every byte and the decision");
        Directory.Delete(_folder, recursive: true);
    }
}
