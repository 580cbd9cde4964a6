namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Bounds of the binary packet protocol (RFC 4253 6).</summary>
internal static class SshPacket
{
    public const int MinPadding = 4;

    /// <summary>RFC 4253 6: the smallest packet, without its MAC.</summary>
    public const int MinSize = 16;

    /// <summary>packet_length and padding_length.</summary>
    public const int HeaderSize = 5;

    /// <summary>RFC 4253 6.1: what must be taken at least, and all that is taken from someone who has not logged in.</summary>
    public const int MaxLengthBeforeLogin = 35000;

    /// <summary>What OpenSSH takes and so may be sent.</summary>
    public const int MaxLength = 256 << 10;

    /// <summary>A packet's largest overhead: header, padding and tag.</summary>
    public const int MaxOverhead = HeaderSize + 255 + 64;
}
