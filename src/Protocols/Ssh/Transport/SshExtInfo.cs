using System.Text;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>SSH_MSG_EXT_INFO (RFC 8308 2.3): <c>byte 7 | uint32 count | count of (string name, string value)</c>.</summary>
internal static class SshExtInfo
{
    private const string ServerSigAlgs = "server-sig-algs";
    private const string HostBound = "publickey-hostbound@openssh.com";
    private const string Ping = "ping@openssh.com";

    /// <summary>
    /// What a server says: signatures it takes of users, that such a signature may name the host key it is for (OpenSSH PROTOCOL 3.1: an agent can then keep a key
    /// to certain hosts), and that it answers pings.
    /// </summary>
    public static byte[] Ours(IReadOnlyList<string> signatures) => new SshWriter().Byte(SshMessageNumber.ExtInfo).UInt32(3)
        .String(ServerSigAlgs).NameList(signatures)
        .String(HostBound).String("0")
        .String(Ping).String("0")
        .ToArray();

    /// <summary>False: malformed. Unknown extensions are skipped (RFC 8308 2.5).</summary>
    /// <param name="serverSigAlgs">Null when the message does not name them.</param>
    public static bool TryParse(ReadOnlySpan<byte> payload, out string[]? serverSigAlgs)
    {
        serverSigAlgs = null;
        var reader = new SpanReader(payload[1..]);
        uint count = reader.ReadUInt32();
        for (uint i = 0; i < count && !reader.Failed; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadString();
            if (Encoding.ASCII.GetBytes(ServerSigAlgs).AsSpan().SequenceEqual(name))
                serverSigAlgs = reader.ReadNameList();
            else
                reader.ReadString();
        }

        return reader.AtEnd;
    }
}
