using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Local;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

public sealed class PasswordTests
{
    [Fact]
    public async Task A_password_fits_its_hash_and_no_other()
    {
        using var hasher = new PasswordHasher();
        string hash = await hasher.HashAsync("correct horse", CancellationToken.None);
        Assert.True(await hasher.VerifyAsync(hash, "correct horse", CancellationToken.None));
        Assert.False(await hasher.VerifyAsync(hash, "correct horsf", CancellationToken.None));
        Assert.False(await hasher.VerifyAsync(null, "correct horse", CancellationToken.None));
        Assert.NotEqual(hash, await hasher.HashAsync("correct horse", CancellationToken.None));
    }

    [Fact]
    public async Task A_flood_is_turned_away_before_it_takes_memory()
    {
        using var hasher = new PasswordHasher();
        List<Task<bool>> flood = [.. Enumerable.Range(0, 200).Select(_ => hasher.VerifyAsync(null, "correct horse", CancellationToken.None))];
        int busy = 0;
        foreach (Task<bool> one in flood)
        {
            try
            {
                Assert.False(await one);
            }
            catch (HasherBusyException)
            {
                busy++;
            }
        }

        Assert.InRange(busy, 100, 199);
    }

    [Theory]
    [InlineData("short", true)]
    [InlineData("elevenchars", true)]
    [InlineData("twelve chars", false)]
    [InlineData("aaaaaaaaaaaaaaa", true)]
    [InlineData("alice.smith123", true)]
    [InlineData("a long enough phrase with alice.smith in it", false)]
    public void Passwords_are_long_and_not_the_name(string password, bool refused) => Assert.Equal(refused, PasswordRules.Refuse(password, "alice.smith") is not null);

    [Theory]
    [InlineData(" Alice ", "alice")]
    [InlineData("bob@example.com", "bob@example.com")]
    [InlineData("okta:alice", null)]
    [InlineData("", null)]
    [InlineData("-x", null)]
    [InlineData("a b", null)]
    [InlineData("аlice", null)]
    public void Names_are_plain(string name, string? kept) => Assert.Equal(kept, LocalUsers.Normalize(name));

    [Fact]
    public void Waits_double_and_have_an_end()
    {
        var config = new LockoutConfig();
        Assert.Equal(TimeSpan.Zero, Backoff.After(4, 5, config));
        Assert.Equal(config.Wait, Backoff.After(5, 5, config));
        Assert.Equal(config.Wait * 4, Backoff.After(7, 5, config));
        Assert.Equal(config.LongestWait, Backoff.After(int.MaxValue, 5, config));
    }
}
