namespace Sallyport.EndToEnd.Tests.State;

/// <summary>Waits for conditions.</summary>
internal static class WaitFor
{
    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    /// <exception cref="TimeoutException">It was not true within 60 s.</exception>
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        long deadline = Environment.TickCount64 + 60_000;
        while (!await condition())
        {
            if (Environment.TickCount64 > deadline)
                throw new TimeoutException("It did not become true.");
            await Task.Delay(10);
        }
    }
}
