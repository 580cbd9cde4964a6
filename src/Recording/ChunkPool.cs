namespace Sallyport.Recording;

/// <summary>
/// The buffers that chunks grow in, in three sizes, so that a session with a query now and then holds 4 KiB and an idle one nothing.
/// A pool of our own because a buffer is rented on one thread and returned on another, and because what it keeps must be bounded.
/// </summary>
internal sealed class ChunkPool
{
    // A decision at the largest DecisionTextBytes, with every object, takes some 100 KiB; it is never split.
    private const int LargestRecord = 128 << 10;

    private readonly Lock _lock = new();
    private readonly Tier[] _tiers;

    /// <param name="largest">Size of the largest buffers, bytes.</param>
    /// <param name="keepBytes">How many bytes of unused buffers are kept, in each size.</param>
    public ChunkPool(int largest, int keepBytes)
    {
        int[] sizes = [4 << 10, 32 << 10, Math.Max(largest, LargestRecord)];
        _tiers = Array.ConvertAll(sizes, size => new Tier(size, Math.Max(4, keepBytes / size)));
    }

    /// <summary>A buffer of at least <paramref name="size"/> bytes, which is at most the largest size.</summary>
    public byte[] Rent(int size)
    {
        lock (_lock)
        {
            foreach (Tier tier in _tiers)
            {
                if (tier.Size >= size)
                    return tier.Free.TryPop(out byte[]? buffer) ? buffer : GC.AllocateUninitializedArray<byte>(tier.Size);
            }
        }

        throw new ArgumentOutOfRangeException(nameof(size), size, "Larger than any buffer of a chunk.");
    }

    public void Return(byte[] buffer)
    {
        lock (_lock)
        {
            foreach (Tier tier in _tiers)
            {
                if (tier.Size == buffer.Length && tier.Free.Count < tier.Keep)
                    tier.Free.Push(buffer);
            }
        }
    }

    private sealed class Tier(int size, int keep)
    {
        public int Size { get; } = size;

        public int Keep { get; } = keep;

        public Stack<byte[]> Free { get; } = new(keep);
    }
}
