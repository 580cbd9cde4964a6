using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Replay.Tests.Ssh;

/// <summary>Recorded messages, and bytes that are none.</summary>
public sealed class SshTranscriptTests
{
    private static readonly DateTimeOffset Start = SampleTime.Start;

    public static TheoryData<string> Chunkings => ["whole", "one byte", "random"];

    [Theory, MemberData(nameof(Chunkings))]
    public void Tells_channels_and_what_ran_in_them(string chunking)
    {
        var messages = new List<(Direction, byte[])>();
        new SshScript((direction, bytes) => messages.Add((direction, bytes)))
            .Open(0).Pty(0, "xterm", 80, 24).Env(0, "LANG", "C").Shell(0).Open(1).Exec(1, "false", answer: false).Exec(1, "id")
            .Output(0, "$ ").Keys(0, "ls\r").Resize(0, 100, 30).Output(1, "uid=0\n").Error(1, "oops").Killed(1, "TERM").Close(1)
            .Open(1).Subsystem(1, "sftp").Close(1).Exit(0, 7).Close(0).Global("tcpip-forward", SshScript.Text("localhost"), SshScript.Int(8080));
        List<SshTranscriptEntry> entries = Play(messages, chunking);
        Assert.DoesNotContain(entries, entry => entry is SshMalformedEntry);
        SshTranscriptChannel[] closed = [.. entries.OfType<SshChannelEntry>().Where(entry => entry.Step == SshChannelStep.Closed).Select(entry => entry.Channel)];
        Assert.Equal(["1", "1.2", "0"], closed.Select(channel => channel.Label));
        Assert.Equal(("exec", "id", SshOutcome.Accepted, "TERM"), (closed[0].Runs, closed[0].Command, closed[0].Started, closed[0].ExitSignal));
        Assert.Equal((6, 4, 0), (closed[0].OutputBytes, closed[0].ErrorBytes, closed[0].InputBytes));
        Assert.Equal(("subsystem", "sftp"), (closed[1].Runs, closed[1].Command));
        Assert.Equal((true, "xterm", 100, 30, 7u), (closed[2].HasTerminal, closed[2].Term, closed[2].Columns, closed[2].Rows, closed[2].ExitStatus));
        Assert.Equal([("LANG", "C")], closed[2].Environment);
        Assert.Equal("localhost:8080", Assert.Single(entries.OfType<SshGlobalEntry>()).Destination);
        Assert.Equal("$ ", Text(entries, 0, SshStream.Output));
        Assert.Equal("ls\r", Text(entries, 0, SshStream.Input));
        Assert.Equal("oops", Text(entries, 1, SshStream.Error));
    }

