using System.Text;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>A server that writes packets by hand, before there are keys, in front of a transport that is its client.</summary>
internal sealed class RawTarget : IAsyncDisposable
{
    private readonly SshTurn _turn = new();
    private readonly SshTransport _client;
    private readonly MemoryDuplex _end;
    private readonly Task _handshake;

    private RawTarget(SshTransportOptions options)
    {
        (MemoryDuplex clientEnd, _end) = MemoryDuplex.Pair();
        _client = SshTransport.Client(clientEnd, new KnownKeys(), options, _turn, TimeProvider.System);
        _handshake = _client.HandshakeAsync(default).AsTask();
    }

    /// <summary>One that has said which methods it has.</summary>
    public static async Task<RawTarget> StartAsync(SshTransportOptions options)
    {
        var target = new RawTarget(options);
        await target._end.SendAsync(Encoding.Latin1.GetBytes("SSH-2.0-raw\r\n"));
        await target.SendAsync(SshKexInit.Ours(options, ["ssh-ed25519"], [SshAlgorithms.StrictServer]).ToPayload());
        return target;
    }

    public async Task SendAsync(byte[] payload) => await _end.SendAsync(RawClient.Packet(payload));

    /// <summary>How the client's handshake fails.</summary>
    public Task<SshEndException> EndAsync() => Assert.ThrowsAsync<SshEndException>(() => _handshake.WaitAsync(TimeSpan.FromSeconds(30)));

    /// <summary>Everything that the client has said, once it has ended.</summary>
    public Task<IReadOnlyList<byte[]>> SaidAsync() => RawClient.SaidAsync(_end);

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _end.DisposeAsync();
        _turn.Dispose();
    }
}
