using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Store;

/// <summary>The operator's key: it seals data keys, and nothing else. It is never in the store.</summary>
internal sealed class OperatorKey : IDisposable
{
    /// <summary>Bytes of this key and of data keys: AES-256.</summary>
    public const int Length = 32;

    private const string Purpose = "data key";

    private readonly AesGcm _cipher;

    private OperatorKey(ReadOnlySpan<byte> key)
    {
        _cipher = new AesGcm(key, SealedBytes.TagLength);

        // Says which key it is without saying anything about it.
        Fingerprint = Convert.ToHexStringLower(HMACSHA256.HashData(key, "sallyport operator key"u8).AsSpan(0, 8));
    }

    public string Fingerprint { get; }

    /// <summary>Reads it: 32 bytes as hexadecimal or base64.</summary>
    /// <exception cref="IOException">It cannot be read, or is no such key. The message has nothing of it.</exception>
    public static OperatorKey Read(SecretReference reference)
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (reference.Source == SecretSource.File && File.Exists(reference.Name) && (File.GetUnixFileMode(reference.Name) & Others) != 0)
            throw new StateRefusedException($"{reference} can be read or written by others than its owner: make another key, and chmod 600");
        string text = reference.Read().Trim();
        Span<byte> key = stackalloc byte[Length];
        try
        {
            bool good = text.Length == Length * 2
                ? Convert.FromHexString(text, key, out _, out int fromHex) == OperationStatus.Done && fromHex == Length
                : Base64.IsValid(text, out int decoded) && decoded == Length && Convert.TryFromBase64String(text, key, out int written) && written == Length;
            return good
                ? new OperatorKey(key)
                : throw new StateRefusedException($"{reference} holds no key: 32 bytes as hex or base64, such as \"openssl rand -base64 32\" makes");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Reads it and forgets it.</summary>
    /// <returns>Its fingerprint.</returns>
    /// <inheritdoc cref="Read"/>
    public static string Check(SecretReference reference)
    {
        using OperatorKey key = Read(reference);
        return key.Fingerprint;
    }

    /// <summary>Seals a data key for the store.</summary>
    public byte[] Wrap(int id, ReadOnlySpan<byte> dataKey) => SealedBytes.Seal(_cipher, id, Purpose, dataKey);

    /// <exception cref="CryptographicException">Not sealed by this key, or not under that id.</exception>
    public byte[] Unwrap(int id, ReadOnlySpan<byte> wrapped) =>
        SealedBytes.KeyId(wrapped) == id ? SealedBytes.Open(_cipher, Purpose, wrapped) : throw new CryptographicException("A data key is in another's place.");

    public void Dispose() => _cipher.Dispose();
}
