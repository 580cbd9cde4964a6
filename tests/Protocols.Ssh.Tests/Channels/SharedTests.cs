using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Tests.Sftp;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>What both loops of a session look at is one.</summary>
public sealed class SharedTests
{
    private const int Rounds = 50_000;

    [Fact]
    public async Task What_is_approved_is_kept_in_one_place_whoever_asks_first()
    {
        var listener = new SshListener { Node = "n", Name = "l", HostKeys = () => null!, TargetHostKeys = _ => null! };
        SessionContext context = new FileSession().Context;
        SshShared[] sessions = [.. Enumerable.Range(0, Rounds).Select(_ => new SshShared(context, null!, null!, listener, new LoginRestrictions(), TimeProvider.System))];
        int[] at = [-1, -1];
        Task<SshApprovals[]> Ask(int who) => Task.Factory.StartNew(
            () =>
            {
                var kept = new SshApprovals[Rounds];
                var spin = default(SpinWait);
                for (int i = 0; i < Rounds; i++)
                {
                    Volatile.Write(ref at[who], i);
                    while (Volatile.Read(ref at[1 - who]) < i)
                        spin.SpinOnce(sleep1Threshold: -1);
                    kept[i] = sessions[i].Kept;
                }

                return kept;
            },
            default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        SshApprovals[][] asked = await Task.WhenAll(Ask(0), Ask(1));
        Assert.All(Enumerable.Range(0, Rounds), i => Assert.Same(asked[0][i], asked[1][i]));
    }
}
