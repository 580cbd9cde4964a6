using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh;

/// <summary>Why an SSH_MSG_DISCONNECT is sent (RFC 4253 11.1).</summary>
internal static class SshDisconnectReason
{
    public const uint HostNotAllowedToConnect = 1;
    public const uint ProtocolError = 2;
    public const uint KeyExchangeFailed = 3;
    public const uint MacError = 5;
    public const uint CompressionError = 6;
    public const uint ServiceNotAvailable = 7;
    public const uint ProtocolVersionNotSupported = 8;
    public const uint HostKeyNotVerifiable = 9;
    public const uint ConnectionLost = 10;
    public const uint ByApplication = 11;
    public const uint TooManyConnections = 12;
    public const uint AuthCancelledByUser = 13;
    public const uint NoMoreAuthMethodsAvailable = 14;
    public const uint IllegalUserName = 15;
}

/// <summary>
/// One connection cannot go on. Thrown by handshakes, and once by a loop whose peer broke the rules: never for bytes that a rule can refuse by itself.
/// </summary>
/// <param name="end">How the session ends.</param>
/// <param name="reason">What the peer is told (<see cref="SshDisconnectReason"/>); 0: nothing, it is gone.</param>
/// <param name="message">What the peer is told, in words. Never a secret.</param>
internal sealed class SshEndException(SessionEnd end, uint reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public SessionEnd End { get; } = end;

    public uint DisconnectReason { get; } = reason;
}
