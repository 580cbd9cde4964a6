using System.Globalization;
using Sallyport.Policy.Documents;
using Xunit;

namespace Sallyport.Policy.Tests.Documents;

public class ChangeWindowTests
{
    private const string Evening = "{pre-approved: [{from: 2026-11-24T20:00, to: 2026-11-24T23:00, zone: Europe/Berlin, reference: CHG-1234}]}";

    [Theory]
    [InlineData("2026-11-24 18:59:59", null)]
    [InlineData("2026-11-24 19:00:00", "CHG-1234")]
    [InlineData("2026-11-24 21:59:59", "CHG-1234")]
    [InlineData("2026-11-24 22:00:00", null)]
    [InlineData("2027-11-24 20:00:00", null)]
    public void A_window_with_dates_is_open_once_on_the_clock_of_its_zone(string now, string? reference)
    {
        Assert.Equal(reference, ApprovalTermsTests.Terms(Evening).PreApprovedAt(Utc(now), out DateTimeOffset until));
        Assert.Equal(reference is null ? Utc(now) : Utc("2026-11-24 22:00:00"), until);
    }

    // In Berlin the clock goes from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25.
    [Theory]
    [InlineData("2026-03-29T01:30", "2026-03-29T03:30", "2026-03-29 00:30:00", "2026-03-29 01:30:00")]
    [InlineData("2026-03-29T01:59", "2026-03-29T03:00", "2026-03-29 00:59:00", "2026-03-29 01:00:00")]
    [InlineData("2026-10-25T01:30", "2026-10-25T03:30", "2026-10-24 23:30:00", "2026-10-25 02:30:00")]
    [InlineData("2026-10-25T01:59", "2026-10-25T03:00", "2026-10-24 23:59:00", "2026-10-25 02:00:00")]
    public void A_window_over_a_change_of_the_clock_is_as_long_as_time_passes(string from, string to, string first, string end)
    {
        ApprovalTerms terms = ApprovalTermsTests.Terms($"{{pre-approved: {{from: {from}, to: {to}, zone: Europe/Berlin, reference: R}}}}");
        Assert.Null(terms.PreApprovedAt(Utc(first).AddTicks(-1)));
        Assert.Equal("R", terms.PreApprovedAt(Utc(first)));
        Assert.Equal("R", terms.PreApprovedAt(Utc(end).AddTicks(-1)));
        Assert.Null(terms.PreApprovedAt(Utc(end)));
    }

    [Fact]
    public void A_window_may_come_back_every_week()
    {
        ApprovalTerms terms = ApprovalTermsTests.Terms("{pre-approved: {days: [tue], from: '22:00', to: '02:00', zone: Europe/Berlin, reference: STD-7}}");
        Assert.Equal("STD-7", terms.PreApprovedAt(Utc("2024-05-14 23:00:00"), out DateTimeOffset until));
        Assert.Equal(Utc("2024-05-15 00:00:00"), until);
        Assert.Null(terms.PreApprovedAt(Utc("2024-05-15 00:00:00")));
        Assert.Equal("STD-7", terms.PreApprovedAt(Utc("2024-05-21 20:00:00")));
    }

    [Fact]
    public void Of_windows_that_overlap_the_one_that_ends_last_counts()
    {
        ApprovalTerms terms = ApprovalTermsTests.Terms("""
            {pre-approved: [
              {from: 2026-11-24T20:00, to: 2026-11-24T22:00, reference: A},
              {from: 2026-11-24T21:00, to: 2026-11-24T23:00, reference: B},
              {from: 2026-11-24T21:00, to: 2026-11-24T22:30, reference: C}]}
            """);
        Assert.Equal("A", terms.PreApprovedAt(Utc("2026-11-24 20:59:00")));
        Assert.Equal("B", terms.PreApprovedAt(Utc("2026-11-24 21:30:00"), out DateTimeOffset until));
        Assert.Equal(Utc("2026-11-24 23:00:00"), until);
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
