using System.Text;
using Sallyport.Policy.Yaml;
using Xunit;

namespace Sallyport.Policy.Tests.Yaml;

public class YamlMapTests
{
    private readonly DiagnosticBag _bag = new();

    private enum Mode
    {
        Disable,
        VerifyFull,
    }

    [Fact]
    public void Values_are_read_by_type()
    {
        YamlMap map = Read("t: hello\nn: 42\nb: true\nd: 1h30m\nm: verify-full\nl: [a, 'b']\none: x\nsub: {k: v}\nmany: [{i: 1}, {i: 2}]\nnamed:\n  first: {p: 1}\nenv: {A: b}\nq: 'null'\nfolded: >\n  two\n  words\n");
        Assert.Equal("hello", map.RequiredText("t"));
        Assert.Equal(42, map.Int("n", 0, 100));
        Assert.True(map.Bool("b"));
        Assert.Equal(TimeSpan.FromMinutes(90), map.Duration("d", TimeSpan.Zero, TimeSpan.FromDays(1)));
        Assert.Equal(Mode.VerifyFull, map.Enum<Mode>("m"));
        Assert.Equal(["a", "b"], map.Texts("l").Select(t => t.Value));
        Assert.Equal(["x"], map.Texts("one").Select(t => t.Value));
        Assert.Equal("v", map.RequiredMap("sub")?.Text("k"));
        Assert.Equal([1, 2], map.Maps("many").Select(m => m.Int("i", 0, 9)!.Value));
        (YamlText name, YamlMap first) = Assert.Single(map.NamedMaps("named"));
        Assert.Equal(("first", 11, 1), (name.Value, name.Mark.Line, first.Int("p", 0, 9)));
        Assert.Equal(("A", "b"), map.NamedTexts("env").Select(e => (e.Name.Value, e.Value.Value)).Single());
        Assert.Equal("null", map.Text("q"));
        Assert.Equal("two words", map.Text("folded"));
        Assert.Null(map.Text("absent"));
        Assert.Null(map.Map("absent"));
        Assert.Empty(map.Maps("absent"));
        map.ReportUnknownKeys();
        Assert.Empty(_bag.Items);
    }

    [Theory]
    [InlineData("k: [a]", "must be a text, but this is a list", null)]
    [InlineData("k:", "must be a text, but this is nothing", null)]
    [InlineData("k: ~", "must be a text, but this is nothing", null)]
    [InlineData("k: null", "must be a text, but this is nothing", null)]
    [InlineData("k: ''", "must not be empty", null)]
    [InlineData("k: |\n  a\n  b", "must be one line", null)]
    [InlineData("k: 12345678901", "must not be longer than 10 characters; this has 11", null)]
    public void Wrong_texts_are_reported(string text, string message, string? suggestion)
    {
        Assert.Null(Read(text).Text("k", 10));
        AssertOnly(message, suggestion);
    }

    [Theory]
    [InlineData("k: yes", "true")]
    [InlineData("k: Off", "false")]
    [InlineData("k: ture", "true")]
    [InlineData("k: 7", null)]
    public void Wrong_booleans_are_reported(string text, string? suggestion)
    {
        Assert.Null(Read(text).Bool("k"));
        AssertOnly("is neither true nor false", suggestion);
    }

    [Theory]
    [InlineData("k: 1.5", "is not a whole number from 1 to 9")]
    [InlineData("k: 10", "is not a whole number from 1 to 9")]
    [InlineData("k: 99999999999999999999", "is not a whole number from 1 to 9")]
    [InlineData("k: 0x5", "is not a whole number from 1 to 9")]
    [InlineData("k: {}", "must be a whole number, but this is a map")]
    public void Wrong_numbers_are_reported(string text, string message)
    {
        Assert.Null(Read(text).Int("k", 1, 9));
        AssertOnly(message, null);
    }

    [Theory]
    [InlineData("k: 30", "is not a length of time", "30s")]
    [InlineData("k: 5 m", "is not a length of time", null)]
    [InlineData("k: 30m1h", "is not a length of time", null)]
    [InlineData("k: 1h1h", "is not a length of time", null)]
    [InlineData("k: -5m", "is not a length of time", null)]
    [InlineData("k: 999999999d", "is not a length of time", null)]
    [InlineData("k: 25h", "is out of range: from 1s to 1d", null)]
    public void Wrong_durations_are_reported(string text, string message, string? suggestion)
    {
        Assert.Null(Read(text).Duration("k", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)));
        AssertOnly(message, suggestion);
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("0s", 0)]
    [InlineData("30s", 30_000)]
    [InlineData("8h", 28_800_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    public void Durations_read_as_they_are_written(string text, int milliseconds)
    {
        Assert.True(Durations.TryParse(text, out TimeSpan value));
        Assert.Equal(milliseconds, value.TotalMilliseconds);
        Assert.Equal(text, Durations.Format(value));
    }

    [Fact]
    public void Wrong_words_are_reported_with_the_nearest()
    {
        Assert.Null(Read("k: verify_fulll").Enum<Mode>("k"));
        AssertOnly("is none of disable, verify-full", "verify-full");
    }

    [Fact]
    public void Unknown_keys_are_reported_at_every_level_with_the_nearest_known_one()
    {
        YamlMap map = Read("nmae: x\nsub:\n  valeu: 1\nlist:\n  - {good: 1, bda: 2}\nfree: {}\n");
        map.Text("name");
        map.Map("sub")!.Text("value");
        foreach (YamlMap item in map.Maps("list"))
        {
            item.Text("good");
            item.Text("bad");
        }

        map.ReportUnknownKeys();
        Assert.Equal(
            [
                "f:1:1: error: \"nmae\" is not known. (did you mean \"name\"?)",
                "f:3:3: error: \"valeu\" is not known in sub. (did you mean \"value\"?)",
                "f:5:15: error: \"bda\" is not known in list[0]. (did you mean \"bad\"?)",
                "f:6:1: error: \"free\" is not known. Known here: list, name, sub.",
            ],
            _bag.Items.Select(d => d.ToString()));
    }

    [Fact]
    public void A_missing_key_is_reported_unless_it_is_there_misspelt()
    {
        YamlMap map = Read("sub: {}\nnoed: x\n");
        Assert.Equal("", map.RequiredText("node"));
        Assert.Equal("", map.RequiredMap("sub")!.RequiredText("address"));
        map.ReportUnknownKeys();
        Assert.Equal(
            ["f:1:6: error: \"address\" is missing in sub.", "f:2:1: error: \"noed\" is not known. (did you mean \"node\"?)"],
            _bag.Items.Select(d => d.ToString()));
    }

    [Theory]
    [InlineData("k: []", "must not be empty")]
    [InlineData("k: [1, 2, 3]", "has more than 2 entries")]
    [InlineData("k: [{a: b}]", "this is a map")]
    public void Wrong_lists_are_reported(string text, string message)
    {
        Read(text).Texts("k", maxCount: 2);
        AssertOnly(message, null);
    }

    private YamlMap Read(string text) => YamlReader.ReadSingle("f", Encoding.UTF8.GetBytes(text + "\n"), _bag)!;

    private void AssertOnly(string message, string? suggestion)
    {
        Diagnostic error = Assert.Single(_bag.Items);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(suggestion, error.Suggestion);
        Assert.Equal(1, error.Line);
    }
}
