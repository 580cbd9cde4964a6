using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>A request or channel that waits for a person. Cancelled when the client takes it back.</summary>
internal sealed class SshWait : IDisposable
{
    private readonly CancellationTokenSource _withdrawn;

    public SshWait(CancellationToken session) => _withdrawn = CancellationTokenSource.CreateLinkedTokenSource(session);

    public CancellationToken Withdrawn => _withdrawn.Token;

    /// <summary>The wait and what came of it. Never fails but when the session ends.</summary>
    public Task Task { get; set; } = Task.CompletedTask;

    /// <summary>Tells the client that what was approved waits for somebody who watches; null: there is no place to say so.</summary>
    public Action<string>? Unwatched { get; set; }

    /// <summary>The client has sent EOF meanwhile: it goes on to the target once the action runs.</summary>
    public bool HasEof { get; set; }

    public void Withdraw() => _withdrawn.Cancel();

    /// <summary>The same, and waits for what comes of it: it may have been approved in this moment.</summary>
    public Task WithdrawAsync()
    {
        Withdraw();
        return Task;
    }

    public void Dispose() => _withdrawn.Dispose();
}
