using Sallyport.Contract;

namespace Sallyport.Recording.Tests;

public sealed class FileTests : IDisposable
{
    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("recording-tests").FullName;

    private string Directory => Path.Combine(_root, "recordings");

    public void Dispose() => System.IO.Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_recording_is_a_private_file_named_after_its_start_and_session()
    {
        await using var recorder = new Recorder(Sample.Options(Directory));
        await recorder.Open(Sample.Facts()).CompleteAsync(Sample.End());

        string file = Assert.Single(System.IO.Directory.GetFiles(Directory));
        Assert.Equal("20260314T092653Z-0195941e-8d00-7000-8000-0123456789ab.sprec", Path.GetFileName(file));
        Assert.Equal(VerifyOutcome.Intact, RecordingVerifier.Verify(file).Outcome);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            new DirectoryInfo(Directory).UnixFileMode);
    }

    [Fact]
    public async Task A_live_recording_can_be_read_up_to_its_last_chunk()
    {
        await using var recorder = new Recorder(Sample.Options(Directory));
        recorder.Open(Sample.Facts());
        string file = Assert.Single(System.IO.Directory.GetFiles(Directory));
        VerifyReport report = RecordingVerifier.Verify(file);
        Assert.Equal(VerifyOutcome.Incomplete, report.Outcome);
        Assert.Equal(1, report.ProvenChunks);
        Assert.Equal("ada@example.com", report.Facts?.Identity.Subject);
    }

    [Fact]
    public async Task A_session_is_never_recorded_over_another()
    {
        await using var recorder = new Recorder(Sample.Options(Directory));
        recorder.Open(Sample.Facts());
        Assert.Throws<IOException>(() => recorder.Open(Sample.Facts()));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_refuses_the_session()
    {
        await File.WriteAllTextAsync(Directory, "a file");
        await using var recorder = new Recorder(Sample.Options(Directory));
        Assert.ThrowsAny<IOException>(() => recorder.Open(Sample.Facts()));
    }

    [Fact]
    public async Task A_disk_with_too_little_room_refuses_the_session()
    {
        await using var recorder = new Recorder(Sample.Options(Directory) with { MinFreeBytes = long.MaxValue });
        Assert.Throws<IOException>(() => recorder.Open(Sample.Facts()));
    }

    [Fact]
    public async Task Facts_too_large_to_record_refuse_the_session_and_leave_no_file()
    {
        await using var recorder = new Recorder(Sample.Options(Directory));
        SessionFacts facts = Sample.Facts() with { ClientApplication = new string('x', 1 << 20) };
        Assert.Throws<IOException>(() => recorder.Open(facts));
        Assert.False(File.Exists(Path.Combine(Directory, Recorder.FileName(facts))));
    }

    [Fact]
    public async Task A_removed_directory_ends_the_session()
    {
        await using var recorder = new Recorder(Sample.Options(Directory) with { ChunkAge = TimeSpan.FromMilliseconds(10) });
        ISessionRecorder session = recorder.Open(Sample.Facts());
        System.IO.Directory.Delete(Directory, recursive: true);
        session.Event("after", "removal");
        Sample.Eventually(() => !session.Event("more", ""));
        await Assert.ThrowsAsync<RecordingException>(async () => await session.ReadyAsync(default));
    }

    [Fact]
    public void Settings_that_cannot_work_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Recorder(Sample.Options() with { ChunkBytes = 1 }));
        Assert.Throws<ArgumentException>(() => new Recorder(Sample.Options() with { CompressionLevel = 0 }));
        Assert.Throws<ArgumentException>(() => new Recorder(Sample.Options() with { WriterThreads = 0 }));
        Assert.Throws<ArgumentException>(() => new Recorder(Sample.Options() with { SessionLimitBytes = 1 }));
    }
}
