using Sallyport.Contract;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// Both loops of a session on messages of both peers: each is a byte (odd: the target's), a uint16 length, and so many bytes. One session channel is open to
/// begin with. Whatever comes, it is dealt with at once or ends the session for a reason.
/// </summary>
internal sealed class SshChannelsTarget : ITarget
{
    private readonly Lazy<(SshTransport Client, SshTransport Target)> _peers = new(() =>
        (SshSink.TransportAsync(server: true).GetAwaiter().GetResult(), SshSink.TransportAsync(server: false).GetAwaiter().GetResult()));

    private readonly SshListener _listener = new()
    {
        Node = "n",
        Name = "l",
        HostKeys = static () => new SshServerKeys([]),
        TargetHostKeys = static _ => new SshServerKeys([]),
    };

    public string Name => "SshChannels";

    public long MaxAllocation(int inputLength) => (16 << 20) + 4096L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        (SshTransport client, SshTransport target) = _peers.Value;
        var shared = new SshShared(new SshQuiet().Context, client, target, _listener, new LoginRestrictions(), TimeProvider.System);
        var fromClient = new SshClientLoop(shared, new SshHolds(shared, CancellationToken.None));
        var fromTarget = new SshTargetLoop(shared);
        Take(fromClient.TakeAsync(new SshWriter().Begin(SshMessageNumber.ChannelOpen).String("session").UInt32(100).UInt32(1 << 20).UInt32(1 << 15).ToArray(), default));
        Take(fromTarget.TakeAsync(new SshWriter().Begin(SshMessageNumber.ChannelOpenConfirmation).UInt32(0).UInt32(200).UInt32(1 << 20).UInt32(1 << 15).ToArray(), default));
        try
        {
            while (input.Length >= 4)
            {
                bool isTarget = (input[0] & 1) != 0;
                int length = Math.Clamp((input[1] << 8) | input[2], 1, input.Length - 3);
                byte[] message = input.Slice(3, length).ToArray();
                input = input[(3 + length)..];
                Take(isTarget ? fromTarget.TakeAsync(message, default) : fromClient.TakeAsync(message, default));
                Check(shared);
            }
        }
        catch (SshEndException e)
        {
            OracleException.Require(e.End.Reason == "protocol-violation", $"the session ended with {e.End}");
        }

        Check(shared);
        foreach (SshChannel channel in shared.Channels.All())
            channel.Finish();
        Take(client.FlushAsync(default));
        Take(target.FlushAsync(default));
    }

    private static void Take(ValueTask step)
    {
        OracleException.Require(step.IsCompleted, "a message that is waited for");
        step.GetAwaiter().GetResult();
    }

    private static void Check(SshShared shared)
    {
        OracleException.Require(shared.Channels.Count <= shared.Limits.Channels, "too many channels");
        foreach (SshChannel channel in shared.Channels.All())
        {
            foreach (SshWindow window in new[] { channel.ToClient, channel.ToTarget })
                OracleException.Require(window.Granted >= 0 && window.Granted <= window.Room && window.Room <= uint.MaxValue, $"granted {window.Granted} of {window.Room}");
        }
    }
}
