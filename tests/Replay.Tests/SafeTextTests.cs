using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Tests;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("plain é 漢字 🙂", "plain é 漢字 🙂")]
    [InlineData("\u001b[31mred", @"\x1b[31mred")]
    [InlineData("a\r\nb\tc", @"a\r\nb\tc")]
    [InlineData("\u009b31m", @"\u{9b}31m")]
    [InlineData("a\u202eb\u200bc\ufeff", @"a\u{202e}b\u{200b}c\u{feff}")]
    [InlineData("\u2028\u2029\u007f\0", @"\u{2028}\u{2029}\x7f\x00")]
    public void What_a_terminal_would_act_on_is_written_out(string text, string safe) => Assert.Equal(safe, SafeText.Line(text));

    [Fact]
    public void Every_character_below_a_space_and_every_C1_is_written_out()
    {
        for (int value = 0; value < 0x100; value++)
        {
            if (value is < 0x20 or (>= 0x7f and < 0xa0))
                Assert.DoesNotContain((char)value, SafeText.Line($"a{(char)value}b"));
        }
    }

    [Fact]
    public void A_lone_surrogate_is_replaced() => Assert.Equal("a\ufffdb", SafeText.Line("a\ud800b"));

    [Fact]
    public void Lines_are_cut_at_the_bound_and_say_so()
    {
        string[] lines = [.. SafeText.Lines("one\r\n\ttwo\nthree", 11)];
        Assert.Equal(["one", "    two", "t… (4 more characters; --full shows them)"], lines);
    }
}
