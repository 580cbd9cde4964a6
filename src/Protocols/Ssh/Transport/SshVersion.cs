using System.Buffers.Text;
using System.Text;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Identification strings (RFC 4253 4.2): <c>SSH-protoversion-softwareversion SP comments CR LF</c>.</summary>
internal static class SshVersion
{
    /// <summary>With CR LF.</summary>
    private const int Longest = 255;

    /// <summary>Says what this is, and nothing of the machine it runs on.</summary>
    public static ReadOnlySpan<byte> Ours => "SSH-2.0-Sallyport_1.0"u8;

    /// <summary>Reads the peer's, without CR LF; empty: it has closed.</summary>
    /// <param name="lines">Other lines that may come first: a server's privilege.</param>
    public static async ValueTask<byte[]> ReadAsync(SshReceiver receiver, int lines, SshFaults faults, CancellationToken cancel)
    {
        while (true)
        {
            switch (Take(receiver, ref lines, faults))
            {
                case { } version:
                    return version;
                default:
                    SshReceived received = await receiver.ReceiveAsync().ConfigureAwait(false);
                    cancel.ThrowIfCancellationRequested();
                    if (received == SshReceived.Ended)
                        return [];
                    break;
            }
        }
    }

    /// <summary>
    /// True for clients that prefer chacha20-poly1305, may be too old for strict key exchange (CVE-2023-48795), and send KEXINIT without waiting for ours.
    /// The server lets them: seeing in it that they are too old, it does not offer them that cipher, and they log in by another. Nothing is safe because
    /// of a version string: what was agreed is checked whatever it says, and the exchange hash covers it.
    /// </summary>
    public static bool SpeaksFirst(ReadOnlySpan<byte> version)
    {
        ReadOnlySpan<byte> software = version[(version.IndexOf("-"u8) + 1)..];
        software = software[(software.IndexOf("-"u8) + 1)..];
        if (software.StartsWith("AsyncSSH_"u8))
            return true;
        if (!software.StartsWith("OpenSSH_"u8))
            return false;
        ReadOnlySpan<byte> number = software["OpenSSH_"u8.Length..];
        if (number.StartsWith("for_Windows_"u8))
            number = number["for_Windows_"u8.Length..];
        return Utf8Parser.TryParse(number, out uint major, out int digits) && digits < number.Length && number[digits] == '.'
            && Utf8Parser.TryParse(number[(digits + 1)..], out uint minor, out _) && (major, minor).CompareTo((9, 6)) < 0;
    }

    private static byte[]? Take(SshReceiver receiver, ref int lines, SshFaults faults)
    {
        while (true)
        {
            ParseStatus status = receiver.TryTakeLine(Longest, out ReadOnlySpan<byte> line);
            bool isVersion = line.Length >= 4 ? line.StartsWith("SSH-"u8) : "SSH-"u8.StartsWith(line);
            if (!isVersion && lines == 0 && !line.IsEmpty)
                throw faults.Version("not an SSH identification string");
            if (status == ParseStatus.NeedMore)
                return null;
            if (status == ParseStatus.Malformed)
                throw faults.Version("identification string too long");
            if (!line.StartsWith("SSH-"u8))
            {
                if (lines-- == 0)
                    throw faults.Version("not an SSH identification string");
                continue;
            }

            if (!line.StartsWith("SSH-2.0-"u8) && !line.StartsWith("SSH-1.99-"u8))
                throw faults.Version("not SSH 2.0");
            if (line.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e))
                throw faults.Version("identification string with other than printable ASCII");
            return line.ToArray();
        }
    }

    public static string Text(byte[] version) => Encoding.ASCII.GetString(version);
}