    [Theory]
    [InlineData("00000000")]
    [InlineData("ffffffff")]
    [InlineData("00200000")]
    [InlineData("0000000132")]
    [InlineData("0000000165")]
    [InlineData("0000000d5e0000000000000005")]
    public void What_is_no_message_ends_its_direction(string hex)
    {
        byte[] bytes = [.. Convert.FromHexString(hex), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        foreach (Direction direction in new[] { Direction.FromClient, Direction.ToClient })
        {
            var malformed = Assert.IsType<SshMalformedEntry>(Assert.Single(Play([(direction, bytes)], "whole")));
            Assert.True(malformed.Stopped);
            Assert.Equal(direction, malformed.Direction);
        }
    }

    [Fact]
    public void A_message_cut_short_is_told_and_the_next_is_read()
    {
        List<SshTranscriptEntry> entries = Play([(Direction.FromClient, [0, 0, 0, 3, 90, 0, 0]), .. Messages(script => script.Open(4))], "whole");
        Assert.False(Assert.IsType<SshMalformedEntry>(entries.First(entry => entry is SshMalformedEntry)).Stopped);
        Assert.Contains(entries, entry => entry is SshChannelEntry { Step: SshChannelStep.Opened });
    }

    [Fact]
    public void Channels_beyond_the_limit_are_told_once()
    {
        var messages = new List<(Direction, byte[])>();
        var script = new SshScript((direction, bytes) => messages.Add((direction, bytes)));
        for (uint channel = 0; channel < 100; channel++)
            script.Open(channel);
        List<SshTranscriptEntry> entries = Play(messages, "whole", new SshTranscriptLimits { Channels = 10 });
        Assert.Equal(10, entries.Count(entry => entry is SshChannelEntry { Step: SshChannelStep.Opened }));
        Assert.Single(entries.OfType<SshMalformedEntry>());
    }

    [Fact]
    public void Data_is_counted_and_not_held_when_it_is_not_wanted()
    {
        var transcript = new SshTranscript(new SshTranscriptLimits { KeepData = false });
        foreach ((Direction direction, byte[] bytes) in Messages(script => script.Open(0)))
            transcript.Feed(direction, bytes, Start);
        byte[] data = Messages(script => script.Output(0, new byte[32 << 10]))[0].Bytes;
        transcript.Feed(Direction.ToClient, data, Start);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            transcript.Feed(Direction.ToClient, data, Start);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Any_messages_are_read_alike_at_every_chunking() =>
        Gen.Int[0, 15].Array[0, 50].Sample(
            choices =>
            {
                List<(Direction, byte[])> messages = Messages(script =>
                {
                    foreach (int choice in choices)
                        Choose(script, choice);
                });
                string whole = Describe(Play(messages, "whole"));
                return whole == Describe(Play(messages, "one byte")) && whole == Describe(Play(messages, "random"));
            },
            iter: 400);

    [Fact]
    public void Damaged_messages_are_read_without_an_exception()
    {
        var random = new Random(5);
        for (int round = 0; round < 1000; round++)
        {
            List<(Direction Direction, byte[] Bytes)> messages = Messages(script =>
            {
                for (int i = 0; i < 30; i++)
                    Choose(script, random.Next(16));
            });
            for (int i = 0; i < 4; i++)
            {
                byte[] bytes = messages[random.Next(messages.Count)].Bytes;
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            Play(messages, "random");
        }
    }

    [Fact]
    public void Events_come_back_as_they_were_written()
    {
        var file = new SshFileEvent("/srv/ä \"quoted\".csv", "upload", 1L << 40, null, 5, "partial", 3, "scp");
        Assert.Equal(file, SshFileEvent.Read(file.ToDetail()));
        Assert.Contains("\"sha256\":null", file.ToDetail(), StringComparison.Ordinal);
        var forward = new SshForwardEvent(1, "local", "db:5432", 1, 2, 3);
        Assert.Equal(forward, SshForwardEvent.Read(forward.ToDetail()));
        Assert.Contains("\"bytes-to-target\":1,\"bytes-to-client\":2", forward.ToDetail(), StringComparison.Ordinal);
        var command = new SshCommandEvent(0, new string('\u001b', 5000));
        Assert.True(command.ToDetail().Length <= 4096);
        Assert.StartsWith("\u001b\u001b", SshCommandEvent.Read(command.ToDetail())!.Text, StringComparison.Ordinal);
        foreach (string detail in new[] { "", "null", "{}", "[1]", "{\"channel\":-1,\"text\":\"x\"}", "{\"path\":7}" })
            Assert.True(SshFileEvent.Read(detail) is null && SshCommandEvent.Read(detail) is null && SshForwardEvent.Read(detail) is null, detail);
    }

    private static SshScript Choose(SshScript script, int choice) => choice switch
    {
        0 or 1 => script.Open((uint)choice),
        2 => script.Pty(0, "xterm", 80, 24),
        3 => script.Shell(0),
        4 => script.Exec(1, "id"),
        5 => script.Output(0, "hello"),
        6 => script.Keys(0, "k"),
        7 => script.Error(1, "e"),
        8 => script.Resize(0, 10, 10),
        9 => script.Close(0),
        10 => script.Close(1),
        11 => script.Exit(1, 3),
        12 => script.OpenRefused(2, "direct-tcpip", "no", SshScript.Text("h"), SshScript.Int(1)),
        13 => script.Global("keepalive@openssh.com"),
        14 => script.Output(0, ""),
        _ => script.Env(1, "A", "b"),
    };

    private static List<(Direction Direction, byte[] Bytes)> Messages(Action<SshScript> write)
    {
        var messages = new List<(Direction, byte[])>();
        write(new SshScript((direction, bytes) => messages.Add((direction, bytes))));
        return messages;
    }

    private static List<SshTranscriptEntry> Play(List<(Direction, byte[])> messages, string chunking, SshTranscriptLimits? limits = null)
    {
        var transcript = new SshTranscript(limits);
        var entries = new List<SshTranscriptEntry>();
        var random = new Random(7);
        foreach ((Direction direction, byte[] bytes) in messages)
        {
            for (int at = 0, length; at < bytes.Length; at += length)
            {
                length = chunking switch { "whole" => bytes.Length, "one byte" => 1, _ => Math.Min(random.Next(1, 9), bytes.Length - at) };
                transcript.Feed(direction, bytes.AsSpan(at, length), Start);
                while (transcript.TryTake(out SshTranscriptEntry? entry))
                    entries.Add(entry!);
            }
        }

        transcript.End(Start);
        while (transcript.TryTake(out SshTranscriptEntry? entry))
            entries.Add(entry!);
        return entries;
    }

    private static string Text(List<SshTranscriptEntry> entries, uint channel, SshStream stream) => string.Concat(entries.OfType<SshDataEntry>()
        .Where(data => data.Channel.Number == channel && data.Stream == stream).Select(data => Encoding.UTF8.GetString(data.Bytes.Span)));

    // Pieces of data that belong together are put together: only their edges may differ.
    private static string Describe(List<SshTranscriptEntry> entries)
    {
        var text = new StringBuilder();
        string last = "";
        foreach (SshTranscriptEntry entry in entries)
        {
            if (entry is SshDataEntry data)
            {
                string stream = $"\n{data.Channel.Label} {data.Stream} ";
                text.Append(stream == last ? "" : stream).Append(Encoding.UTF8.GetString(data.Bytes.Span));
                last = stream;
                continue;
            }

            last = "";
            text.Append('\n').Append(entry switch
            {
                SshChannelEntry channel => $"{channel.Channel.Label} {channel.Step} {(channel.Step == SshChannelStep.Closed ? $"{channel.Channel.Started} {channel.Channel.ExitStatus} {channel.Channel.OutputBytes}" : "")}",
                SshRequestEntry request => $"{request.Channel.Label} {request.Name} {request.Text} {request.Size}",
                SshMalformedEntry malformed => $"malformed {malformed.Reason}",
                _ => entry.ToString(),
            });
        }

        return text.ToString();
    }
}
