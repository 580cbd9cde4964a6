using System.Threading.Channels;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>Somebody who is asked, and says what a test wants said.</summary>
internal sealed class Approver : IApprovals
{
    private readonly Channel<Asked> _asked = Channel.CreateUnbounded<Asked>();

    /// <summary>True when somebody waits whom the test has not taken yet.</summary>
    public bool IsAsked => _asked.Reader.Count > 0;

    public async Task<Asked> NextAsync()
    {
        using var timeout = new CancellationTokenSource(Peer.Patience);
        return await _asked.Reader.ReadAsync(timeout.Token);
    }

    public async ValueTask<HoldOutcome> RequestAsync(
        SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn)
    {
        var asked = new Asked(verdict, action);
        await tell(new HoldNotice("apr-7", verdict.RuleId, "https://sallyport.example.com/approvals/apr-7", DateTimeOffset.UtcNow.AddMinutes(10), verdict.Hint), withdrawn);
        await _asked.Writer.WriteAsync(asked, withdrawn);
        try
        {
            return await asked.Answer.Task.WaitAsync(withdrawn);
        }
        catch (OperationCanceledException)
        {
            asked.Withdrawn.SetResult();
            throw;
        }
    }

    internal sealed record Asked(Verdict Verdict, HeldAction Action)
    {
        public TaskCompletionSource<HoldOutcome> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Withdrawn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Approve(DateTimeOffset? endsAt = null, string id = "apr-7") => Answer.SetResult(new HoldOutcome(true, id, "approved", "approved by bob", endsAt));

        public void Refuse(string reason = "denied", string message = "denied by bob: not today") => Answer.SetResult(new HoldOutcome(false, "apr-7", reason, message));
    }
}
