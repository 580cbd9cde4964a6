using Sallyport.Contract;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Admin.Recordings;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Recording;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>A recording that was written by the recorder itself, and what the API tells of it.</summary>
internal static class WrittenRecording
{
    /// <param name="protocol">Of the session.</param>
    /// <param name="pieces">What the engine recorded, piece by piece.</param>
    public static async Task<List<TranscriptJson>> TellAsync(string protocol, params (Direction Direction, byte[] Bytes)[] pieces)
    {
        using var files = new TemporaryDirectory();
        SessionFacts facts = AdminHouse.Facts("ada", Guid.CreateVersion7()) with { Protocol = protocol };
        await using (var recorder = new Recorder(new RecordingOptions { Directory = files["recordings"], MinFreeBytes = 0 }))
        {
            ISessionRecorder session = recorder.Open(facts);
            foreach ((Direction direction, byte[] bytes) in pieces)
                session.Data(direction, bytes);
            await session.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"));
        }

        return [.. RecordedTranscript.Read(Path.Combine(files["recordings"], Recorder.FileName(facts)))];
    }
}
