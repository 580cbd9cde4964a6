using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>How waiting for a person ended.</summary>
internal enum PgHoldEnd : byte
{
    /// <summary>Somebody, or time, has decided.</summary>
    Decided,

    /// <summary>The client sent a CancelRequest.</summary>
    Cancelled,

    /// <summary>The client sent Terminate.</summary>
    Terminated,

    /// <summary>The client closed its end.</summary>
    Left,
}

/// <summary>
/// Waits for a person's yes or no, for the request loop, and watches the client meanwhile: what it sends is left in the receive buffer, up to a
/// limit, and looked at only for whether it has gone. What the person at the client is told goes through <see cref="PgShared.Say"/>.
/// </summary>
internal sealed class PgHoldWait(IDuplex client, PgShared shared)
{
    private volatile HoldNotice? _told;

    /// <summary>Waits; the outcome is null unless it was decided.</summary>
    /// <exception cref="IOException">The client's connection is broken.</exception>
    public async Task<(PgHoldEnd End, HoldOutcome? Outcome)> RunAsync(PgHeld held, CancellationToken cancel)
    {
        _told = null;
        using var withdrawn = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task cancelAsked = shared.Withdrawal.Begin();
        Task<HoldOutcome> asking = AskAsync(held, withdrawn.Token);
        try
        {
            PgHoldEnd end = await WatchAsync(asking, cancelAsked, cancel).ConfigureAwait(false);
            if (end == PgHoldEnd.Decided)
                return (end, await asking.ConfigureAwait(false));
            await withdrawn.CancelAsync().ConfigureAwait(false);
            await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // It may have been approved in the same moment: it does not run, so nothing runs under that approval.
            shared.Context.Done();
            return (end, null);
        }
        finally
        {
            shared.Withdrawal.End();
            shared.Touch();
            // A client whose connection is broken takes the request with it; why it went is what is thrown.
            await withdrawn.CancelAsync().ConfigureAwait(false);
            await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<HoldOutcome> AskAsync(PgHeld held, CancellationToken withdrawn)
    {
        // What is behind a door may take its time; a thread that polls all sockets has none.
        await Task.Yield();
        return await shared.Context.HoldAsync(held.Verdict, held.Action, TellAsync, withdrawn).ConfigureAwait(false);
    }

    private ValueTask TellAsync(HoldNotice notice, CancellationToken cancel)
    {
        _told = notice;
        shared.Say(Notice(notice));
        return default;
    }

    private async Task<PgHoldEnd> WatchAsync(Task asking, Task cancelAsked, CancellationToken cancel)
    {
        var never = new TaskCompletionSource();
        using CancellationTokenRegistration ended = cancel.Register(static n => ((TaskCompletionSource)n!).TrySetCanceled(), never);
        Task<ReadResult>? reading = null;
        bool isFull = false;
        PgHoldEnd? end = null;
        using var timer = new PeriodicTimer(shared.Limits.HoldReminder);
        Task reminder = timer.WaitForNextTickAsync(cancel).AsTask();
        while (end is null)
        {
            reading ??= client.Input.ReadAsync(cancel).AsTask();
            await Task.WhenAny(asking, cancelAsked, isFull ? never.Task : reading, reminder).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            if (asking.IsCompleted)
                end = PgHoldEnd.Decided;
            else if (cancelAsked.IsCompleted)
                end = PgHoldEnd.Cancelled;
            else if (!isFull && reading.IsCompleted)
                (end, isFull, reading) = Look(reading, await reading.ConfigureAwait(false));
            if (reminder.IsCompleted)
            {
                Remind();
                reminder = timer.WaitForNextTickAsync(cancel).AsTask();
            }
        }

        // What came is the request loop's to look at again: none of it counts as examined.
        if (reading is not null)
        {
            if (!isFull)
                client.Input.CancelPendingRead();
            ReadResult read = await reading.ConfigureAwait(false);
            client.Input.AdvanceTo(read.Buffer.Start);
        }

        return end.Value;
    }

    /// <summary>Looks at what the client has sent. A full buffer is kept as it is: nothing more is read.</summary>
    private (PgHoldEnd? End, bool IsFull, Task<ReadResult>? Reading) Look(Task<ReadResult> reading, ReadResult read)
    {
        PgHoldEnd? end = read.IsCompleted ? PgHoldEnd.Left : HasTerminate(read.Buffer.FirstSpan) ? PgHoldEnd.Terminated : null;
        if (end is not null || read.Buffer.Length >= shared.Limits.HeldReceiveBytes)
            return (end, IsFull: true, reading);
        client.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        return (null, IsFull: false, null);
    }

    private static bool HasTerminate(ReadOnlySpan<byte> buffer)
    {
        while (PgFrame.TryParse(buffer, int.MaxValue, out PgFrame frame) == ParseStatus.Done)
        {
            if (frame.Type == FrontendMessage.Terminate)
                return true;
            if (frame.BodyLength > buffer.Length - PgFrame.HeaderLength)
                return false;
            buffer = buffer[frame.TotalLength..];
        }

        return false;
    }

    private void Remind()
    {
        if (_told is { } told)
            shared.Say(new PgNotice(string.Create(CultureInfo.InvariantCulture, $"still waiting for approval {told.Id}, until {told.ExpiresAt.UtcDateTime:HH:mm:ss} UTC")));
    }

    private static PgNotice Notice(HoldNotice notice)
    {
        string how = notice.Url is { } url
            ? $"It can be approved at {url} or with: sallyport approvals approve {notice.Id}"
            : $"It can be approved with: sallyport approvals approve {notice.Id}";
        string hint = notice.Hint is { } said ? $"{said} {how}" : how;
        return new PgNotice($"waiting for approval {notice.Id} (rule {notice.RuleId})",
            string.Create(CultureInfo.InvariantCulture, $"The statement runs once it is approved. It waits until {notice.ExpiresAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC."),
            $"{hint} (Ctrl-C takes the statement back.)");
    }
}

/// <summary>A CancelRequest for a statement that waits is for us, not for the target, which does not have it.</summary>
internal sealed class PgWithdrawal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _asked;

    /// <summary>True while a statement waits.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_lock)
                return _asked is not null;
        }
    }

    /// <summary>A statement begins to wait; completes when it is to be taken back.</summary>
    public Task Begin()
    {
        lock (_lock)
        {
            _asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _asked.Task;
        }
    }

    /// <summary>It waits no more.</summary>
    public void End()
    {
        lock (_lock)
            _asked = null;
    }

    /// <summary>Takes back the statement that waits; false when there is none.</summary>
    public bool TryAsk()
    {
        lock (_lock)
            return _asked is not null && (_asked.TrySetResult() || _asked.Task.IsCompleted);
    }
}
