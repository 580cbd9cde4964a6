using CsCheck;
using Sallyport.Contract;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Audit;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>Any sequence of what people, clients, time and policy can do to one request leaves it where a model of a few lines says, and runs it at most once.</summary>
public sealed class ApprovalModelTests
{
    private static readonly string[] Words = ["approve bob", "approve carol", "approve alice", "deny bob", "deny dora", "withdraw", "leave", "time", "policy", "lose"];

    private static readonly Gen<string[]> Steps = Gen.Int[0, Words.Length - 1].Select(i => Words[i]).Array[1, 6];

    [Fact]
    public Task It_ends_as_the_model_says() => Steps.SampleAsync(RunAsync, iter: 40, threads: 1);

    private static async Task RunAsync(string[] steps)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("prod/writes", 2, ["approvers"], [])]);
        await rig.A.TickAsync(default);
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        var model = new Model();
        foreach (string step in steps)
        {
            bool taken = await DoAsync(rig, waiting, step);
            bool expected = model.Do(step);
            Assert.True(taken == expected, $"{string.Join(", ", steps)}: at \"{step}\" the model says {expected}");
            if (model.Status != ApprovalStatus.Pending)
                await ((Task)waiting.Outcome.WaitAsync(TimeSpan.FromSeconds(20))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Assert.Equal(model.Status, (await rig.RowAsync(waiting.Id)).Status);
        if (model.Status == ApprovalStatus.Pending)
            await waiting.WithdrawAsync();
        HoldOutcome? outcome = waiting.Outcome.IsCompletedSuccessfully ? await waiting.Outcome : null;
        Assert.Equal(model.Status == ApprovalStatus.Used, outcome is { Approved: true });
        Assert.Equal(model.Status == ApprovalStatus.Used ? 1 : 0, rig.Audit.Kept.Count(e => e.Type == AuditTypes.ApprovalUsed));
    }

    private static async Task<bool> DoAsync(ApprovalRig rig, ApprovalRig.Waiting waiting, string step)
    {
        string[] words = step.Split(' ');
        Contract.Identity? by = words.Length > 1 ? rig.Person(words[1], "approvers") : null;
        switch (words[0])
        {
            case "approve":
                return (await rig.ApproveAsync(waiting, by!)).Taken;
            case "deny":
                return (await rig.DenyAsync(waiting, by!)).Taken;
            case "withdraw":
                return (await rig.B.Own.WithdrawAsync(rig.Person("alice"), null, waiting.Id, default)).Taken;
            case "leave":
                await waiting.WithdrawAsync();
                return true;
            case "time":
                rig.Time.Now += TimeSpan.FromMinutes(15);
                await rig.A.TickAsync(default);
                return true;
            case "lose":
                await rig.B.NodeLostAsync("a", default);
                return true;
            default:
                rig.Terms.Digest += "+";
                await rig.A.TickAsync(default);
                return true;
        }
    }

    /// <summary>What should happen.</summary>
    private sealed class Model
    {
        private readonly HashSet<string> _approved = [];

        public string Status { get; private set; } = ApprovalStatus.Pending;

        /// <summary>True when the step counts.</summary>
        public bool Do(string step)
        {
            string[] words = step.Split(' ');
            bool pending = Status == ApprovalStatus.Pending;
            switch (words[0])
            {
                case "approve" or "deny" when !pending || words[1] == "alice" || _approved.Contains(words[1]):
                    return false;
                case "approve":
                    _approved.Add(words[1]);
                    if (_approved.Count == 2)
                        Status = ApprovalStatus.Used;
                    return true;
                case "deny":
                    Status = ApprovalStatus.Denied;
                    return true;
                case "withdraw":
                    Status = pending ? ApprovalStatus.Withdrawn : Status;
                    return pending;
                default:
                    if (pending)
                        Status = words[0] switch { "time" => ApprovalStatus.Expired, "lose" => ApprovalStatus.Lost, _ => ApprovalStatus.Withdrawn };
                    return true;
            }
        }
    }
}
