using System.Buffers.Binary;
using System.Numerics;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// A fast hash of names and lines. It has a seed of the process, so that nobody can prepare many lines of one hash; were there some, chains are bounded by the entries of a table (128 in 4 KiB) and each
/// match is verified, so it would cost time and nothing else.
/// </summary>
internal static class HpackHash
{
    private const ulong Factor = 0x9E3779B97F4A7C15;

    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = Seed + (uint)bytes.Length;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        if (bytes.Length >= sizeof(uint))
        {
            hash = Mix(hash, ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]));
        }
        else if (!bytes.IsEmpty)
        {
            hash = Mix(hash, ((ulong)bytes[0] << 16) | ((ulong)bytes[bytes.Length >> 1] << 8) | bytes[^1]);
        }

        return (uint)(hash >> 32);
    }

    private static ulong Mix(ulong hash, ulong next)
    {
        hash = (hash ^ next) * Factor;
        return hash ^ BitOperations.RotateRight(hash, 29);
    }
}
