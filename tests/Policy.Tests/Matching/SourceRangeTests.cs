using System.Net;
using Sallyport.Policy.Matching;
using Xunit;

namespace Sallyport.Policy.Tests.Matching;

public class SourceRangeTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.255.0.1", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.1.1", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.1.1", true)]
    [InlineData("::ffff:10.0.0.0/104", "::ffff:10.1.1.1", true)]
    [InlineData("::ffff:10.0.0.0/104", "11.1.1.1", false)]
    [InlineData("192.168.1.128/25", "192.168.1.127", false)]
    [InlineData("192.168.1.128/25", "192.168.1.128", true)]
    [InlineData("192.168.1.7", "192.168.1.7", true)]
    [InlineData("192.168.1.7", "192.168.1.6", false)]
    [InlineData("0.0.0.0/0", "8.8.8.8", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "8.8.8.8", false)]
    [InlineData("::/0", "::ffff:8.8.8.8", false)]
    [InlineData("::1", "::1", true)]
    [InlineData("::1/128", "::2", false)]
    [InlineData("fd00::/9", "fd7f::1", true)]
    [InlineData("fd00::/9", "fd80::1", false)]
    [InlineData("fe80::/10", "fe80::1%3", true)]
    public void Addresses_lie_in_ranges_or_not(string range, string address, bool expected)
    {
        SourceRange? parsed = SourceRange.Parse(range, out string? error, out _);
        Assert.Null(error);
        Assert.Equal(expected, parsed!.Contains(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("10")]
    [InlineData("10.1")]
    [InlineData("0x0A000001")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("::1/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("::ffff:0.0.0.0/90")]
    [InlineData("example.com")]
    [InlineData("")]
    public void What_is_no_range_is_refused(string text)
    {
        Assert.Null(SourceRange.Parse(text, out string? error, out _));
        Assert.NotNull(error);
    }

    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("fd00::1/8", "fd00::/8")]
    [InlineData("::ffff:10.1.2.3/104", "10.0.0.0/8")]
    public void Bits_behind_the_prefix_are_refused_with_the_range_that_was_meant(string text, string suggested)
    {
        Assert.Null(SourceRange.Parse(text, out _, out string? suggestion));
        Assert.Equal(suggested, suggestion);
    }
}
