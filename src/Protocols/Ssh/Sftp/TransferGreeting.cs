using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// The first four bytes of either side: git's are the length of a packet line in hexadecimal (gitprotocol-common), rsync's the protocol version as a little-endian
/// number. A prompt, a banner and what a person types are neither.
/// </summary>
internal struct TransferGreeting
{
    private int _seen;

    /// <summary>Takes up what comes next. False: it cannot be of this protocol.</summary>
    public bool TryTake(FileTransferKind kind, ReadOnlySpan<byte> data)
    {
        foreach (byte c in data[..Math.Min(data.Length, 4 - _seen)])
        {
            bool fits = kind == FileTransferKind.Git ? char.IsAsciiHexDigit((char)c) : _seen == 0 ? c is >= 20 and < 100 : c == 0;
            if (!fits)
                return false;
            _seen++;
        }

        return true;
    }
}
