namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// At most one of a session's transports exchanges keys at a time. The loop that carries on one transport's exchange never has to write to the
/// other while that one exchanges too: so neither loop waits for the other.
/// </summary>
internal sealed class SshTurn : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Takes the turn if it is free: for an exchange that we would begin.</summary>
    public bool TryTake() => _turn.Wait(0);

    /// <summary>Waits for the turn: for an exchange that the peer has begun.</summary>
    public Task TakeAsync(CancellationToken cancel) => _turn.WaitAsync(cancel);

    public void Give() => _turn.Release();

    public void Dispose() => _turn.Dispose();
}
