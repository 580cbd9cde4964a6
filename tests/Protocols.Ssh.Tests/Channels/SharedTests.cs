using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Tests.Sftp;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>What both loops of a session look at is one.</summary>
public sealed class SharedTests
{
    [Fact]
    public async Task What_is_approved_is_kept_in_one_place_whoever_asks_first()
    {
        var listener = new SshListener { Node = "n", Name = "l", HostKeys = () => null!, TargetHostKeys = _ => null! };
        SessionContext context = new FileSession().Context;
        for (int i = 0; i < 500; i++)
        {
            var shared = new SshShared(context, null!, null!, listener, new LoginRestrictions(), TimeProvider.System);
            using var both = new Barrier(2);
            Task<SshApprovals>[] asked = [.. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    both.SignalAndWait();
                    return shared.Kept;
                },
                default, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            SshApprovals[] kept = await Task.WhenAll(asked);
            Assert.Same(kept[0], kept[1]);
        }
    }
}
