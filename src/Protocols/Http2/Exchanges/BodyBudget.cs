namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>Bytes that bodies may hold together while they are looked into. Any thread.</summary>
/// <param name="most">Bytes.</param>
/// <param name="whole">What this is a part of; null: nothing.</param>
internal sealed class BodyBudget(long most, BodyBudget? whole)
{
    private long _taken;

    /// <returns>False: there is no room for them, and none were taken.</returns>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= most && (whole is null || whole.TryTake(bytes)))
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    public void Return(int bytes)
    {
        Interlocked.Add(ref _taken, -bytes);
        whole?.Return(bytes);
    }
}
