namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// The outputs that were written to while one thread worked through what it had received: each is sent once, at the end, however many frames it got.
/// A batch begins and ends within one synchronous stretch of a read loop, so it belongs to that thread alone.
/// </summary>
internal static class FlushBatch
{
    private const int Most = 32;

    [ThreadStatic]
    private static List<HttpOutput>? Touched;

    [ThreadStatic]
    private static bool IsOpen;

    public static void Begin()
    {
        Touched ??= new List<HttpOutput>(Most);
        IsOpen = true;
    }

    /// <returns>False: no batch is open on this thread, or it is full.</returns>
    public static bool TryAdd(HttpOutput output)
    {
        if (!IsOpen)
            return false;
        List<HttpOutput> touched = Touched!;
        if (touched.Contains(output))
            return true;
        if (touched.Count == Most)
            return false;
        touched.Add(output);
        return true;
    }

    public static void End()
    {
        IsOpen = false;
        List<HttpOutput> touched = Touched!;
        foreach (HttpOutput output in touched)
            output.Flush();
        touched.Clear();
    }
}
