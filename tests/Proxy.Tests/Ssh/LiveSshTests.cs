using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Ssh;

/// <summary>A follower is shown a session of SSH as it happens, from the middle on.</summary>
public sealed class LiveSshTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly LiveTranscript _live = new("ssh");
    private readonly List<TranscriptJson> _told = [];

    [Fact]
    public void Messages_are_shown_however_they_were_recorded()
    {
        // As the engine records them: the length by itself, then the head, then the rest.
        byte[] output = Data(94, 3, "grüße");
        Tell(Direction.ToClient, Length(output));
        Tell(Direction.ToClient, output[..9]);
        Tell(Direction.ToClient, output[9..12]);
        Tell(Direction.ToClient, output[12..]);
        Tell(Direction.FromClient, Length(Data(94, 3, "ls\r")));
        Tell(Direction.FromClient, Data(94, 3, "ls\r"));
        byte[] error = [95, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 4, .. "oops"u8];
        Tell(Direction.ToClient, Length(error));
        Tell(Direction.ToClient, error);
        Assert.Equal("grüße", string.Concat(_told.Where(told => told is { Type: "output", Kind: null }).Select(told => told.Text)));
        Assert.DoesNotContain(_told, told => told.Text?.Contains('\uFFFD', StringComparison.Ordinal) == true);
        Assert.Equal("ls\r", Assert.Single(_told, told => told.Type == "input").Text);
        Assert.Equal(("3", "oops"), (Assert.Single(_told, told => told.Kind == "stderr").Name, _told[^1].Text));
    }

    [Fact]
    public void Whoever_comes_inside_a_message_is_shown_the_next()
    {
        Tell(Direction.ToClient, "the rest of a long message, whose beginning nobody saw"u8);
        Message(Direction.ToClient, Data(94, 0, "whole"));
        Assert.Equal("whole", Assert.Single(_told).Text);
    }

    [Fact]
    public void What_makes_no_sense_is_taken_up_anew()
    {
        // Four bytes of data that could be a length: what follows is none.
        Tell(Direction.ToClient, "\0\0\0\u0005"u8);
        Tell(Direction.ToClient, "no message"u8);
        Assert.Empty(_told);
        Message(Direction.FromClient, Data(94, 0, "typed"));
        Message(Direction.ToClient, Data(94, 0, "shown"));
        Assert.Equal(["typed", "shown"], _told.Select(told => told.Text));
    }

    [Fact]
    public void Channels_and_what_runs_in_them_are_told()
    {
        Message(Direction.FromClient, [90, .. Text("session"), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 128, 0]);
        Message(Direction.ToClient, [91, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 128, 0]);
        Message(Direction.FromClient, [98, 0, 0, 0, 1, .. Text("exec"), 1, .. Text("uptime")]);
        Message(Direction.ToClient, [99, 0, 0, 0, 1]);
        Message(Direction.ToClient, [97, 0, 0, 0, 1]);
        Message(Direction.FromClient, [97, 0, 0, 0, 1]);
        Assert.Equal(
            [("channel", "session", "opened", null), ("request", "exec", null, "uptime"), ("channel", "session", "closed", null)],
            _told.Select(told => (told.Type, told.Kind, told.Step, told.Detail)));
        Assert.All(_told, told => Assert.Equal("1", told.Name));
    }

    [Fact]
    public async Task A_recording_tells_the_same()
    {
        byte[] typed = Data(94, 0, "ls\r"), shown = Data(94, 0, "file");
        List<TranscriptJson> told = await WrittenRecording.TellAsync(
            "ssh", (Direction.FromClient, Length(typed)), (Direction.FromClient, typed), (Direction.ToClient, Length(shown)), (Direction.ToClient, shown[..7]), (Direction.ToClient, shown[7..]));
        Assert.Equal("ls\r", Assert.Single(told, item => item.Type == "input").Text);
        Assert.Equal("file", string.Concat(told.Where(item => item.Type == "output").Select(item => item.Text)));
        Assert.Equal(("end", "closed"), (told[^1].Type, told[^1].Reason));
    }

    private void Message(Direction direction, byte[] message)
    {
        Tell(direction, Length(message));
        Tell(direction, message);
    }

    private void Tell(Direction direction, ReadOnlySpan<byte> bytes) => _told.AddRange(_live.Take(new FollowedItem(Now) { Data = (direction, bytes.ToArray()) }));

    private static byte[] Data(byte number, byte channel, string text) => [number, 0, 0, 0, channel, .. Text(text)];

    private static byte[] Text(string text) => [.. Length(Encoding.UTF8.GetBytes(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Length(byte[] bytes)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)bytes.Length);
        return length;
    }
}
