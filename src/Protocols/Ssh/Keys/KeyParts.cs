namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>Public keys from the parts of private ones.</summary>
internal static class KeyParts
{
    /// <exception cref="FormatException">The parts make no key that is taken (RSA of too few bits).</exception>
    public static SshPublicKey Public(string type, ReadOnlySpan<byte> material, ReadOnlySpan<byte> modulus) =>
        SshPublicKey.TryParse(SshPublicKey.Build(type, material, modulus), out SshPublicKey? key) ? key : throw new FormatException("The key is not one that is taken: RSA keys have at least 2048 bits.");
}
