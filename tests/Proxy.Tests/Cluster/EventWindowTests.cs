using CsCheck;
using Sallyport.Proxy.Cluster;
using Xunit;

namespace Sallyport.Proxy.Tests.Cluster;

public sealed class EventWindowTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Numbers 1 to n are given out in order; each becomes visible a little later, or never (its transaction failed). A reader that asks now and then, as
    /// ClusterBus does, and sees what is visible, gets each exactly once.
    /// </summary>
    [Fact]
    public void Every_event_is_taken_exactly_once_whatever_the_order_of_commits()
    {
        Gen<int[]> delays = Gen.Int[-3, 12].Array[0, 200];
        Gen.Select(delays, Gen.Int[1, 7], Gen.Int[1, 50]).Sample((delay, step, page) =>
        {
            var window = new EventWindow();
            window.Begin([], Start);
            List<long> taken = [];
            int end = delay.Length + 20;
            for (int tick = 0; tick <= end; tick += step)
                Read(window, delay, tick, page, taken);
            Read(window, delay, end, page, taken);
            long[] visible = [.. Enumerable.Range(0, delay.Length).Where(i => delay[i] >= 0).Select(i => i + 1L)];
            Assert.Equal(visible, taken.Order());
        });
    }

    [Fact]
    public void What_was_there_at_the_start_is_no_news_but_what_was_missing_is()
    {
        var window = new EventWindow();
        window.Begin([10, 11, 13], Start);
        Assert.False(window.Take(10, Start));
        Assert.False(window.Take(13, Start));
        Assert.True(window.Take(12, Start));
        Assert.False(window.Take(12, Start));
        Assert.True(window.Take(14, Start));
    }

    [Fact]
    public void What_stays_missing_is_given_up_and_a_great_jump_is_not_all_asked_for()
    {
        var window = new EventWindow();
        window.Begin([1], Start);
        window.Take(1_000_000_000, Start);
        Assert.InRange(window.Missing.Count, 1, 1024);
        window.Forget(Start + EventWindow.Patience);
        Assert.NotEmpty(window.Missing);
        window.Forget(Start + EventWindow.Patience + TimeSpan.FromMilliseconds(1));
        Assert.Empty(window.Missing);
    }

    private static void Read(EventWindow window, int[] delay, int tick, int page, List<long> taken)
    {
        int count;
        do
        {
            // What EventLog.AfterAsync would return: transaction i began at tick i.
            long[] rows = [.. Enumerable.Range(0, delay.Length)
                .Where(i => delay[i] >= 0 && i + delay[i] <= tick)
                .Select(i => i + 1L)
                .Where(s => s > window.Last || window.Missing.Contains(s))
                .Take(page)];
            taken.AddRange(rows.Where(s => window.Take(s, Start)));
            count = rows.Length;
        }
        while (count == page);
    }
}
