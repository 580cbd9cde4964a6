namespace Sallyport.Protocols.Ssh;

/// <summary>Message numbers (RFC 4250 4.1.2, and those of OpenSSH's PROTOCOL).</summary>
internal static class SshMessageNumber
{
    public const byte Disconnect = 1;
    public const byte Ignore = 2;
    public const byte Unimplemented = 3;
    public const byte Debug = 4;
    public const byte ServiceRequest = 5;
    public const byte ServiceAccept = 6;

    /// <summary>RFC 8308 2.3.</summary>
    public const byte ExtInfo = 7;

    public const byte KexInit = 20;
    public const byte NewKeys = 21;

    /// <summary>30 to 49: of the key exchange method in use.</summary>
    public const byte KexFirst = 30;
    public const byte KexLast = 49;

    public const byte UserauthRequest = 50;
    public const byte UserauthFailure = 51;
    public const byte UserauthSuccess = 52;
    public const byte UserauthBanner = 53;

    /// <summary>SSH_MSG_USERAUTH_PK_OK (RFC 4252 7), and SSH_MSG_USERAUTH_INFO_REQUEST (RFC 4256 5): the method in use says which.</summary>
    public const byte UserauthPkOk = 60;
    public const byte UserauthInfoRequest = 60;
    public const byte UserauthInfoResponse = 61;

    public const byte GlobalRequest = 80;
    public const byte RequestSuccess = 81;
    public const byte RequestFailure = 82;
    public const byte ChannelOpen = 90;
    public const byte ChannelOpenConfirmation = 91;
    public const byte ChannelOpenFailure = 92;
    public const byte ChannelWindowAdjust = 93;
    public const byte ChannelData = 94;
    public const byte ChannelExtendedData = 95;
    public const byte ChannelEof = 96;
    public const byte ChannelClose = 97;
    public const byte ChannelRequest = 98;
    public const byte ChannelSuccess = 99;
    public const byte ChannelFailure = 100;

    /// <summary>SSH_MSG_PING and SSH_MSG_PONG (OpenSSH PROTOCOL 1.9, <c>ping@openssh.com</c>).</summary>
    public const byte Ping = 192;
    public const byte Pong = 193;
}
