using System.Text;
using System.Text.RegularExpressions;
using Sallyport.Protocols.Ssh.Terminal;
using Sallyport.Replay.Ssh;

namespace Sallyport.Replay.Tests.Ssh;

/// <summary>A person with keys before a terminal: their clock moves while they wait for a key.</summary>
internal sealed class ScriptedConsole(SampleTime time, int width, int height) : IPlayerConsole
{
    private readonly Queue<(TimeSpan At, ConsoleKeyInfo Key)> _keys = new();

    /// <summary>What the terminal shows.</summary>
    public TerminalScreen Shown { get; } = new(width, height);

    public StringBuilder Written { get; } = new();

    /// <summary>What was on the terminal before each key.</summary>
    public List<string> Seen { get; } = [];

    public int Width => width;

    public int Height => height;

    public ScriptedConsole Press(double at, ConsoleKey key, char letter = '\0')
    {
        _keys.Enqueue((TimeSpan.FromSeconds(at), new ConsoleKeyInfo(letter, key, false, false, false)));
        return this;
    }

    public void Write(string text)
    {
        Written.Append(text);
        Shown.Feed(Encoding.UTF8.GetBytes(text));
    }

    public ConsoleKeyInfo? ReadKey(TimeSpan wait)
    {
        (TimeSpan at, ConsoleKeyInfo key) = _keys.Peek();
        TimeSpan now = TimeSpan.FromTicks(time.GetTimestamp());
        if (wait != Timeout.InfiniteTimeSpan && now + wait < at)
        {
            time.After(wait.TotalSeconds);
            return null;
        }

        time.After(Math.Max(0, (at - now).TotalSeconds));
        Seen.Add(string.Join('\n', Enumerable.Range(0, height).Select(Shown.Line)));
        _keys.Dequeue();
        return key;
    }
}

public sealed partial class PlayerTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("replay-player").FullName;
    private readonly SampleTime _time = new();
    private TrackInfo _info = null!;

    public async Task InitializeAsync() => _info = TrackInfo.Find(await SshSample.RecordAsync(_folder), null, out _)!;

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public void Plays_in_time_without_long_pauses()
    {
        ScriptedConsole console = Play(new(1, TimeSpan.FromSeconds(5), null, true),
            console => console.Press(0.3, ConsoleKey.Oem1, '?').Press(0.8, ConsoleKey.Oem1, '?').Press(6, ConsoleKey.Oem1, '?').Press(8, ConsoleKey.Oem1, '?').Press(30, ConsoleKey.Q, 'q'));
        Assert.StartsWith("\n", console.Seen[0], StringComparison.Ordinal);
        Assert.StartsWith("deploy@web1:~$\n\n", console.Seen[1], StringComparison.Ordinal);
        Assert.StartsWith("deploy@web1:~$ ls\nsrc notes.txt 漢字\ndeploy@web1:~$\n", console.Seen[2], StringComparison.Ordinal);
        Assert.StartsWith("the launch code\n", console.Seen[3], StringComparison.Ordinal);
        Assert.Contains("deploy@web1:~$ exit", console.Seen[4], StringComparison.Ordinal);
        Assert.Contains("END", console.Seen[4], StringComparison.Ordinal);
        Assert.Contains(@"notes.txt\r:q\rexit\r", console.Seen[4], StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_pause_seek_and_change_the_speed()
    {
        ScriptedConsole console = Play(new(1, null, TimeSpan.FromSeconds(62), false), console => console
            .Press(0.1, ConsoleKey.Spacebar, ' ').Press(90, ConsoleKey.OemPeriod, '.').Press(91, ConsoleKey.DownArrow).Press(92, ConsoleKey.OemPlus, '+')
            .Press(93, ConsoleKey.End).Press(94, ConsoleKey.Q, 'q'));
        Assert.Contains("src notes.txt", console.Seen[0], StringComparison.Ordinal);
        Assert.DoesNotContain("launch", console.Seen[1], StringComparison.Ordinal);
        Assert.Contains("PAUSED", console.Seen[1], StringComparison.Ordinal);
        Assert.Contains("0:03 / 1:07", console.Seen[3], StringComparison.Ordinal);
        Assert.DoesNotContain("src notes.txt", console.Seen[3], StringComparison.Ordinal);
        Assert.Contains("exit", console.Seen[5], StringComparison.Ordinal);
        Assert.DoesNotContain("keys", console.Seen[5].Replace(" keys", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Writes_only_what_it_makes_itself()
    {
        ScriptedConsole console = Play(new(8, TimeSpan.FromSeconds(1), null, true), console => console.Press(60, ConsoleKey.Q, 'q'));
        string written = Sequence().Replace(console.Written.ToString(), "");
        Assert.DoesNotContain(written, text => char.IsControl(text) || text is '\u202e');
        Assert.EndsWith("\u001b[m\u001b[?25h\u001b[?1049l", console.Written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_smaller_terminal_shows_the_part_with_the_cursor()
    {
        var console = new ScriptedConsole(_time, 20, 3);
        console.Press(0.1, ConsoleKey.End).Press(1, ConsoleKey.Q, 'q');
        using var player = new Player(_info, console, _time, new(1, null, null, false));
        player.Run();
        Assert.StartsWith("deploy@web1:~$ exit\n\n", console.Seen[1], StringComparison.Ordinal);
    }

    private ScriptedConsole Play(PlayOptions options, Func<ScriptedConsole, ScriptedConsole> keys)
    {
        ScriptedConsole console = keys(new ScriptedConsole(_time, 140, 10));
        using var player = new Player(_info, console, _time, options);
        player.Run();
        return console;
    }

    // CUP, EL, ED, SGR, and taking and giving back the terminal.
    [GeneratedRegex("\u001b\\[(\\d+;\\d+H|\\??(1049|25)[hl]|2?[JK]|[\\d;]*m)")]
    private static partial Regex Sequence();
}
