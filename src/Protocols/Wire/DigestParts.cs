using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Wire;

/// <summary>Digests over several parts, of which none can run into the next.</summary>
public static class DigestParts
{
    /// <summary>Appends a part behind its length: Int32, big-endian.</summary>
    public static void AppendPart(this IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
