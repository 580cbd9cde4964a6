namespace Sallyport.Fuzz;

/// <summary>
/// Every target on its corpus and on some thousands of seeded mutations of it. One line a target: `ok NAME …`, or `FAILED NAME …` with
/// the seed and the input, so that the failure can be had again.
/// </summary>
internal sealed class Smoke(int seed, int iterations)
{
    // Far beyond what any input of 64 KiB needs on a busy machine; an endless loop is what it is for.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>Runs the targets one after the other.</summary>
    /// <returns>How many failed.</returns>
    public int Run(IEnumerable<ITarget> targets) => targets.Count(target => !Passes(target));

    private bool Passes(ITarget target)
    {
        byte[] current = [];
        try
        {
            IReadOnlyList<byte[]> corpus = Corpus.Load(target.Name);
            using var watchdog = new Watchdog(Longest, () => Report(target, current, "no end in sight"));
            foreach (byte[] input in (IEnumerable<byte[]>)[[], .. corpus])
                watchdog.Time(() => RunOne(target, current = input));

            var mutator = new Mutator(seed, corpus);
            for (int i = 0; i < iterations; i++)
            {
                current = mutator.Next();
                watchdog.Time(() => RunOne(target, current));
            }

            Console.WriteLine($"ok {target.Name}: {corpus.Count} inputs, {iterations} mutations, seed {seed}");
            return true;
        }
        catch (Exception e)
        {
            Report(target, current, e.ToString());
            return false;
        }
    }

    /// <summary>Runs a target once and holds it to its bound on memory.</summary>
    public static void RunOne(ITarget target, ReadOnlySpan<byte> input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        target.Run(input);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        OracleException.Require(allocated <= target.MaxAllocation(input.Length), $"{allocated} bytes allocated for {input.Length} bytes of input");
    }

    private void Report(ITarget target, byte[] input, string what) =>
        Console.WriteLine($"FAILED {target.Name}: seed {seed}\n{what}\ninput ({input.Length} bytes): {Convert.ToBase64String(input)}");
}
