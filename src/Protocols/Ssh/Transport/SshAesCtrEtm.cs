namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>AES-CTR with a MAC over what was encrypted (OpenSSH PROTOCOL 1.5): packet_length is in clear, and the MAC is checked before anything is decrypted.</summary>
internal sealed class SshAesCtrEtm(AesCtr aes, SshMac mac) : SshCipher
{
    public override int BlockSize => 16;

    public override int TagSize { get; } = mac.Size;

    public override bool LengthIsApart => true;

    public override long BytesPerKey => 1L << 36;

    public override bool TryOpen(uint sequence, Span<byte> packet)
    {
        Span<byte> encrypted = packet[..^TagSize];
        if (!mac.IsRight(sequence, encrypted, packet[^TagSize..]))
            return false;
        aes.Transform(encrypted[sizeof(uint)..]);
        return true;
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        Span<byte> plain = packet[..^TagSize];
        aes.Transform(plain[sizeof(uint)..]);
        mac.Compute(sequence, plain, packet[^TagSize..]);
    }

    public override void Dispose()
    {
        aes.Dispose();
        mac.Dispose();
    }
}
