namespace Sallyport.Shared;

/// <summary>Counts what a thread allocates, over rounds: what something allocates each time shows in every round; what the runtime does once, for its own reasons, in one.</summary>
internal static class Allocation
{
    private const int Rounds = 5;

    /// <summary>The fewest bytes that <paramref name="turns"/> calls of <paramref name="turn"/> allocated on this thread in any round, after as many to warm up.</summary>
    public static long Least(int turns, Action turn)
    {
        long least = long.MaxValue;
        for (int round = 0; round <= Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < turns; i++)
                turn();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (round > 0)
                least = Math.Min(least, allocated);
        }

        return least;
    }
}
