using System.Diagnostics;
using Sallyport.Contract;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>Ten thousand that wait slow nobody down.</summary>
public sealed class ManyPendingTests
{
    [Fact]
    public async Task With_ten_thousand_that_wait_one_more_waits_and_is_decided_as_quickly()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        TimeSpan few = await RoundAsync(rig, 20);
        foreach (ApprovalRow[] rows in Enumerable.Range(0, 10_000).Select(i => Row(rig, i)).Chunk(500))
            await rig.AddAsync([.. rows]);
        TimeSpan many = await RoundAsync(rig, 20);

        // A scan of the rows (each has a text) costs a hundred times as much: the bound is wide because machines are shared.
        Assert.True(many < few * 5 + TimeSpan.FromSeconds(2), $"20 rounds took {few.TotalMilliseconds:0} ms with none waiting and {many.TotalMilliseconds:0} ms with 10,000");
    }

    private static async Task<TimeSpan> RoundAsync(ApprovalRig rig, int count)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person($"alice{i}")));
            Assert.Equal(DecisionWords.Approved, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Word);
            Assert.True((await waiting.EndAsync()).Approved);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    private static ApprovalRow Row(ApprovalRig rig, int i) => new()
    {
        Id = Guid.CreateVersion7(rig.Time.Now),
        Kind = ApprovalKind.Action,
        Status = ApprovalStatus.Pending,
        SessionId = Guid.NewGuid(),
        Node = "c",
        Subject = $"waiting{i}",
        Issuer = ApprovalRig.Corp,
        IdentityKind = "human",
        ActingFor = "[]",
        Target = "shop",
        Rules = """["prod/writes"]""",
        Policy = "policy-1",
        ActionDigest = new byte[32],
        Text = new string('x', 1000),
        Parameters = "[]",
        Effects = "[]",
        Terms = ApprovalJson.Write(new ReleaseTerms { Requirements = [new("prod/writes", 1, ["approvers"], [])] }),
        CreatedAt = rig.Time.Now,
        ExpiresAt = rig.Time.Now + TimeSpan.FromMinutes(15),
    };
}
