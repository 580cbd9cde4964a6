using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// Waits for persons, beside the loops: one channel waits, all others go on, and are judged as ever. Whoever waited is told on the channel that waits, or
/// by the description of a refusal.
/// </summary>
internal sealed class SshHolds(SshShared shared, CancellationToken session)
{
    private readonly Lock _lock = new();
    private readonly List<SshWait> _waits = [];

    /// <summary>Is cancelled when the session ends.</summary>
    public CancellationToken Session => session;

    /// <summary>Begins to wait. What came of it is dealt with by <paramref name="then"/>, which the wait's task covers; a wait that is taken back ends without it.</summary>
    /// <param name="begun">Is told of the wait before anything can come of it.</param>
    public void Begin(
        Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, Func<HoldOutcome, ValueTask> then, Action<SshWait>? begun = null)
    {
        var wait = new SshWait(session);
        begun?.Invoke(wait);
        lock (_lock)
            _waits.Add(wait);
        shared.BeginWait();

        // Whoever ends the session sees either no wait, or one with its task.
        wait.Task = Task.Run(() => RunAsync(wait, verdict, action, tell, then), CancellationToken.None);
    }

    /// <summary>Takes back whatever still waits, and waits for that: the session ends.</summary>
    public async Task EndAsync()
    {
        SshWait[] all;
        lock (_lock)
            all = [.. _waits];
        foreach (SshWait wait in all)
            wait.Withdraw();
        await Task.WhenAll(all.Select(wait => wait.Task)).ConfigureAwait(false);
        foreach (SshWait wait in all)
            wait.Dispose();
    }

    /// <summary>What was approved while nobody watched who must begins once somebody does, if that is soon enough. Whoever came may be gone again: only a session that does not stand still begins it.</summary>
    private async Task<HoldOutcome> WatchedAsync(HoldOutcome approved, SshWait wait)
    {
        if (!shared.Context.IsSuspended)
            return approved;
        TimeSpan most = shared.Limits.Watcher;
        if (approved.EndsAt - shared.Time.GetUtcNow() is { } left && left < most)
            most = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        DateTimeOffset until = shared.Time.GetUtcNow() + most;
        using var late = new CancellationTokenSource(most, shared.Time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(late.Token, wait.Withdrawn);
        bool isTold = false;
        while (shared.Context.IsSuspended)
        {
            if (shared.Context.Awaited is not { } hint)
            {
                // Either somebody came just now, or it is frozen.
                if (shared.Context.IsSuspended)
                    return new HoldOutcome(false, approved.Id, "suspended", "the session stands still");
                continue;
            }

            if (!isTold)
            {
                isTold = true;
                wait.Unwatched?.Invoke(SshRefusal.WaitsForWatcher(hint, until));
                await shared.Transport(SshSide.Client).FlushAsync(wait.Withdrawn).ConfigureAwait(false);
            }

            try
            {
                await shared.Context.WhileSuspendedAsync(over.Token, whileAwaited: true).ConfigureAwait(false);
                over.Token.ThrowIfCancellationRequested();
            }
            catch (OperationCanceledException) when (!wait.Withdrawn.IsCancellationRequested)
            {
                return new HoldOutcome(false, approved.Id, "suspended", hint);
            }
        }

        return approved;
    }

    private async Task RunAsync(SshWait wait, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, Func<HoldOutcome, ValueTask> then)
    {
        try
        {
            HoldOutcome outcome = await shared.Context.HoldAsync(verdict, action, tell, wait.Withdrawn, isPart: true).ConfigureAwait(false);
            if (outcome.Approved)
                outcome = await WatchedAsync(outcome, wait).ConfigureAwait(false);
            await then(outcome).ConfigureAwait(false);
            await shared.Transport(SshSide.Client).FlushAsync(session).ConfigureAwait(false);
            await shared.Transport(SshSide.Target).FlushAsync(session).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client has taken it back, or has gone.
            return;
        }
        catch (Exception failed)
        {
            // A recording that cannot be written, or a peer that is gone: the loops find the same, or learn of it here.
            shared.End(failed is RecordingException ? "recording-failed" : "connection-lost", "The session cannot go on: what waited for approval could not be carried out.");
        }
        finally
        {
            shared.EndWait();
            lock (_lock)
                _waits.Remove(wait);
        }
    }
}
