using System.Text;
using System.Text.Json;
using Sallyport.Replay.Http;
using Sallyport.Replay.Tests.Ssh;

namespace Sallyport.Replay.Tests.Http;

/// <summary>The tool on a recording of HTTP.</summary>
public sealed class HttpCliTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("replay-http").FullName;
    private string _file = "";

    public async Task InitializeAsync() => _file = await HttpSample.RecordAsync(_folder);

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public void Show_has_a_line_for_each_request_in_the_order_they_came()
    {
        (int code, string output, _) = Run("show", _file);
        Assert.Equal(0, code);
        string[] lines = [.. output.Split('\n').SkipWhile(line => !line.Contains("kubectl get", StringComparison.Ordinal)).Take(15)];
        string[] expected =
        [
            "              kubectl get  (s1)",
            "09:26:54.000    1    watch pods shop/  200, 65.0 s, 0 B in, 5000 B out",
            "              kubectl get  (s2)",
            "09:26:54.500    2    list secrets shop/  200, 12.0 ms, 0 B in, 100 B out  masked by dev/secrets",
            "              kubectl delete  (s3)",
            "09:26:55.500    3    delete pods shop/web-1  403, 1.0 ms, 0 B in, 200 B out  REFUSED by prod/no-delete",
            "              hint: Ask the owner.",
            "              kubectl exec  (s4)",
            "09:27:55.500    4    connect pods/exec shop/web-1: sh  101, exit 7, 2.0 s, 3 B in, 43 B out",
            "09:27:57.500  request 4  download /srv/data.csv, complete",
            "09:27:58.500    5  POST /version  no answer, given up by the target (2), 5.0 ms, 2 B in, 0 B out",
        ];
        Assert.Equal(expected, lines[..expected.Length].Select(line => line.TrimEnd()));
        Assert.Contains("kubectl-cp", output, StringComparison.Ordinal);
        Assert.Contains("REQUEST", output, StringComparison.Ordinal);
        Assert.Contains("allowed  kube-get pods shop web-1 by dev/read", Run("show", _file, "--full").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_json_has_the_whole_of_it()
    {
        JsonElement[] lines = Lines(Run("show", _file, "--json").Output);
        JsonElement exec = Assert.Single(lines, line => line.GetProperty("type").GetString() == "exchange" && line.GetProperty("exchange").GetInt32() == 4);
        Assert.Equal(("connect", "pods", "exec"), (Text(exec, "kubernetes", "verb"), Text(exec, "kubernetes", "resource"), Text(exec, "kubernetes", "subresource")));
        Assert.Equal(("sh", "app", 7), (Text(exec, "tunnel", "command"), Text(exec, "tunnel", "container"), exec.GetProperty("tunnel").GetProperty("exitStatus").GetInt32()));
        Assert.Equal(("kubectl exec", "s4"), (Text(exec, "command", "name"), Text(exec, "command", "session")));
        Assert.Equal(("allow", "dev/exec"), (exec.GetProperty("verdict").GetString(), exec.GetProperty("ruleId").GetString()));
        Assert.Equal([1, 2, 3, 4], lines.Where(line => line.GetProperty("type").GetString() == "decision").Select(line => line.GetProperty("exchange").GetInt32()));
        Assert.Equal(5, JsonDocument.Parse(Run("list", _folder, "--json").Output).RootElement[0].GetProperty("statements").GetInt32());
    }

    [Fact]
    public void Play_and_export_show_the_terminal_of_exec()
    {
        (int code, string output, _) = Run("play", _file);
        Assert.Equal((0, "/ # ls\nlaunch codes\n/ #\n"), (code, output));
        string[] lines = Run("export", _file, "--channel", "4").Output.Trim().Split('\n');
        JsonElement header = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal((40, 6, "sh"), (header.GetProperty("width").GetInt32(), header.GetProperty("height").GetInt32(), header.GetProperty("command").GetString()));
        JsonElement[] events = [.. lines[1..].Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["r", "o", "i", "o"], events.Select(happened => happened[1].GetString()));
        Assert.Equal(2, events[3][0].GetDouble());
        Assert.Equal(2, Run("play", _file, "--channel", "1").Code);
    }

    [Fact]
    public void An_archive_is_har_1_2()
    {
        string path = Path.Combine(_folder, "out.har");
        Assert.Equal((0, "", ""), Run("export", _file, "--har", "-o", path));
        JsonElement log = JsonDocument.Parse(File.ReadAllText(path)).RootElement.GetProperty("log");
        Assert.Equal("1.2", log.GetProperty("version").GetString());
        Assert.NotEmpty(log.GetProperty("creator").GetProperty("name").GetString()!);
        Assert.NotEmpty(log.GetProperty("creator").GetProperty("version").GetString()!);
        JsonElement[] entries = [.. log.GetProperty("entries").EnumerateArray()];
        Assert.Equal(5, entries.Length);
        foreach (JsonElement entry in entries)
            Required(entry);

        JsonElement list = Assert.Single(entries, entry => entry.GetProperty("_exchange").GetInt32() == 2);
        Assert.Equal("https://prod.example.com/api/v1/namespaces/shop/secrets?limit=500&token=[redacted]", Text(list, "request", "url"));
        Assert.Equal(["limit=500", "token=[redacted]"], list.GetProperty("request").GetProperty("queryString").EnumerateArray().Select(pair => $"{pair.GetProperty("name")}={pair.GetProperty("value")}"));
        JsonElement content = list.GetProperty("response").GetProperty("content");
        Assert.Equal("{\"items\":[\"needle in a haystack\"]}", content.GetProperty("text").GetString());
        Assert.Equal((100, "application/json", "the first 34 of 100 bytes"), (content.GetProperty("size").GetInt32(), content.GetProperty("mimeType").GetString(), content.GetProperty("comment").GetString()));
        JsonElement post = Assert.Single(entries, entry => entry.GetProperty("_exchange").GetInt32() == 5);
        Assert.Equal(("//4=", "base64", "HTTP/1.1"), (Text(post, "request", "postData", "text"), Text(post, "request", "postData", "comment"), Text(post, "request", "httpVersion")));
        Assert.Equal(0, post.GetProperty("response").GetProperty("status").GetInt32());
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData("needle in a hay", "response-body", "2")]
    [InlineData("pods/exec", "request", "4")]
    [InlineData("kubectl DELETE", "command", "3")]
    [InlineData("curl/8", "request-field", "5")]
    [InlineData("launch codes", "output", "4")]
    [InlineData("data.csv", "download", "4")]
    [InlineData("/pods/web-1", "deny", null)]
    public void Search_finds_it(string text, string where, string? request)
    {
        JsonElement match = JsonDocument.Parse(Run("search", _folder, text, "--json").Output).RootElement.EnumerateArray().First(found => found.GetProperty("where").GetString() == where);
        Assert.Equal(request, match.TryGetProperty("channel", out JsonElement found) ? found.GetString() : null);
    }

    [Fact]
    public void A_text_is_found_in_a_body_wherever_it_is_cut()
    {
        byte[] body = Encoding.UTF8.GetBytes($"{new string('x', 500)}naïve needle{new string('y', 500)}needle");
        for (int piece = 1; piece < 300; piece += 7)
        {
            var found = new List<string>();
            var search = new BodySearch("Needle", found.Add);
            for (int at = 0; at < body.Length; at += piece)
                search.Feed(body.AsSpan(at, Math.Min(piece, body.Length - at)));
            search.End();
            Assert.Equal(2, found.Count);
            Assert.Contains("naïve needle", found[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_timeline_is_one_persons_actions_over_sessions_and_protocols()
    {
        string other = Directory.CreateDirectory(Path.Combine(_folder, "ssh")).FullName;
        await SshSample.RecordAsync(other);
        (int code, string output, string error) = Run("timeline", _folder, other, "--subject", "ADA@*", "--json");
        Assert.Equal((0, ""), (code, error));
        JsonElement[] lines = Lines(output);
        Assert.Equal(lines.OrderBy(line => line.GetProperty("at").GetDateTimeOffset()).Select(line => line.GetRawText()), lines.Select(line => line.GetRawText()));
        Assert.Equal(["http2", "ssh"], lines.Select(line => line.GetProperty("protocol").GetString()!).Distinct().Order());
        Assert.Contains(lines, line => Text(line, "kind") == "exec" && Text(line, "text") == "uptime; false");
        Assert.Contains(lines, line => Text(line, "kind") == "request" && Text(line, "text") == "delete pods shop/web-1" && Text(line, "verdict") == "deny" && Text(line, "commandId") == "s3");
        Assert.Contains(lines, line => Text(line, "kind") == "command" && Text(line, "verdict") == "deny" && Text(line, "ruleId") == "prod/no-rm");
        // A refused request is one line, not two.
        Assert.Single(lines, line => line.TryGetProperty("ruleId", out JsonElement rule) && rule.GetString() == "prod/no-delete");
        Assert.Contains("REFUSED by prod/no-delete", Run("timeline", _folder, "--subject", "ada@example.com").Output, StringComparison.Ordinal);
        Assert.Empty(Run("timeline", _folder, other, "--subject", "bob@*").Output);
        Assert.Equal(2, Lines(Run("timeline", _folder, "--json", "--since", "2026-03-14T09:27:55Z", "--until", "2026-03-14T09:27:58Z").Output).Length);

        (_, output, error) = Run("timeline", _folder, "--json", "--most", "2");
        Assert.Equal(["watch pods shop/", "list secrets shop/"], Lines(output).Select(line => Text(line, "text")));
        Assert.StartsWith("4 later actions", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_secrets_nor_sequences_come_out()
    {
        foreach (string[] arguments in new string[][]
        {
            ["show", _file, "--full"], ["show", _file, "--json"], ["play", _file], ["export", _file], ["export", _file, "--har"], ["search", _folder, "o"], ["search", _folder, "e", "--json"],
            ["timeline", _folder], ["timeline", _folder, "--json"], ["list", _folder],
        })
        {
            string output = Run(arguments).Output;
            Assert.NotEmpty(output);
            Assert.DoesNotContain("hush", output, StringComparison.Ordinal);
            foreach (char harm in "\u001b\u0007\u202e")
                Assert.DoesNotContain(harm, output);
        }
    }

    [Fact]
    public async Task A_recording_that_broke_off_is_told_as_far_as_it_goes()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "torn")).FullName;
        string file = await HttpSample.RecordAsync(folder, complete: false);
        Assert.Contains("delete pods shop/web-1", Run("show", file).Output, StringComparison.Ordinal);
        byte[] bytes = await File.ReadAllBytesAsync(_file);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(_file, bytes);
        foreach (string[] arguments in new string[][] { ["show", _file], ["export", _file, "--har"], ["search", _file, "x"], ["timeline", _file] })
            Assert.Equal(1, Run(arguments).Code);
    }

    [Theory]
    [InlineData("timeline", "/nowhere/at/all")]
    [InlineData("timeline", ".", "--most", "0")]
    [InlineData("export", "/nowhere/at/all", "--har")]
    public void Wrong_usage_exits_2(params string[] arguments) => Assert.Equal(2, Run(arguments).Code);

    [Fact]
    public async Task Only_http_has_an_archive()
    {
        string file = await SshSample.RecordAsync(Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName);
        (int code, _, string error) = Run("export", file, "--format", "har");
        Assert.Equal(2, code);
        Assert.Contains("no recording of an HTTP session", error, StringComparison.Ordinal);
    }

    // What HAR 1.2 demands of an entry.
    private static void Required(JsonElement entry)
    {
        Assert.True(DateTimeOffset.TryParse(Text(entry, "startedDateTime"), out _));
        JsonElement request = entry.GetProperty("request"), response = entry.GetProperty("response"), timings = entry.GetProperty("timings");
        foreach (string name in (string[])["method", "url", "httpVersion"])
            Assert.Equal(JsonValueKind.String, request.GetProperty(name).ValueKind);
        foreach (string name in (string[])["cookies", "headers", "queryString"])
            Assert.Equal(JsonValueKind.Array, request.GetProperty(name).ValueKind);
        foreach (string name in (string[])["headersSize", "bodySize"])
            Assert.Equal((JsonValueKind.Number, JsonValueKind.Number), (request.GetProperty(name).ValueKind, response.GetProperty(name).ValueKind));
        foreach (string name in (string[])["statusText", "httpVersion", "redirectURL"])
            Assert.Equal(JsonValueKind.String, response.GetProperty(name).ValueKind);
        foreach (string name in (string[])["cookies", "headers"])
            Assert.Equal(JsonValueKind.Array, response.GetProperty(name).ValueKind);
        Assert.Equal(JsonValueKind.Number, response.GetProperty("status").ValueKind);
        Assert.Equal(JsonValueKind.Number, response.GetProperty("content").GetProperty("size").ValueKind);
        Assert.Equal(JsonValueKind.String, response.GetProperty("content").GetProperty("mimeType").ValueKind);
        Assert.Equal(JsonValueKind.Object, entry.GetProperty("cache").ValueKind);
        Assert.True(Uri.TryCreate(Text(entry, "request", "url"), UriKind.Absolute, out _));
        Assert.Equal(entry.GetProperty("time").GetDouble(), timings.GetProperty("send").GetDouble() + timings.GetProperty("wait").GetDouble() + timings.GetProperty("receive").GetDouble(), 3);
        foreach (JsonElement field in request.GetProperty("headers").EnumerateArray().Concat(response.GetProperty("headers").EnumerateArray()))
            Assert.False(field.GetProperty("name").GetString()!.StartsWith(':'));
    }

    private static string? Text(JsonElement line, params string[] path)
    {
        foreach (string name in path)
        {
            if (!line.TryGetProperty(name, out line))
                return null;
        }

        return line.GetString();
    }

    private static JsonElement[] Lines(string output) => [.. output.Trim().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = ReplayCli.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
