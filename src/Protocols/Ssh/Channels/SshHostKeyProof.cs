using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Host key rotation (OpenSSH PROTOCOL 2.5): the keys that we have, and the proof that we have them.</summary>
internal static class SshHostKeyProof
{
    private const string Prove00 = "hostkeys-prove-00@openssh.com";

    /// <summary>The announcement that is sent once the client is in.</summary>
    public static byte[] Announce(SshServerKeys keys)
    {
        SshWriter writer = new SshWriter().Begin(SshMessageNumber.GlobalRequest).String("hostkeys-00@openssh.com").Boolean(false);
        foreach (SshSigner signer in keys.Signers)
            writer.String(signer.PublicBlob.Span);
        return writer.ToArray();
    }

    /// <summary>A signature by each key that was asked for; null when one is not ours.</summary>
    public static byte[]? Prove(ReadOnlySpan<byte> asked, SshServerKeys keys, ReadOnlySpan<byte> sessionId)
    {
        var reader = new SshReader(asked);
        var proof = new SshWriter();
        int count = 0;
        while (reader.HasMore)
        {
            ReadOnlySpan<byte> blob = reader.ReadString();
            SshSigner? signer = null;
            foreach (SshSigner candidate in keys.Signers)
            {
                if (candidate.PublicBlob.Span.SequenceEqual(blob))
                    signer = candidate;
            }

            if (signer is null || ++count > keys.Signers.Count)
                return null;
            byte[] data = new SshWriter().String(Prove00).String(sessionId).String(blob).ToArray();
            proof.String(signer.Sign(signer.Algorithms[0], data));
        }

        return reader.Failed || count == 0 ? null : proof.ToArray();
    }
}
