using System.Globalization;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Recording.Tests;

/// <summary>The bytes on disk are a promise: the same session gives the same file, and the files of earlier builds stay readable.</summary>
public sealed class GoldenTests
{
    [Fact]
    public async Task The_worked_example_is_written_byte_for_byte()
    {
        string dump = Dump(await ExampleAsync());
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine("Golden", "example.hex")), dump);
    }

    [Fact]
    public async Task The_documentation_shows_the_worked_example()
    {
        string documentation = await File.ReadAllTextAsync("recording-format.md");
        Assert.Contains(await File.ReadAllTextAsync(Path.Combine("Golden", "example.hex")), documentation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_recording_of_an_earlier_build_is_read()
    {
        byte[] file = Convert.FromBase64String(await File.ReadAllTextAsync(Path.Combine("Golden", "compressed.base64")));
        Played played = Played.Read(file);
        Assert.Equal(VerifyOutcome.Intact, played.Report.Outcome);
        Assert.Equal(string.Concat(Enumerable.Repeat("select 1;", 300)), Encoding.UTF8.GetString(played.FromClient.ToArray()));
        Assert.True(file.Length < 1500);
    }

    [Fact]
    public async Task The_compressed_golden_file_holds_what_is_written_today()
    {
        // Not compared byte for byte: another release of zstd may compress otherwise.
        Played played = Played.Read(await CompressedAsync());
        Assert.Equal(string.Concat(Enumerable.Repeat("select 1;", 300)), Encoding.UTF8.GetString(played.FromClient.ToArray()));
    }

    private static async Task<byte[]> ExampleAsync()
    {
        var time = new ManualTime();
        await using var bench = new Bench(time: time);
        SessionRecorder session = bench.Open();
        time.Advance(TimeSpan.FromMilliseconds(250));
        Sample.Deny(session, "update cards"u8);
        session.Data(Direction.FromClient, [0x51, 0, 0, 0, 17, .. "update cards"u8, 0]);
        time.Advance(TimeSpan.FromMicroseconds(300));
        session.Data(Direction.ToClient, [0x5a, 0, 0, 0, 5, 0x49]);
        session.Event("note", "one line");
        time.Advance(TimeSpan.FromSeconds(1));
        await session.CompleteAsync(Sample.End());
        return bench.Sink.Bytes;
    }

    private static async Task<byte[]> CompressedAsync()
    {
        await using var bench = new Bench(time: new ManualTime());
        SessionRecorder session = bench.Open();
        for (int i = 0; i < 300; i++)
            session.Data(Direction.FromClient, "select 1;"u8);
        await session.CompleteAsync(Sample.End());
        return bench.Sink.Bytes;
    }

    private static string Dump(byte[] bytes)
    {
        var text = new StringBuilder();
        for (int at = 0; at < bytes.Length; at += 16)
        {
            byte[] line = bytes[at..Math.Min(at + 16, bytes.Length)];
            string hex = string.Join(' ', line.Select(value => value.ToString("x2", CultureInfo.InvariantCulture)));
            string ascii = string.Concat(line.Select(value => value is >= 0x20 and < 0x7f ? (char)value : '.'));
            text.Append(CultureInfo.InvariantCulture, $"{at:x4}  {hex,-47}  {ascii}\n");
        }

        return text.ToString();
    }
}
