using System.Text;
using Sallyport.Policy.Yaml;
using Xunit;

namespace Sallyport.Policy.Tests.Yaml;

public class YamlReaderTests
{
    [Theory]
    [InlineData("a: 1\nb: *x\n", 2, 4, "Aliases")]
    [InlineData("a: &x 1\n", 1, 4, "Anchors")]
    [InlineData("a: !!int 1\n", 1, 4, "Tags")]
    [InlineData("a: !x {}\n", 1, 4, "Tags")]
    [InlineData("a: 1\n b: 2\n", 2, 3, "Not valid YAML")]
    [InlineData("a: [1\n", 2, 1, "Not valid YAML")]
    [InlineData("a: 1\nb: 2\na: 3\n", 3, 1, "\"a\" is given twice: first at line 1.")]
    [InlineData("a:\n  x: 1\n  x: 2\n", 3, 3, "given twice: first at line 2.")]
    [InlineData("? [a]\n: 1\n", 1, 3, "single word")]
    [InlineData("? {a: b}\n: 1\n", 1, 3, "single word")]
    [InlineData("- a\n", 1, 1, "this is a list")]
    [InlineData("word\n", 1, 1, "this is a single value")]
    [InlineData("a: 1\nb: x\u0000\n", 2, 5, "U+0000")]
    [InlineData("a: 1 # x\u2028b: 2\n", 1, 9, "U+2028")]
    [InlineData("a: 1 # x\u0085b: 2\n", 1, 9, "U+0085")]
    [InlineData("a: 1\rb: 2\n", 1, 5, "U+000D")]
    [InlineData("a: \"x\u202Ey\"\n", 1, 6, "U+202E")]
    [InlineData("a: \"x\\x1by\"\n", 1, 4, "U+001B")]
    [InlineData("a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n", 1, 19, "levels deep")]
    public void Refused_text_is_reported_with_its_place(string text, int line, int column, string message)
    {
        DiagnosticBag bag = new();
        YamlReader.Read("f.yaml", Encoding.UTF8.GetBytes(text), bag);

        Diagnostic error = Assert.Single(bag.Items);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(("f.yaml", line, column, false), (error.File, error.Line, error.Column, error.IsWarning));
    }

    [Fact]
    public void Invalid_utf8_is_reported_with_its_place()
    {
        DiagnosticBag bag = new();
        YamlReader.Read("f.yaml", [.. "a: 1\nb: é"u8, 0xC3, (byte)'\n'], bag);

        Diagnostic error = Assert.Single(bag.Items);
        Assert.Equal((2, 5), (error.Line, error.Column));
        Assert.Contains("UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_and_crlf_are_accepted()
    {
        DiagnosticBag bag = new();
        YamlMap map = Assert.Single(YamlReader.Read("f", [0xEF, 0xBB, 0xBF, .. "a: 1\r\nb: 2\r\n"u8], bag));
        Assert.Equal("2", map.Text("b"));
        Assert.Empty(bag.Items);
    }

    [Fact]
    public void Documents_before_an_error_of_syntax_are_still_read()
    {
        DiagnosticBag bag = new();
        IReadOnlyList<YamlMap> documents = YamlReader.Read("f", "a: 1\n---\n# nothing\n---\nb: 2\n---\nc: ]\n"u8, bag);
        Assert.Equal(2, documents.Count);
        Assert.Equal(5, documents[1].Mark.Line);
        Assert.Equal(7, Assert.Single(bag.Items).Line);
    }

    [Fact]
    public void Sizes_are_bounded()
    {
        AssertRefused("larger than 10 bytes", "a: 12345678\n", new YamlLimits { FileBytes = 10 });
        AssertRefused("More than 2 documents", "a: 1\n---\na: 1\n---\na: 1\n", new YamlLimits { Documents = 2 });
        AssertRefused("More than 4 values", "a: [1, 2, 3, 4]\n", new YamlLimits { Nodes = 4 });

        static void AssertRefused(string message, string text, YamlLimits limits)
        {
            DiagnosticBag bag = new();
            YamlReader.Read("f", Encoding.UTF8.GetBytes(text), bag, limits);
            Assert.Contains(message, Assert.Single(bag.Items).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_single_document_is_one_and_not_none_or_two()
    {
        DiagnosticBag bag = new();
        Assert.Null(YamlReader.ReadSingle("f", ""u8, bag));
        Assert.Null(YamlReader.ReadSingle("f", "a: 1\n---\nb: 1\n"u8, bag));
        Assert.NotNull(YamlReader.ReadSingle("f", "a: 1\n"u8, bag));
        Assert.Equal(2, bag.Items.Count);
    }

    [Fact]
    public void A_missing_file_is_an_error_and_not_an_exception()
    {
        DiagnosticBag bag = new();
        Assert.Empty(YamlReader.ReadFile("/nonexistent/x.yaml", bag));
        Assert.True(bag.HasErrors);
    }

    [Fact]
    public void A_flood_of_errors_is_bounded()
    {
        DiagnosticBag bag = new();
        for (int i = 0; i < 1000; i++)
            bag.Error("f", "x\u001b[31m");
        Assert.Equal(DiagnosticBag.Capacity + 1, bag.Items.Count);
        Assert.Equal("800 more are not shown.", bag.Items[^1].Message);
        Assert.Equal("x\uFFFD[31m", bag.Items[0].Message);
    }

    [Fact]
    public void Mutated_text_never_throws()
    {
        byte[] seed = Encoding.UTF8.GetBytes("policy: a\nmatch: {groups: [x, \"y*\"]}\nrules:\n  - id: r\n    hint: >\n      folded\n    verbs: [all] # c\n---\n'q': |2-\n   z\n? k\n: v\n%YAML 1.2\n");
        Random random = new(20240501);
        for (int round = 0; round < 4_000; round++)
        {
            byte[] text = (byte[])seed.Clone();
            for (int i = random.Next(1, 6); i > 0; i--)
                text[random.Next(text.Length)] = random.Next(8) == 0 ? (byte)random.Next(256) : "{}[],:-?&*!|>%@`#'\"\\ \t\n~.0a"u8[random.Next(25)];
            YamlReader.Read("f", text.AsSpan(0, random.Next(text.Length + 1)), new DiagnosticBag());
        }
    }
}
