using System.Globalization;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Why one side's transport ends, with the words for the log and the number for the peer.</summary>
internal sealed class SshFaults(SessionSide side)
{
    private volatile bool _authenticated;

    public SessionSide Side => side;

    /// <summary>True once the user is known: packets may be larger from here on.</summary>
    public bool Authenticated
    {
        get => _authenticated;
        set => _authenticated = value;
    }

    /// <summary>The peer broke a rule of the transport.</summary>
    public SshEndException Violation(string message, uint reason = SshDisconnectReason.ProtocolError) => Fault("protocol-violation", reason, message);

    public SshEndException KeyExchange(string message) => Fault("key-exchange-failed", SshDisconnectReason.KeyExchangeFailed, message);

    public SshEndException HostKey(string reason, string message) => Fault(reason, SshDisconnectReason.HostKeyNotVerifiable, message);

    public SshEndException Version(string message) => Fault("protocol-violation", SshDisconnectReason.ProtocolVersionNotSupported, message);

    /// <summary>The peer has closed, or said DISCONNECT, where more was expected of it.</summary>
    public SshEndException Closed(string? disconnect) =>
        disconnect is null ? Fault("closed-early", 0, "the peer closed the connection") : Fault("disconnected", 0, $"the peer disconnected ({disconnect})");

    private SshEndException Fault(string reason, uint disconnect, string message)
    {
        SessionStage stage = _authenticated ? SessionStage.Ready : side == SessionSide.Client ? SessionStage.Startup : SessionStage.TargetLogin;
        return new SshEndException(new SessionEnd(side, stage, reason, disconnect.ToString(CultureInfo.InvariantCulture), message), disconnect, message);
    }
}
