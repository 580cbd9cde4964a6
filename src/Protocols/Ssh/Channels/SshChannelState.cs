namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>How far one peer's half of a channel has come (RFC 4254 5).</summary>
internal enum SshHalf : byte
{
    /// <summary>The other peer has asked for the channel, and this one has not answered.</summary>
    Opening = 0,

    Open = 1,

    /// <summary>It has sent EOF: it may still send requests and CLOSE, and take data.</summary>
    Eof = 2,

    /// <summary>It has sent CLOSE: nothing more comes from it.</summary>
    Closed = 3,
}

/// <summary>
/// What is legal from a peer on a channel in which state of its half: RFC 4254 5.1 to 5.4. What is not ends the session, since there is no telling
/// what such a peer believes.
/// </summary>
internal static class SshChannelState
{
    /// <summary>Moves a half on by a message that its peer has sent.</summary>
    /// <param name="opener">True for the peer that asked for the channel: its half is open from the start, but nothing may come on it before the answer.</param>
    /// <param name="answered">The channel was confirmed.</param>
    /// <returns>False: not legal now.</returns>
    public static bool TryAdvance(ref SshHalf half, byte number, bool opener, bool answered)
    {
        switch (number)
        {
            case SshMessageNumber.ChannelOpenConfirmation when half == SshHalf.Opening && !opener && !answered:
                half = SshHalf.Open;
                return true;
            case SshMessageNumber.ChannelOpenFailure when half == SshHalf.Opening && !opener && !answered:
                half = SshHalf.Closed;
                return true;
            case SshMessageNumber.ChannelWindowAdjust or SshMessageNumber.ChannelRequest or SshMessageNumber.ChannelSuccess or SshMessageNumber.ChannelFailure:
                return answered && half is SshHalf.Open or SshHalf.Eof;
            case SshMessageNumber.ChannelData or SshMessageNumber.ChannelExtendedData:
                return answered && half == SshHalf.Open;
            case SshMessageNumber.ChannelEof when answered && half == SshHalf.Open:
                half = SshHalf.Eof;
                return true;
            case SshMessageNumber.ChannelClose when answered && half is SshHalf.Open or SshHalf.Eof:
                half = SshHalf.Closed;
                return true;
            default:
                return false;
        }
    }
}
