using System.Text.Json;
using Sallyport.Protocols.Ssh.Terminal;

namespace Sallyport.Replay.Tests.Ssh;

/// <summary>The tool on a recording of SSH.</summary>
public sealed class SshCliTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("replay-ssh").FullName;
    private string _file = "";

    public async Task InitializeAsync() => _file = await SshSample.RecordAsync(_folder);

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public void Show_tells_the_session()
    {
        (int code, string output, _) = Run("show", _file);
        Assert.Equal(0, code);
        Golden("show", output);
    }

    [Fact]
    public void List_counts_what_was_done()
    {
        (int code, string output, _) = Run("list", _folder, "--json");
        JsonElement session = JsonDocument.Parse(output).RootElement[0];
        Assert.Equal(0, code);
        Assert.Equal((4, 1), (session.GetProperty("statements").GetInt32(), session.GetProperty("refusals").GetInt32()));
        Assert.Contains("web1/deploy", Run("list", _folder).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_json_is_a_line_for_everything()
    {
        (int code, string output, _) = Run("show", _file, "--json");
        Assert.Equal(0, code);
        JsonElement[] lines = [.. output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement exec = Assert.Single(lines, line => Is(line, "channel", "closed") && line.GetProperty("channel").GetString() == "1");
        Assert.Equal(1, exec.GetProperty("exitStatus").GetInt32());
        Assert.Equal("uptime; false", exec.GetProperty("command").GetString());
        Assert.Equal((10, 13), (exec.GetProperty("outputBytes").GetInt32(), exec.GetProperty("errorBytes").GetInt32()));
        JsonElement shell = Assert.Single(lines, line => Is(line, "channel", "closed") && line.GetProperty("channel").GetString() == "0");
        Assert.Equal("xterm-256color", shell.GetProperty("term").GetString());
        Assert.Equal((50, 8), (shell.GetProperty("columns").GetInt32(), shell.GetProperty("rows").GetInt32()));
        Assert.Equal("accepted", shell.GetProperty("started").GetString());
        Assert.Equal("administratively prohibited", Assert.Single(lines, line => Is(line, "channel", "refused")).GetProperty("refusal").GetString());
    }

    [Fact]
    public void Play_without_a_terminal_writes_plain_text()
    {
        (int code, string output, _) = Run("play", _file);
        Assert.Equal(0, code);
        Assert.Equal("deploy@web1:~$ ls\nsrc notes.txt 漢字\ndeploy@web1:~$ vim notes.txt\ndeploy@web1:~$ exit\n", output);
        Assert.Equal("up 3 days\nand an error\n", Run("play", _file, "--channel", "1").Output);
    }

    [Fact]
    public async Task A_terminal_without_a_size_is_exported_as_it_is_played()
    {
        string file = await SshSample.RecordAsync(
            Directory.CreateDirectory(Path.Combine(_folder, "sizeless")).FullName,
            play: script => script.Open(0).Pty(0, "xterm", 0, 0).Shell(0).Output(0, "hello").Resize(0, 0, 50).Exit(0, 0).Close(0));
        string[] lines = Run("export", file).Output.Trim().Split('\n');
        JsonElement header = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal((80, 24), (header.GetProperty("width").GetInt32(), header.GetProperty("height").GetInt32()));
        Assert.Contains(lines, line => line.EndsWith("\"r\", \"80x50\"]", StringComparison.Ordinal));
    }

    [Fact]
    public void Export_is_asciicast_that_shows_the_same()
    {
        string cast = Path.Combine(_folder, "out.cast");
        (int code, string output, _) = Run("export", _file, "--format", "asciicast", "-o", cast);
        Assert.Equal((0, ""), (code, output));
        string[] lines = File.ReadAllLines(cast);
        JsonElement header = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal((2, 40, 6), (header.GetProperty("version").GetInt32(), header.GetProperty("width").GetInt32(), header.GetProperty("height").GetInt32()));
        Assert.Equal(SampleTime.Start.AddSeconds(1).ToUnixTimeSeconds(), header.GetProperty("timestamp").GetInt64());
        Assert.Equal("xterm-256color", header.GetProperty("env").GetProperty("TERM").GetString());

        var screen = new TerminalScreen(40, 6);
        string typed = "";
        double last = 0;
        foreach (JsonElement line in lines[1..].Select(line => JsonDocument.Parse(line).RootElement))
        {
            double at = line[0].GetDouble();
            Assert.True(at >= last);
            last = at;
            string text = line[2].GetString()!;
            switch (line[1].GetString())
            {
                case "o":
                    screen.Feed(System.Text.Encoding.UTF8.GetBytes(text));
                    foreach (string harm in new[] { "\u001b]", "\u001bP", "\u001b[6n", "\u001b[c", "\u202e", "\u009b", "\u0007" })
                        Assert.DoesNotContain(harm, text, StringComparison.Ordinal);
                    break;
                case "i":
                    typed += text;
                    break;
                case "r":
                    screen.Resize(int.Parse(text.Split('x')[0]), int.Parse(text.Split('x')[1]));
                    break;
            }
        }

        Assert.Equal("ls\rvim notes.txt\r:q\rexit\r", typed);
        Assert.Equal(["deploy@web1:~$ ls", "src notes.txt 漢字", "deploy@web1:~$ vim notes.txt", "deploy@web1:~$ exit"], Enumerable.Range(0, 4).Select(screen.Line));
        Assert.Equal(65.5 + 1, last, 3);
        Assert.Equal(2, Run("export", _file, "-o", cast).Code);
        Assert.DoesNotContain("\"i\"", Run("export", _file, "--no-input").Output, StringComparison.Ordinal);
        Assert.Contains("]0;owned", Run("export", _file, "--raw").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LAUNCH", "output", "0")]
    [InlineData("uptime", "exec", "1")]
    [InlineData("an error", "output", "1")]
    [InlineData("data.csv", "download", "1")]
    [InlineData("rm -rf", "deny", null)]
    [InlineData("notes.txt 漢", "output", "0")]
    public void Search_finds_what_was_run_and_shown(string text, string where, string? channel)
    {
        (int code, string output, _) = Run("search", _folder, text, "--json");
        Assert.Equal(0, code);
        JsonElement match = JsonDocument.Parse(output).RootElement.EnumerateArray().First(found => found.GetProperty("where").GetString() == where);
        Assert.Equal(channel, match.TryGetProperty("channel", out JsonElement found) ? found.GetString() : null);
        Assert.True(match.GetProperty("offset").GetDouble() > 60);
        Assert.Contains(where, Run("search", _folder, text).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_recorded_reaches_the_terminal_raw()
    {
        foreach (string[] arguments in new string[][] { ["show", _file, "--full"], ["play", _file], ["export", _file], ["search", _folder, "o"], ["search", _folder, "o", "--json"], ["show", _file, "--json"] })
        {
            string output = Run(arguments).Output;
            Assert.NotEmpty(output);
            foreach (char harm in "\u001b\u0007\u202e\u009b")
                Assert.DoesNotContain(harm, output);
        }
    }

    [Fact]
    public async Task A_damaged_recording_is_played_as_far_as_it_is_proven_and_says_so()
    {
        byte[] bytes = await File.ReadAllBytesAsync(_file);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(_file, bytes);
        foreach (string command in new[] { "show", "search", "verify" })
            Assert.Equal(1, Run(command == "search" ? [command, _file, "x"] : [command, _file]).Code);
        (int code, _, string error) = Run("play", _file);
        Assert.NotEqual(0, code);
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("--channel", "7")]
    [InlineData("--speed", "0")]
    [InlineData("--max-idle", "-1")]
    [InlineData("--from", "noon")]
    public void Wrong_usage_of_play_exits_2(string option, string value)
    {
        (int code, _, string error) = Run("play", _file, option, value);
        Assert.Equal(2, code);
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("play")]
    [InlineData("export")]
    [InlineData("search")]
    public void Help_helps(string command) => Assert.Contains("Usage:", Run(command, "--help").Output, StringComparison.Ordinal);

    private static bool Is(JsonElement line, string type, string step) =>
        line.GetProperty("type").GetString() == type && line.GetProperty("step").GetString() == step;

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = ReplayCli.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    // The text as it should be is beside the tests; it is read and judged by people when it changes.
    private static void Golden(string name, string actual)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Ssh", "Golden", name + ".txt");
        string plain = string.Join('\n', actual.Split('\n').Select(line => line.TrimEnd()));
        Assert.Equal(File.ReadAllText(path), plain);
    }
}
