using Xunit;

namespace Sallyport.Architecture.Tests;

/// <summary>A file is a room: small enough to be read whole.</summary>
public sealed class SizeTests
{
    private const int LongestFile = 500;
    private const int LargestContract = 600;

    [Fact]
    public void No_source_is_longer_than_500_lines()
    {
        // Migrations are generated, and read as the tables they make.
        var tooLong = Tree.Sources.Where(f => !f.Contains("/Migrations/", StringComparison.Ordinal)).Select(f => (File: f, Lines: Tree.Lines(f).Length)).Where(f => f.Lines > LongestFile);
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Contract_stays_under_600_lines()
    {
        // Lines with words on them: comments count, because they are read; blank lines and lone braces do not. The verbs are a table that grows
        // with every protocol and is looked up, not read.
        int lines = Tree.Sources
            .Where(f => f.StartsWith("src/Contract/", StringComparison.Ordinal) && f != "src/Contract/Verb.cs")
            .Sum(f => Tree.Lines(f).Count(line => line.Any(char.IsLetterOrDigit)));
        Assert.InRange(lines, 1, LargestContract - 1);
    }
}
