using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sallyport.Contract;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Tests.Approvals;
using Xunit;

namespace Sallyport.Proxy.Tests.Http;

/// <summary>Held requests: they wait with their stream open, and who cannot wait comes again.</summary>
public sealed class HttpHoldTests
{
    /// <summary>Waiters of a request that asks, and of one that joins it: of its own, and of what it joins.</summary>
    private const int Asking = 1, Joined = 2;

    [Fact]
    public async Task A_request_waits_and_goes_on_when_it_is_approved()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time }.StartAsync();
        using HttpClient client = rig.Client(http2: true);
        Task<HttpResponseMessage> answer = client.PostAsync("/orders", new StringContent("a"));
        await ApproveAsync(approvals, await PendingAsync(approvals));
        using HttpResponseMessage response = await answer;
        Assert.Equal("done a", await response.Content.ReadAsStringAsync());
        Assert.Equal(["POST /orders a"], rig.Heard);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task Who_does_not_wait_is_told_where_and_the_same_request_goes_through_once(bool http2, bool prefers)
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time, HoldWait = prefers ? TimeSpan.FromMinutes(1) : TimeSpan.Zero }.StartAsync();
        (int status, JsonNode problem, TimeSpan? again) = await PostAsync(rig, http2, "a", prefers);
        Guid id = await PendingAsync(approvals);
        Assert.Equal(429, status);
        Assert.Equal($"https://sallyport.example/v1/approvals/{id}", problem["approval"]!.GetValue<string>());
        Assert.Equal("prod/writes", problem["rule"]!.GetValue<string>());
        Assert.Contains("Ask in #prod.", problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.True(again > TimeSpan.Zero);

        // The same again joins it, over another connection; another does not.
        Assert.Contains(id.ToString(), (await PostAsync(rig, http2, "a", prefers)).Problem["approval"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.DoesNotContain(id.ToString(), (await PostAsync(rig, http2, "b", prefers)).Problem["approval"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.DoesNotContain(id.ToString(), (await PostAsync(rig, http2, "a", prefers, "mallory")).Problem["approval"]!.GetValue<string>(), StringComparison.Ordinal);

        await ApproveAsync(approvals, id);
        Assert.Equal(429, (await PostAsync(rig, http2, "b", prefers)).Status);
        Assert.Equal(429, (await PostAsync(rig, http2, "a", prefers, "mallory")).Status);
        Assert.Empty(rig.Heard);
        Assert.Equal(200, (await PostAsync(rig, http2, "a", prefers)).Status);
        Assert.Equal(ApprovalStatus.Used, (await approvals.RowAsync(id)).Status);

        // Once.
        (status, problem, _) = await PostAsync(rig, http2, "a", prefers);
        Assert.Equal(429, status);
        Assert.DoesNotContain(id.ToString(), problem["approval"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(["POST /orders a"], rig.Heard);
    }

    [Fact]
    public async Task Of_two_that_come_again_at_once_one_goes_through()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time, HoldWait = TimeSpan.Zero }.StartAsync();
        await PostAsync(rig, true, "a");
        await ApproveAsync(approvals, await PendingAsync(approvals));
        (int Status, JsonNode, TimeSpan?)[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync(rig, true, "a")));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Single(rig.Heard);
    }

    [Fact]
    public async Task A_denial_is_told_to_who_comes_again()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time, HoldWait = TimeSpan.Zero }.StartAsync();
        await PostAsync(rig, true, "a");
        await approvals.B.Decisions.DecideAsync(approvals.Person("bob", "approvers"), ApprovalRig.Anywhere, new Decision(await PendingAsync(approvals), false, "not on a Friday"), default);
        (int status, JsonNode problem, _) = await PostAsync(rig, true, "a");
        Assert.Equal(403, status);
        Assert.Contains("Denied by bob: not on a Friday", problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_came_back_for_is_over_in_its_time()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time, HoldWait = TimeSpan.Zero }.StartAsync();
        await PostAsync(rig, true, "a");
        Guid id = await PendingAsync(approvals);
        await ApproveAsync(approvals, id);
        approvals.Time.Now += TimeSpan.FromMinutes(16);
        Assert.Equal(429, (await PostAsync(rig, true, "a")).Status);
        Assert.Empty(rig.Heard);
        approvals.Time.Now += TimeSpan.FromMinutes(5);
        await approvals.A.TickAsync(default);
        Assert.Equal(ApprovalStatus.Expired, (await approvals.RowAsync(id)).Status);
    }

    [Fact]
    public async Task Who_waits_and_goes_takes_the_request_along_and_who_was_told_does_not()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time }.StartAsync();
        using HttpClient client = rig.Client(http2: true);
        using var gone = new CancellationTokenSource();
        Task<HttpResponseMessage> waiting = client.PostAsync("/orders", new StringContent("a"), gone.Token);
        Guid first = await PendingAsync(approvals);
        await GoAsync(gone, waiting);
        await StatusAsync(approvals, first, ApprovalStatus.Withdrawn);

        await PostAsync(rig, true, "a", prefers: true);
        Guid second = await PendingAsync(approvals);
        using var again = new CancellationTokenSource();
        waiting = client.PostAsync("/orders", new StringContent("a"), again.Token);
        await WaitingAsync(approvals, Joined);
        await GoAsync(again, waiting);
        await WaitingAsync(approvals, 0);
        Assert.Equal(ApprovalStatus.Pending, (await approvals.RowAsync(second)).Status);
    }

    [Fact]
    public async Task The_same_that_is_sent_many_times_at_once_asks_once()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time, HoldWait = TimeSpan.Zero }.StartAsync();
        (int Status, JsonNode Problem, TimeSpan?)[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync(rig, true, "a")));
        Assert.Single(answers.Select(answer => answer.Problem["approval"]!.GetValue<string>()).Distinct());
        await PendingAsync(approvals);
    }

    [Fact]
    public async Task What_one_asked_for_and_another_waits_for_stays_until_both_are_gone()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time }.StartAsync();
        using HttpClient client = rig.Client(http2: true);
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        Task<HttpResponseMessage> asks = client.PostAsync("/orders", new StringContent("a"), first.Token);
        Guid id = await PendingAsync(approvals);
        await WaitingAsync(approvals, Asking);
        Task<HttpResponseMessage> joins = client.PostAsync("/orders", new StringContent("a"), second.Token);
        await WaitingAsync(approvals, Asking + Joined);

        await GoAsync(first, asks);
        await WaitingAsync(approvals, Joined);
        await approvals.A.TickAsync(default);
        Assert.Equal(ApprovalStatus.Pending, (await approvals.RowAsync(id)).Status);
        await GoAsync(second, joins);
        await StatusAsync(approvals, id, ApprovalStatus.Withdrawn);
    }

    [Fact]
    public async Task What_somebody_was_told_to_come_again_for_stays_when_who_asked_goes()
    {
        await using ApprovalRig approvals = await ApprovalRig.StartAsync();
        await using HttpRig rig = await new HttpRig { Approvals = approvals.A, Time = approvals.Time }.StartAsync();
        using HttpClient client = rig.Client(http2: true);
        using var gone = new CancellationTokenSource();
        Task<HttpResponseMessage> asks = client.PostAsync("/orders", new StringContent("a"), gone.Token);
        Guid id = await PendingAsync(approvals);
        await WaitingAsync(approvals, Asking);
        Assert.Equal(429, (await PostAsync(rig, true, "a", prefers: true)).Status);
        await GoAsync(gone, asks);
        await WaitingAsync(approvals, 0);
        Assert.Equal(ApprovalStatus.Pending, (await approvals.RowAsync(id)).Status);
        await ApproveAsync(approvals, id);
        Assert.Equal(200, (await PostAsync(rig, true, "a")).Status);
    }

    private static async Task WaitingAsync(ApprovalRig approvals, int count)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (approvals.A.Waiting != count)
            await Task.Delay(10, late.Token);
    }

    /// <summary>A client goes, and is told nothing.</summary>
    private static async Task GoAsync(CancellationTokenSource client, Task<HttpResponseMessage> waiting)
    {
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static async Task<(int Status, JsonNode Problem, TimeSpan? Again)> PostAsync(HttpRig rig, bool http2, string body, bool prefers = false, string token = "alice")
    {
        using HttpClient client = rig.Client(http2, token);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = new StringContent(body), Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        if (prefers)
            request.Headers.Add("Prefer", "wait=1, respond-async");
        using HttpResponseMessage response = await client.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(30));
        JsonNode problem = response.IsSuccessStatusCode ? new JsonObject() : (await response.Content.ReadFromJsonAsync<JsonNode>())!;
        return ((int)response.StatusCode, problem, response.Headers.RetryAfter?.Delta);
    }

    private static async Task ApproveAsync(ApprovalRig approvals, Guid id) =>
        Assert.Equal(DecisionWords.Approved, (await approvals.B.Decisions.DecideAsync(approvals.Person("bob", "approvers"), ApprovalRig.Anywhere, new Decision(id, true, null), default)).Word);

    private static async Task<Guid> PendingAsync(ApprovalRig approvals)
    {
        while (true)
        {
            List<Guid> pending = await approvals.Store.ReadAsync(
                (db, stop) => Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.ToListAsync(db.Approvals.Where(a => a.Status == ApprovalStatus.Pending).Select(a => a.Id), stop), default);
            if (pending.Count > 0)
                return Assert.Single(pending);
            await Task.Delay(10);
        }
    }

    private static async Task StatusAsync(ApprovalRig approvals, Guid id, string status)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await approvals.RowAsync(id)).Status != status)
            await Task.Delay(10, late.Token);
    }
}
