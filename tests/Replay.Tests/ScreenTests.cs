using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Tests;

public sealed class ScreenTests
{
    [Fact]
    public void A_line_that_is_wrapped_never_goes_on_at_the_left_edge()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var screen = new Screen(output, wrapAt: 40);
        screen.Line(("              | ", Screen.Dim), (new string('x', 24) + "09:26:53.000  REFUSED  漢字" + new string('漢', 30), null));
        string[] lines = output.ToString().TrimEnd('\n').Split('\n');
        Assert.True(lines.Length > 3);
        Assert.All(lines, line => Assert.StartsWith("              ", line, StringComparison.Ordinal));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 40));
    }

    [Fact]
    public void Square_brackets_are_no_markup()
    {
        using var output = new StringWriter { NewLine = "\n" };
        new Screen(output).Line(("[red]a[/] [link=x]", null));
        Assert.Equal("[red]a[/] [link=x]\n", output.ToString());
    }
}
