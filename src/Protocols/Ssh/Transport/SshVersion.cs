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
