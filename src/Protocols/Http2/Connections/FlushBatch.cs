namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// The outputs that were written to while one thread worked through what it had received: each is sent once, at the end, however many frames it got.
/// A batch begins and ends within one synchronous stretch of a read loop, so it belongs to that thread alone.
/// </summary>
internal static class FlushBatch
{
    private const int Most = 32;

    [ThreadStatic]
    private static List<HttpOutput>? _touched;

    [ThreadStatic]
    private static bool _isOpen;

    public static void Begin()
    {
        _touched ??= new List<HttpOutput>(Most);
        _isOpen = true;
    }

    /// <returns>False: no batch is open on this thread, or it is full.</returns>
    public static bool TryAdd(HttpOutput output)
    {
        if (!_isOpen)
            return false;
        List<HttpOutput> touched = _touched!;
        if (touched.Contains(output))
            return true;
        if (touched.Count == Most)
            return false;
        touched.Add(output);
        return true;
    }

    public static void End()
    {
        _isOpen = false;
        List<HttpOutput> touched = _touched!;
        foreach (HttpOutput output in touched)
            output.Flush();
        touched.Clear();
    }
}
