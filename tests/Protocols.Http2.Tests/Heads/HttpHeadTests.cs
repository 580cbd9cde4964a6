using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Heads;

/// <summary>One field section, and its bounds.</summary>
public sealed class HttpHeadTests
{
    [Fact]
    public void Fields_are_found_in_the_order_they_came()
    {
        var head = new HttpHead(1 << 16, 100);
        for (int i = 0; i < 50; i++)
            Assert.True(head.TryAdd("via"u8, Encoding.ASCII.GetBytes($"hop {i}")));
        Assert.True(head.TryAdd("authorization"u8, "Bearer x"u8, neverIndexed: true));

        int at = -1;
        for (int i = 0; i < 50; i++)
        {
            at = head.IndexOf("via"u8, at + 1);
            Assert.Equal($"hop {i}", Encoding.ASCII.GetString(head[at].Value));
        }

        Assert.Equal(-1, head.IndexOf("via"u8, at + 1));
        Assert.True(head[head.IndexOf("authorization"u8)].NeverIndexed);
        Assert.DoesNotContain("Bearer", head.ToString(), StringComparison.Ordinal);
        Assert.True(head.Value("absent"u8).IsEmpty);
    }

    [Fact]
    public void A_full_head_takes_no_more_and_stays_as_it_was()
    {
        var head = new HttpHead(mostBytes: 100, mostFields: 2);
        Assert.True(head.TryAdd("a"u8, new byte[30]));
        Assert.False(head.TryAdd("b"u8, new byte[10]));
        Assert.Equal(63, head.Size);
        Assert.True(head.TryAdd("c"u8, "1234"u8));
        Assert.Equal(100, head.Size);
        Assert.False(head.TryAdd(""u8, ""u8));
        head.Clear();
        Assert.Equal((0, 0), (head.Count, head.Size));
        Assert.True(head.TryAdd(""u8, ""u8) && head.TryAdd(""u8, ""u8) && !head.TryAdd(""u8, ""u8));
    }
}
