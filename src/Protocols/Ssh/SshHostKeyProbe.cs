using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh;

/// <summary>Asks a host for its key, for an administrator who is about to say whether it is the right one.</summary>
public static class SshHostKeyProbe
{
    /// <summary>The key that the host has proven to hold: its signature over the key exchange is good. Nothing is said of whose it is.</summary>
    /// <param name="host">Connected; it is not used for anything else.</param>
    /// <exception cref="IOException">It is no SSH server, or has proven no key.</exception>
    public static async Task<SshPublicKey> ReadAsync(IDuplex host, TimeProvider time, CancellationToken cancel)
    {
        SshTransportOptions all = SshTransportOptions.Default.ForTargets();

        // The key itself is wanted, not what somebody certifies of it.
        SshTransportOptions options = all with { HostKeys = [.. all.HostKeys.Where(name => !SshKeyTypes.IsCertificate(name))] };
        var seen = new Seen();
        using var turn = new SshTurn();
        await using SshTransport transport = SshTransport.Client(host, seen, options, turn, time);
        try
        {
            await transport.HandshakeAsync(cancel).ConfigureAwait(false);
        }
        catch (SshEndException failed)
        {
            throw new IOException(failed.Message, failed);
        }

        await transport.DisconnectAsync(SshDisconnectReason.ByApplication, "Only the host key was wanted.").ConfigureAwait(false);
        return seen.Key ?? throw new IOException("The host has shown no key of a known type.");
    }

    private sealed class Seen : IHostKeys
    {
        public SshPublicKey? Key { get; private set; }

        public IReadOnlyList<string> KnownTypes => [];

        public HostKeyStatus Judge(ReadOnlyMemory<byte> blob)
        {
            Key = SshPublicKey.TryParse(blob.Span, out SshPublicKey? key) ? key : null;
            return HostKeyStatus.Trusted;
        }
    }
}
