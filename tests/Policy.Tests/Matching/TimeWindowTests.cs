using System.Globalization;
using CsCheck;
using Sallyport.Policy.Matching;
using Xunit;

namespace Sallyport.Policy.Tests.Matching;

public class TimeWindowTests
{
    // 2024: daylight saving time in Berlin begins on Sunday, March 31 (02:00 -> 03:00), and ends on Sunday, October 27 (03:00 -> 02:00).
    [Theory]
    [InlineData("mon,tue,wed,thu,fri", "08:00", "18:00", "2024-05-15 05:59:59", false, "2024-05-15 06:00:00")]
    [InlineData("mon,tue,wed,thu,fri", "08:00", "18:00", "2024-05-15 06:00:00", true, "2024-05-15 16:00:00")]
    [InlineData("mon,tue,wed,thu,fri", "08:00", "18:00", "2024-05-15 16:00:00", false, "2024-05-16 06:00:00")]
    [InlineData("mon,tue,wed,thu,fri", "08:00", "18:00", "2024-05-17 16:00:00", false, "2024-05-20 06:00:00")]
    [InlineData("mon,tue,wed,thu,fri", "08:00", "18:00", "2024-01-15 07:00:00", true, "2024-01-15 17:00:00")]
    [InlineData("mon,tue,wed,thu,fri", "08:00", "18:00", "2024-03-29 17:00:00", false, "2024-04-01 06:00:00")]
    [InlineData("fri", "22:00", "06:00", "2024-05-17 19:59:00", false, "2024-05-17 20:00:00")]
    [InlineData("fri", "22:00", "06:00", "2024-05-17 20:00:00", true, "2024-05-18 04:00:00")]
    [InlineData("fri", "22:00", "06:00", "2024-05-18 03:59:59", true, "2024-05-18 04:00:00")]
    [InlineData("fri", "22:00", "06:00", "2024-05-17 01:00:00", false, "2024-05-17 20:00:00")]
    [InlineData("fri", "22:00", "06:00", "2024-05-18 20:00:00", false, "2024-05-24 20:00:00")]
    [InlineData("sat", "22:00", "06:00", "2024-03-30 22:00:00", true, "2024-03-31 04:00:00")]
    [InlineData("sat", "22:00", "06:00", "2024-10-26 21:00:00", true, "2024-10-27 05:00:00")]
    [InlineData("sun", "02:30", "05:00", "2024-03-31 00:59:59", false, "2024-03-31 01:00:00")]
    [InlineData("sun", "02:30", "05:00", "2024-03-31 01:00:00", true, "2024-03-31 03:00:00")]
    [InlineData("sun", "01:00", "02:30", "2024-10-27 00:00:00", true, "2024-10-27 00:30:00")]
    [InlineData("sun", "01:00", "02:30", "2024-10-27 00:30:00", false, "2024-10-27 01:00:00")]
    [InlineData("sun", "01:00", "02:30", "2024-10-27 01:00:00", true, "2024-10-27 01:30:00")]
    [InlineData("sun", "00:00", "24:00", "2024-10-26 22:00:00", true, "2024-10-27 23:00:00")]
    [InlineData("mon,tue,wed,thu,fri,sat,sun", "00:00", "24:00", "2024-05-15 12:00:00", true, "2024-05-23 12:00:00")]
    public void Windows_follow_the_wall_clock(string days, string from, string to, string now, bool inside, string until)
    {
        TimeWindow window = Window(days, from, to, "Europe/Berlin");
        Assert.Equal(inside, window.Contains(Utc(now), out DateTimeOffset flip));
        Assert.Equal(Utc(until), flip);
        // Again, now from what was remembered.
        Assert.Equal(inside, window.Contains(Utc(now), out flip));
        Assert.Equal(Utc(until), flip);
    }

    [Fact]
    public void A_window_in_an_hour_that_does_not_happen_is_never_open()
    {
        TimeWindow window = Window("sun", "02:10", "02:50", "Europe/Berlin");
        for (DateTimeOffset at = Utc("2024-03-30 00:00:00"); at < Utc("2024-04-02 00:00:00"); at = at.AddMinutes(5))
            Assert.False(Window("sun", "02:10", "02:50", "Europe/Berlin").Contains(at, out _));
        Assert.False(window.Contains(Utc("2024-03-30 12:00:00"), out DateTimeOffset until));
        Assert.Equal(Utc("2024-04-07 00:10:00"), until);
    }

    [Fact]
    public void The_answer_holds_until_it_says_and_not_longer()
    {
        Gen<int> minute = Gen.Int[0, 1439];
        Gen<string> zone = Gen.OneOf("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Pacific/Apia", "Africa/Casablanca");
        Gen.Select(Gen.Bool.Array[7], minute, minute, zone, Gen.Int[0, 3 * 366 * 1440]).Sample(
            (days, from, to, zoneName, at) =>
            {
                TimeWindow window = new(days, TimeSpan.FromMinutes(from), TimeSpan.FromMinutes(from == to ? 1440 : to), TimeZoneInfo.FindSystemTimeZoneById(zoneName));
                DateTimeOffset now = new DateTimeOffset(2023, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(at);
                bool inside = window.Contains(now, out DateTimeOffset until);
                Assert.True(until > now);
                for (DateTimeOffset t = now; t < until; t = t.AddMinutes(7))
                    Assert.Equal(inside, Plain(days, from, from == to ? 1440 : to, zoneName, t));
                if (until < now.AddDays(8))
                    Assert.NotEqual(inside, Plain(days, from, from == to ? 1440 : to, zoneName, until));
            },
            iter: 300);
    }

    [Fact]
    public void The_end_of_time_is_no_error()
    {
        TimeWindow window = Window("mon", "08:00", "18:00", "UTC");
        window.Contains(DateTimeOffset.MaxValue, out DateTimeOffset until);
        Assert.Equal(DateTimeOffset.MaxValue, until);
    }

    private static bool Plain(bool[] days, int from, int to, string zone, DateTimeOffset at)
    {
        DateTime wall = TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById(zone)).DateTime;
        for (int back = 0; back <= 1; back++)
        {
            DateTime day = wall.Date.AddDays(-back);
            DateTime end = day.AddMinutes(to <= from ? to + 1440 : to);
            if (days[(int)day.DayOfWeek] && wall >= day.AddMinutes(from) && wall < end)
                return true;
        }

        return false;
    }

    private static TimeWindow Window(string days, string from, string to, string zone)
    {
        string[] names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
        return new TimeWindow([.. names.Select(n => days.Split(',').Contains(n))], Clock(from), Clock(to), TimeZoneInfo.FindSystemTimeZoneById(zone));
    }

    private static TimeSpan Clock(string text) => text == "24:00" ? TimeSpan.FromDays(1) : TimeSpan.ParseExact(text, "hh\\:mm", CultureInfo.InvariantCulture);

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
