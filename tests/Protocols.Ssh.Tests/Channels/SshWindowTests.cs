using Sallyport.Protocols.Ssh.Channels;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

public sealed class SshWindowTests
{
    private const int Reserve = 64 << 10;

    /// <summary>OpenSSH's sshd confirms a session with no window, and grants one when the command runs.</summary>
    [Fact]
    public void A_share_is_kept_back_of_a_window_that_comes_later()
    {
        var window = new SshWindow();
        Assert.Equal(0u, window.Open(0, uint.MaxValue));
        Assert.Equal(0u, window.ReserveShare(Reserve));
        Assert.True(window.TryAdjust(2 << 20, grant: true, out uint pass));
        Assert.Equal((2u << 20) - Reserve, pass);
    }

    /// <summary>A part of a request that waits for its rest is granted again; when it goes on, with all else sent, there is room for it.</summary>
    [Fact]
    public void What_is_held_back_and_sent_later_fits()
    {
        var window = new SshWindow();
        window.Open(0, uint.MaxValue);
        window.ReserveShare(Reserve);
        Assert.True(window.TryAdjust(1 << 20, grant: true, out uint granted));
        Assert.True(window.TrySend(1000));
        window.Replace(1000, 980);
        granted += window.Grant();
        Assert.True(window.TrySend((int)granted - 1000));
        window.Replace(100, 120);
        Assert.Equal(Reserve - 20, window.Room);
        Assert.Equal(0u, window.Grant());
    }

    /// <summary>A small window is not kept back whole: dropbear's is 24 KB.</summary>
    [Fact]
    public void A_small_window_is_granted_for_the_most_part()
    {
        var window = new SshWindow();
        Assert.Equal(0u, window.Open(24576, uint.MaxValue));
        Assert.Equal(24576u * 3 / 4, window.ReserveShare(Reserve));
        Assert.True(window.TrySend(10000));
        Assert.True(window.TryAdjust(10000, grant: true, out uint pass));
        Assert.Equal(10000u, pass);
    }
}
