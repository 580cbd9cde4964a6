using System.Text;
using CsCheck;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests;

/// <summary>Paths as policy looks at them, and those that nobody can be certain of.</summary>
public sealed class HttpPathTests
{
    [Theory]
    [InlineData("/", "/", true)]
    [InlineData("*", "*", true)]
    [InlineData("/a/b", "/a/b", true)]
    [InlineData("/a/b/", "/a/b", true)]
    [InlineData("/%61/%7Eb/%2D", "/a/~b/-", true)]
    [InlineData("/a%40b/c%3ad", "/a@b/c:d", true)]
    [InlineData("/a%20b/%c3%a4", "/a%20b/%C3%A4", true)]
    [InlineData("/100%25", "/100%25", true)]
    [InlineData("/a%3fb%23", "/a%3Fb%23", true)]
    [InlineData("/...", "/...", true)]
    [InlineData("/a..b/.c", "/a..b/.c", true)]
    [InlineData("/a/./b", "/a/b", false)]
    [InlineData("/a/../b", "/b", false)]
    [InlineData("/a/..", "/", false)]
    [InlineData("/../../b", "/b", false)]
    [InlineData("/a/%2e%2e/b", "/b", false)]
    [InlineData("/a/.%2E/b", "/b", false)]
    [InlineData("/a//b", "/a/b", false)]
    [InlineData("//a", "/a", false)]
    [InlineData("/a//", "/a", false)]
    [InlineData("/a%2fb", "/a%2Fb", false)]
    [InlineData("/a%5Cb", "/a%5Cb", false)]
    [InlineData("/a\\b", "/a\\b", false)]
    [InlineData("/a;x/b", "/a;x/b", false)]
    [InlineData("/a%3Bx", "/a%3Bx", false)]
    [InlineData("/..;/a", "/..;/a", false)]
    [InlineData("/a%252fb", "/a%252fb", false)]
    [InlineData("/a%25%32%66b", "/a%252fb", false)]
    [InlineData("/a%00b", "/a%00b", false)]
    [InlineData("/a%0d%0ab", "/a%0D%0Ab", false)]
    [InlineData("/a b", "/a b", false)]
    [InlineData("/ä", "/ä", false)]
    [InlineData("/a%", "/a%", false)]
    [InlineData("/a%4", "/a%4", false)]
    [InlineData("/a%zz", "/a%zz", false)]
    [InlineData("/%c0%ae%c0%ae/a", "/%C0%AE%C0%AE/a", false)]
    [InlineData("/%c3/a", "/%C3/a", false)]
    [InlineData("/a#b", "/a#b", false)]
    [InlineData("a/b", "a/b", false)]
    [InlineData("http://x/a", "http://x/a", false)]
    [InlineData("", "", false)]
    public void A_path_is_normalised_and_known_to_be_certain_or_not(string path, string normalised, bool certain)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        byte[] space = new byte[bytes.Length];
        Assert.Equal(certain, HttpPath.Normalise(bytes, space, out int length));
        Assert.Equal(normalised, Encoding.UTF8.GetString(space, 0, length));
    }

    [Fact]
    public void What_is_certain_is_normalised_for_good() =>
        Gen.OneOf("/", "/", "a", ".", "..", "%2e", "%2f", "%41", "%25", "%20", "%c3%a4", "%e4", ";", "\\", "~", "%7e", "é").Array[0, 12].Sample(
            pieces =>
            {
                byte[] path = Encoding.UTF8.GetBytes($"/{string.Concat(pieces)}");
                byte[] once = new byte[path.Length];
                bool certain = HttpPath.Normalise(path, once, out int length);
                if (!certain)
                    return;
                byte[] twice = new byte[length];
                Assert.True(HttpPath.Normalise(once.AsSpan(0, length), twice, out int again));
                Assert.Equal(once.AsSpan(0, length), twice.AsSpan(0, again));
                string text = Encoding.UTF8.GetString(once, 0, length);
                Assert.DoesNotContain("//", text, StringComparison.Ordinal);
                Assert.DoesNotContain(text.Split('/'), s => s is "." or "..");
            },
            iter: 20000);
}
