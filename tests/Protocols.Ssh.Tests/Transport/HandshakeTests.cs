using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

public sealed class HandshakeTests
{
    private static readonly SshTransportOptions Plain = new() { KeyExchanges = [SshAlgorithms.Curve25519], Ciphers = [SshAlgorithms.Aes256Gcm] };

    [Fact]
    public async Task Both_sides_agree_and_speak()
    {
        await using TransportPair pair = await new TransportPair(Plain).HandshakeAsync();
        Assert.Equal(pair.Server.SessionId, pair.Client.SessionId);
        Assert.Equal("SSH-2.0-Sallyport_1.0", pair.Server.PeerVersion);
        Assert.Equal("curve25519-sha256 ssh-ed25519 aes256-gcm@openssh.com aes256-gcm@openssh.com none", pair.Client.Negotiated);

        await pair.Client.WriteAsync(new byte[] { SshMessageNumber.ServiceRequest, 1, 2 }, default);
        Memory<byte> read = await pair.Server.ReadAsync(default);
        Assert.Equal([SshMessageNumber.ServiceRequest, 1, 2], read.ToArray());
        await pair.Server.WriteAsync(new byte[] { SshMessageNumber.ServiceAccept, 3 }, default);
        read = await pair.Client.ReadAsync(default);
        Assert.Equal([SshMessageNumber.ServiceAccept, 3], read.ToArray());
        Assert.Equal(Plain.UserSignatures, pair.Client.ServerSigAlgs);
    }
}
