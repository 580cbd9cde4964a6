using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Recording;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

public sealed class RecordingRouteTests : IAsyncLifetime
{
    private static readonly string Auditor = AdminRig.Token("audrey", AdminRole.Auditor);

    private AdminHouse _house = null!;

    private AdminRig Rig => _house.Rig;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task A_recording_is_listed_proven_and_taken_away_with_a_reason()
    {
        TestSession session = await RecordedAsync("carol");
        await RecordedAsync("dave");
        string list = (await Rig.SendAsync(HttpMethod.Get, "/v1/recordings?subject=car*", Auditor)).Body;
        Assert.Contains(session.Id.ToString(), list, StringComparison.Ordinal);
        Assert.DoesNotContain("dave", list, StringComparison.Ordinal);
        Assert.Contains("\"outcome\":\"intact\"", (await Rig.SendAsync(HttpMethod.Get, $"/v1/recordings/{session.Id}/verify", Auditor)).Body, StringComparison.Ordinal);
        Assert.Empty(Rig.Audit.Kept);

        Assert.Equal("reason-missing", AdminRig.Word((await Rig.SendAsync(HttpMethod.Get, $"/v1/recordings/{session.Id}/file", Auditor)).Body));
        using var client = new Proxy.Cli.Admin.AdminClient(Rig.Server.Address, Auditor);
        var file = new MemoryStream();
        await client.DownloadAsync($"/v1/recordings/{session.Id}/file?reason=incident", file, default);
        Assert.Equal(VerifyOutcome.Intact, RecordingVerifier.Verify(new MemoryStream(file.ToArray())).Outcome);
        string transcript = (await Rig.SendAsync(HttpMethod.Get, $"/v1/recordings/{session.Id}/transcript?reason=incident", Auditor)).Body;
        Assert.Contains("\"type\":\"event\"", transcript, StringComparison.Ordinal);
        Assert.Contains("marked", transcript, StringComparison.Ordinal);
        Assert.Equal(["recording.viewed", "recording.viewed"], Rig.Audit.Kept.Select(audit => audit.Type));
        Assert.All(Rig.Audit.Kept, audit => Assert.Equal(("audrey", "incident", session.Id), (audit.Actor!.Subject, audit.Reason, audit.SessionId!.Value)));
    }

    [Fact]
    public async Task Nothing_is_seen_that_cannot_be_audited()
    {
        TestSession session = await RecordedAsync("carol");
        Rig.Audit.Broken = true;
        foreach (string form in new[] { "file", "transcript" })
        {
            (HttpStatusCode status, string body) = await Rig.SendAsync(HttpMethod.Get, $"/v1/recordings/{session.Id}/{form}?reason=x", Auditor);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "audit-unavailable"), (status, AdminRig.Word(body)));
        }
    }

    [Fact]
    public async Task A_live_recording_is_as_long_as_when_it_was_asked_for()
    {
        TestSession session = await _house.EnterAsync();
        session.Recorder.Event("marked", "before");
        using var client = new Proxy.Cli.Admin.AdminClient(Rig.Server.Address, Auditor);
        var file = new MemoryStream();
        await client.DownloadAsync($"/v1/recordings/{session.Id}/file?reason=incident", file, default);
        Assert.NotEqual(VerifyOutcome.Damaged, RecordingVerifier.Verify(new MemoryStream(file.ToArray())).Outcome);
        Assert.Contains("\"isLive\":true", (await Rig.SendAsync(HttpMethod.Get, $"/v1/recordings/{session.Id}", Auditor)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../state/state.db")]
    [InlineData("..%2f..%2fetc%2fpasswd")]
    [InlineData("%2e%2e%2f%2e%2e%2fetc%2fpasswd")]
    [InlineData("..%5c..%5cetc%5cpasswd")]
    [InlineData("%252e%252e%252fetc%252fpasswd")]
    [InlineData("....//....//etc/passwd")]
    [InlineData("*")]
    [InlineData("%00")]
    [InlineData("00000000-0000-0000-0000-00000000000%2a")]
    [InlineData("{00000000-0000-0000-0000-000000000001}/../x")]
    public async Task No_text_of_a_caller_leads_out_of_the_directory(string id)
    {
        await RecordedAsync("carol");
        foreach (string form in new[] { "", "/file", "/transcript", "/verify" })
        {
            (HttpStatusCode status, string body) = await Rig.SendAsync(HttpMethod.Get, $"/v1/recordings/{id}{form}?reason=x", Auditor);
            Assert.True(status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{id}{form}: {status} {body}");
            Assert.DoesNotContain("root:", body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_link_in_the_directory_is_not_followed()
    {
        Directory.CreateDirectory(_house.Recordings);
        var id = Guid.CreateVersion7();
        string name = Path.Combine(_house.Recordings, Recorder.FileName(AdminHouse.Facts("mallory", id)));
        File.CreateSymbolicLink(name, "/etc/passwd");
        Assert.Equal(HttpStatusCode.NotFound, (await Rig.SendAsync(HttpMethod.Get, $"/v1/recordings/{id}/file?reason=x", Auditor)).Status);
    }

    private async Task<TestSession> RecordedAsync(string subject)
    {
        TestSession session = await _house.EnterAsync(subject);
        session.Recorder.Event("marked", "by the test");
        _house.Board.Leave(session.Context);
        await session.Recorder.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"));
        return session;
    }
}
