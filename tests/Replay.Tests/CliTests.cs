using System.Net;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Recording;
using Sallyport.Replay.Tests.Transcript;

namespace Sallyport.Replay.Tests;

/// <summary>The tool as it is called, on real files.</summary>
public sealed class CliTests : IDisposable
{
    private const string Hostile = "select 'a\u001b]0;owned\u0007\u202e[red]b[/]'\n09:26:53.000  REFUSED  nothing";

    private readonly string _folder = Directory.CreateTempSubdirectory("replay-tests").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task List_shows_a_line_for_each_session()
    {
        await RecordAsync("ada@example.com", "shop");
        await RecordAsync("bob@example.com", "wiki", complete: false);
        (int code, string output, string error) = Run("list", _folder);
        Assert.Equal((0, ""), (code, error));
        string ada = Assert.Single(output.Split('\n'), line => line.Contains("ada@example.com", StringComparison.Ordinal));
        foreach (string part in new[] { "2026-03-14 09:26:53Z", "agent", "shop/orders", "192.0.2.7:50123", "closed", "intact" })
            Assert.Contains(part, ada, StringComparison.Ordinal);
        string bob = Assert.Single(output.Split('\n'), line => line.Contains("bob@example.com", StringComparison.Ordinal));
        Assert.Contains("incomplete", bob, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_filters()
    {
        await RecordAsync("ada@example.com", "shop");
        await RecordAsync("bob@example.com", "wiki");
        Assert.Equal(["ada@example.com"], Subjects("--subject", "ada@*"));
        Assert.Equal(["bob@example.com"], Subjects("--target", "WIKI"));
        Assert.Equal(2, Subjects("--since", "2026-03-14", "--until", "2026-03-15").Count);
        Assert.Empty(Subjects("--since", "2026-03-14T10:00Z"));
        Assert.Empty(Subjects("--until", "2026-03-14"));
    }

    [Fact]
    public async Task List_counts_statements_and_refusals()
    {
        await RecordAsync("ada@example.com", "shop");
        (_, string output, _) = Run("list", _folder, "--json");
        JsonElement session = JsonDocument.Parse(output).RootElement[0];
        Assert.Equal(2, session.GetProperty("statements").GetInt64());
        Assert.Equal(1, session.GetProperty("refusals").GetInt64());
        Assert.Equal("intact", session.GetProperty("verified").GetString());
        Assert.Equal("ada@example.com", session.GetProperty("session").GetProperty("subject").GetString());
    }

    [Fact]
    public async Task Show_tells_who_what_and_why_not()
    {
        string file = await RecordAsync("ada@example.com", "shop");
        (int code, string output, _) = Run("show", file, "--rows", "5");
        Assert.Equal(0, code);
        foreach (string part in new[]
        {
            "ada@example.com (agent) for grace@example.com", "shop/orders (postgres)", "select name from customers where id = $1", "$1 = '42'",
            "completed, SELECT 1, 1 row", "> name", "> E***", "REFUSED", "delete shop.customers without WHERE by prod/no-bare-delete (policy 3)",
            "hint: Add a WHERE.", "ERROR 42501: refused", "masked", "closed", "intact",
        })
        {
            Assert.Contains(part, output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Show_never_lets_recorded_text_reach_the_terminal_raw()
    {
        string file = await RecordAsync("ada@example.com\u001b[2J", "shop", Hostile);
        foreach (string[] arguments in new string[][] { ["show", file, "--full", "--rows", "9"], ["list", _folder], ["show", file, "--json"], ["list", _folder, "--json"] })
        {
            (_, string output, _) = Run(arguments);
            Assert.DoesNotContain('\u001b', output);
            Assert.DoesNotContain('\u0007', output);
            Assert.DoesNotContain('\u202e', output);
        }

        (_, string shown, _) = Run("show", file);
        Assert.Contains(@"| select 'a\x1b]0;owned\x07\u{202e}[red]b[/]'", shown, StringComparison.Ordinal);
        Assert.Contains("| 09:26:53.000  REFUSED  nothing", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(shown.Split('\n'), line => line.StartsWith("09:26:53.000  REFUSED  nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Show_json_is_a_line_for_everything()
    {
        string file = await RecordAsync("ada@example.com", "shop", Hostile);
        (int code, string output, _) = Run("show", file, "--json");
        Assert.Equal(0, code);
        JsonElement[] lines = [.. output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["session", "statement", "event", "decision", "statement", "end"], lines.Select(line => line.GetProperty("type").GetString()));
        Assert.Equal("deny", lines[3].GetProperty("verdict").GetString());
        Assert.Equal(Hostile, lines[4].GetProperty("text").GetString());
        Assert.Equal("42501", lines[4].GetProperty("error").GetProperty("sqlState").GetString());
        Assert.Equal("intact", lines[5].GetProperty("verified").GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Verify_exits_0_only_when_all_is_intact_and_complete()
    {
        string good = await RecordAsync("ada@example.com", "shop");
        Assert.Equal(0, Run("verify", _folder).Code);
        string open = await RecordAsync("bob@example.com", "shop", complete: false);
        (int code, string output, _) = Run("verify", _folder);
        Assert.Equal(3, code);
        Assert.Contains("no trailer", output, StringComparison.Ordinal);

        byte[] bytes = await File.ReadAllBytesAsync(good);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(good, bytes);
        (code, output, _) = Run("verify", good, open);
        Assert.Equal(1, code);
        Assert.Contains("DAMAGED", output, StringComparison.Ordinal);
        Assert.Contains("the chunk was changed", output, StringComparison.Ordinal);
        Assert.Equal(1, Run("show", good).Code);

        JsonElement report = JsonDocument.Parse(Run("verify", good, "--json").Output).RootElement[0];
        Assert.Equal("damaged", report.GetProperty("outcome").GetString());
        Assert.Equal("chunk-body", report.GetProperty("unproven")[0].GetProperty("kind").GetString());
        Assert.True(report.GetProperty("provenBytes").GetInt64() > 64);
    }

    [Theory]
    [InlineData]
    [InlineData("frobnicate")]
    [InlineData("list")]
    [InlineData("verify", "/nowhere/at/all")]
    [InlineData("show", "/nowhere/at/all")]
    [InlineData("list", ".", "--since", "yesterday-ish")]
    [InlineData("show", "x", "--rows", "-1")]
    public void Wrong_usage_exits_2_and_says_why(params string[] arguments)
    {
        (int code, _, string error) = Run(arguments);
        Assert.Equal(2, code);
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("list", "--help")]
    [InlineData("show", "--help")]
    [InlineData("verify", "--help")]
    public void Help_helps(params string[] arguments)
    {
        (int code, string output, _) = Run(arguments);
        Assert.Equal(0, code);
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_recording_is_named_so_not_hidden()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "odd.sprec"), "hello");
        Assert.Equal(1, Run("verify", _folder).Code);
        (int code, string output, _) = Run("list", _folder);
        Assert.Equal(0, code);
        Assert.Contains("odd.sprec", output, StringComparison.Ordinal);
        Assert.Contains("damaged", output, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = ReplayCli.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private List<string> Subjects(params string[] filter)
    {
        (_, string output, _) = Run(["list", _folder, "--json", .. filter]);
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray().Select(item => item.GetProperty("session").GetProperty("subject").GetString()!)];
    }

    private async Task<string> RecordAsync(string subject, string target, string refused = "delete from customers", bool complete = true)
    {
        var facts = new SessionFacts
        {
            SessionId = Guid.CreateVersion7(),
            Node = "node-1",
            Listener = "pg",
            Protocol = "postgres",
            Target = target,
            Resource = "orders",
            Source = IPEndPoint.Parse("192.0.2.7:50123"),
            StartedAt = Script.Start,
            Identity = new Identity
            {
                Subject = subject,
                Kind = IdentityKind.Agent,
                ActingFor = ["grace@example.com"],
                Issuer = "https://id.example.com",
                ExpiresAt = Script.Start.AddHours(1),
            },
        };
        await using var recorder = new Recorder(new RecordingOptions { Directory = _folder, MinFreeBytes = 0 });
        ISessionRecorder session = recorder.Open(facts);
        Play(session, new Script()
            .Parse("", "select name from customers where id = $1", 23).DescribePortal("").Bind("", "", [1], [Script.Int32(42)]).DescribePortal("").Execute("").Sync()
            .ParseComplete().NoData().BindComplete().Columns(("name", 25, 0)).Row(Script.Bytes("E***")).Complete("SELECT 1").Ready());
        session.Event("masked", "shop.customers.name by redact");
        Refuse(session, refused);
        Play(session, new Script().Query(refused).Error("42501", "refused").Ready());
        if (complete)
            await session.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"));
        return Path.Combine(_folder, Recorder.FileName(facts));
    }

    private static void Play(ISessionRecorder session, Script script)
    {
        foreach ((Direction direction, byte[] bytes) in script.Messages)
            session.Data(direction, bytes);
    }

    private static void Refuse(ISessionRecorder session, string text)
    {
        var action = new ActionView
        {
            Kind = ActionKind.Statement,
            Verb = Verb.Delete,
            Text = Script.Bytes(text),
            Names = "shop.customers"u8,
            Objects = [new ObjectRef(Verb.Delete, ObjectFlags.WhereAbsent, 0, 14, 4)],
        };
        session.Decision(action, new Verdict(VerdictKind.Deny, "prod/no-bare-delete", 3, "Add a WHERE."));
    }
}
