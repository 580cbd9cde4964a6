using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What channels, and listeners at the target, run under, each for itself: the end of an approval ends what it let through, and nothing else of the session.
/// Safe from any thread.
/// </summary>
internal sealed class SshApprovals(SshShared shared)
{
    private readonly Lock _lock = new();
    private readonly List<Kept> _kept = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile HoldOutcome[] _all = [];
    private Task _ending = Task.CompletedTask;
    private bool _isOver;

    private sealed record Kept(HoldOutcome Approval, object Owner, Func<string, CancellationToken, ValueTask> End);

    /// <summary>What anything runs under now.</summary>
    public IReadOnlyList<HoldOutcome> All => _all;

    /// <summary>Something runs under an approval from now on, until <see cref="Release"/>. One that covers several actions is kept once.</summary>
    /// <param name="end">Ends it, and tells the client what it is given.</param>
    public void Keep(HoldOutcome approval, object owner, Func<string, CancellationToken, ValueTask> end)
    {
        lock (_lock)
        {
            if (_isOver || _kept.Exists(kept => ReferenceEquals(kept.Owner, owner) && IsSame(kept.Approval, approval)))
                return;
            _kept.Add(new Kept(approval, owner, end));
            _all = [.. _kept.Select(kept => kept.Approval)];
        }
    }

    /// <summary>It has ended by itself.</summary>
    public void Release(object owner)
    {
        lock (_lock)
        {
            if (_kept.RemoveAll(kept => ReferenceEquals(kept.Owner, owner)) > 0)
                _all = [.. _kept.Select(kept => kept.Approval)];
        }
    }

    /// <summary>An approval has ended, and with it what runs under it.</summary>
    public void End(HoldOutcome approval, string message)
    {
        lock (_lock)
        {
            Kept[] ended = [.. _kept.Where(kept => kept.Approval == approval)];
            if (_isOver || ended.Length == 0)
                return;
            _kept.RemoveAll(kept => kept.Approval == approval);
            _all = [.. _kept.Select(kept => kept.Approval)];
            _ending = Task.WhenAll([_ending, .. ended.Select(kept => Task.Run(() => EndAsync(kept, message)))]);
        }
    }

    /// <summary>The session has ended.</summary>
    public async Task CloseAsync()
    {
        Task ending;
        lock (_lock)
        {
            _isOver = true;
            ending = _ending;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await ending.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Each change that was approved beforehand has an id of its own for every action: they end together.</summary>
    private static bool IsSame(HoldOutcome one, HoldOutcome other) =>
        one.Id == other.Id || (one.Reason == "pre-approved" && (one.Reason, one.EndsAt) == (other.Reason, other.EndsAt));

    private async Task EndAsync(Kept kept, string message)
    {
        try
        {
            await kept.End(message, _stop.Token).ConfigureAwait(false);
            await shared.Transport(SshSide.Target).FlushAsync(_stop.Token).ConfigureAwait(false);
            await shared.Transport(SshSide.Client).FlushAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
            return;
        }
        catch (Exception failed)
        {
            // A recording that cannot be written, or a peer that is gone. What has no approval any more does not go on.
            shared.End(failed is RecordingException ? "recording-failed" : "grant-ended", message);
        }
    }
}
