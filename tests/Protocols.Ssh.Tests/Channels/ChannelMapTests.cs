using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Channels;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>Numbers of channels: the lowest that is free, never more than the limit.</summary>
public sealed class ChannelMapTests
{
    private static readonly SshShared Shared = new(
        null!, null!, null!, new SshListener { Node = "n", Name = "l", HostKeys = () => null!, TargetHostKeys = _ => null! }, new LoginRestrictions(), TimeProvider.System);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(1000)]
    public void As_many_as_the_limit_and_the_lowest_number_first(int limit)
    {
        var map = new SshChannelMap(limit);
        SshChannel[] all = [.. Enumerable.Range(0, limit).Select(_ => Add(map)!)];
        Assert.Equal(Enumerable.Range(0, limit).Select(i => (uint)i), all.Select(c => c.Number));
        Assert.Null(Add(map));
        Assert.Equal(limit, map.Count);
        Assert.Null(map.Find((uint)limit));
        Assert.Null(map.Find(uint.MaxValue));

        SshChannel freed = all[limit / 2];
        Assert.True(map.Remove(freed));
        Assert.False(map.Remove(freed));
        Assert.Null(map.Find(freed.Number));
        Assert.Equal(freed.Number, Add(map)!.Number);
        Assert.False(map.Remove(freed));
        Assert.Equal(limit, map.All().Count);
    }

    private static SshChannel? Add(SshChannelMap map) => map.Add(static number => new SshChannel(Shared, number, SshChannelKind.Session, SshSide.Client));
}
