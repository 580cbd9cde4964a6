using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Lobby;

/// <summary>A channel as a connection: what runs inside it cannot tell (<c>ssh -J</c>).</summary>
internal sealed class SshJumpDuplex(SshLobbyChannel channel, IPEndPoint remote) : IDuplex
{
    private readonly SshJumpReader _input = new(channel);
    private readonly CancellationTokenSource _aborted = new();

    public PipeReader Input => _input;

    public IPEndPoint Remote => remote;

    public SslStream? Tls => null;

    /// <summary>The client has sent something.</summary>
    public void Receive(ReadOnlySpan<byte> data) => _input.Append(data);

    /// <summary>The client sends nothing more.</summary>
    public void EndInput() => _input.End(aborted: false);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _aborted.Token);
        try
        {
            await channel.SendAsync(bytes, isError: false, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_aborted.IsCancellationRequested)
        {
            throw new IOException("the channel has been closed");
        }
    }

    public ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) =>
        throw new NotSupportedException("a channel inside SSH has no TLS of its own");

    public ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) =>
        throw new NotSupportedException("a channel inside SSH has no TLS of its own");

    /// <summary>Nothing to do: CLOSE follows at once, by whoever waits for the connection inside to end.</summary>
    public void CloseOutput()
    {
    }

    public void Abort()
    {
        _aborted.Cancel();
        _input.End(aborted: true);
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        return default;
    }
}
