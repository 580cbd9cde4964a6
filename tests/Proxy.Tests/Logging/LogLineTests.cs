using System.Text;
using System.Text.Json;
using Sallyport.Proxy.Logging;
using Xunit;

namespace Sallyport.Proxy.Tests.Logging;

public sealed class LogLineTests
{
    private static readonly DateTimeOffset Time = new(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void Text_has_the_time_the_level_the_event_and_its_fields() =>
        Assert.Equal(
            "2030-01-02T03:04:05.678Z warning login-refused reason=token-expired source=127.0.0.1:5 user=\"a b\"\n",
            Format(LogFormat.Text, journal: false, "login-refused", new("reason", "token-expired"), new("source", "127.0.0.1:5"), new("none", null), new("user", "a b")));

    [Fact]
    public void The_journal_gets_a_priority_and_stamps_the_time_itself()
    {
        Assert.Equal("<4>event a=1\n", Format(LogFormat.Text, journal: true, "event", new LogField("a", 1)));
        Assert.StartsWith("<4>{\"time\":", Format(LogFormat.Json, journal: true, "event"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nb", "\"a\\\\nb\"")]
    [InlineData("x\r\n<3>forged event", "\"x\\\\r\\\\n<3>forged event\"")]
    [InlineData("\u001b[2Jgone", "\"\\\\u{1b}[2Jgone\"")]
    [InlineData("\0", "\"\\\\u{0}\"")]
    [InlineData("\u009b31m", "\"\\\\u{9b}31m\"")]
    [InlineData("a\u202eb", "\"a\\\\u{202e}b\"")]
    [InlineData("a\u2028b", "\"a\\\\u{2028}b\"")]
    [InlineData("a\" b=c", "\"a\\\\\" b=c\"")]
    [InlineData("\\n", "\"\\\\\\\\n\"")]
    [InlineData("a=b", "\"a=b\"")]
    [InlineData("", "\"\"")]
    [InlineData("grüße", "grüße")]
    public void Whatever_a_value_holds_it_stays_one_visible_value(string value, string written)
    {
        string line = Format(LogFormat.Text, journal: true, "event", new LogField("f", value));
        Assert.Equal($"<4>event f={written.Replace("\\\\", "\\", StringComparison.Ordinal)}\n", line);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_replaced() =>
        Assert.Equal("<4>event f=\ufffd\n", Format(LogFormat.Text, journal: true, "event", new LogField("f", new string('\ud800', 1))));

    [Fact]
    public void Json_is_one_line_that_reads_back()
    {
        const string Hostile = "a\n\"b\u2028\u001b\0</script>";
        string line = Format(LogFormat.Json, journal: false, "event", new LogField("f", Hostile));
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(line[..^1], char.IsControl);
        using JsonDocument json = JsonDocument.Parse(line);
        Assert.Equal(Hostile, json.RootElement.GetProperty("f").GetString());
        Assert.Equal("warning", json.RootElement.GetProperty("level").GetString());
        Assert.Equal("event", json.RootElement.GetProperty("event").GetString());
    }

    [Theory]
    [InlineData(LogFormat.Text)]
    [InlineData(LogFormat.Json)]
    public void A_long_value_is_cut(object format) =>
        Assert.InRange(Format((LogFormat)format, journal: false, "event", new LogField("f", new string('x', 1_000_000))).Length, LogLine.LongestValue, LogLine.LongestValue + 200);

    [Theory]
    [InlineData("8:12345", "socket:[12345]", true)]
    [InlineData("8:12345", "socket:[1234]", false)]
    [InlineData("8:12345", "/dev/pts/0", false)]
    [InlineData("8:12345", null, false)]
    [InlineData("12345", "socket:[12345]", false)]
    [InlineData("", "socket:[]", false)]
    [InlineData(null, "socket:[1]", false)]
    public void The_journal_reads_stderr_only_when_it_is_that_very_socket(string? stream, string? link, bool reads) =>
        Assert.Equal(reads, Journal.Reads(stream, link));

    private static string Format(LogFormat format, bool journal, string word, params ReadOnlySpan<LogField> fields) =>
        Encoding.UTF8.GetString(LogLine.Format(format, journal, Time, LogLevel.Warning, word, fields));
}
