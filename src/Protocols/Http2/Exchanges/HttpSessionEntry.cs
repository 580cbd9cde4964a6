using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>One proof of identity at one target, over one client connection.</summary>
/// <param name="proof">Compared whole, and wiped when it is forgotten.</param>
internal sealed class HttpSessionEntry(byte[] proof, HttpTarget target, HttpScope scope, ISessionRecorder recorder)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;

    public byte[] Proof { get; } = proof;

    public HttpTarget Target { get; } = target;

    public HttpScope Scope { get; } = scope;

    /// <summary>Its recording is complete, or is lost.</summary>
    public bool IsCompleted => _done.Task.IsCompleted;

    /// <summary>Ends it, if it has not ended, and completes its recording. Once; later calls wait for the first.</summary>
    /// <param name="end">How it ended, unless somebody has ended it.</param>
    /// <exception cref="RecordingException">The recording could not be completed.</exception>
    public Task CompleteAsync(SessionEnd end)
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
            _ = RunAsync(Scope.Ending is { } ending ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, ending.Reason) : end);
        return _done.Task;
    }

    private async Task RunAsync(SessionEnd end)
    {
        try
        {
            await Scope.CompleteAsync(recorder, end).ConfigureAwait(false);
            _done.SetResult();
        }
        catch (Exception e)
        {
            _done.SetException(e);
        }
    }
}
