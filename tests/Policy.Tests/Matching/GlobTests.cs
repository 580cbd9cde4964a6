using System.Text;
using CsCheck;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Tests.Gates;
using Xunit;

namespace Sallyport.Policy.Tests.Matching;

public class GlobTests
{
    [Theory]
    [InlineData("abc", "abc", true)]
    [InlineData("abc", "abcd", false)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("?", "é", true)]
    [InlineData("??", "é", false)]
    [InlineData("*??", "é", false)]
    [InlineData("*?", "€", true)]
    [InlineData("*@example.com", "jane@example.com", true)]
    [InlineData("*@example.com", "jane@example.com.evil.net", false)]
    [InlineData("data-*", "data-", true)]
    [InlineData("data-*", "Data-x", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "aXbYbZ", false)]
    [InlineData("*a*a*a*a*", "aaa", false)]
    [InlineData("a**b", "ab", true)]
    public void Wildcards_match_whole_texts(string pattern, string text, bool expected) =>
        Assert.Equal(expected, Glob.Compile(pattern).Matches(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Literals_take_wildcards_as_they_are()
    {
        Assert.True(Glob.Literal("a*?").Matches("a*?"u8));
        Assert.False(Glob.Literal("a*?").Matches("abc"u8));
    }

    [Fact]
    public void Bytes_that_stand_for_wildcards_inside_are_not_wildcards_in_the_text()
    {
        Assert.False(Glob.Compile("a?b").Matches([(byte)'a', 0xFE, 0xFE, (byte)'b']));
        Assert.False(Glob.Literal("ab").Matches([(byte)'a', 0xFF]));
    }

    [Fact]
    public void Matching_equals_the_regular_expression()
    {
        Gen<string> pattern = Gen.OneOf("a", "b", "é", "*", "?", ".").Array[0, 8].Select(string.Concat);
        Gen<string> text = Gen.OneOf("a", "b", "é", ".", "€").Array[0, 10].Select(string.Concat);
        Gen.Select(pattern, text).Sample((p, t) => Glob.Compile(p).Matches(Encoding.UTF8.GetBytes(t)) == ReferenceJudge.Like(p, t), iter: 20_000);
    }
}
