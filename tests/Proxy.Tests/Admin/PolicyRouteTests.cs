using System.Net;
using System.Text.Json.Nodes;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Admin.Policies;
using Sallyport.Proxy.Configuration;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

public sealed class PolicyRouteTests : IAsyncLifetime
{
    private const string Readers = """
        policy: readers
        match:
          groups: [engineers]
        rules:
          - id: read
            effect: allow
            verbs: [select]
        """;

    private static readonly string Alice = AdminRig.Token("alice", AdminRole.PolicyAuthor);
    private static readonly string Bob = AdminRig.Token("bob", AdminRole.PolicyAuthor);

    private AdminHouse _house = null!;

    private AdminRig Rig => _house.Rig;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task What_one_writes_another_puts_into_force()
    {
        string good = await GoodAsync();
        JsonNode draft = await PostAsync(Alice, "/v1/policies/stored/readers", new { yaml = good, comment = "readers may read" }, HttpStatusCode.OK);
        Assert.Equal((1, "draft"), ((int)draft["version"]!, (string?)draft["status"]));
        Assert.Equal(0, _house.Policy.DocumentCount);

        JsonNode refused = await PostAsync(Alice, "/v1/policies/stored/readers/1/publish", new { reason = "mine" }, HttpStatusCode.Forbidden);
        Assert.EndsWith(":own-draft", (string?)refused["type"], StringComparison.Ordinal);
        Assert.Equal(0, _house.Policy.DocumentCount);

        await PostAsync(Bob, "/v1/policies/stored/readers/1/publish", new { reason = "looked at it" }, HttpStatusCode.OK);
        Assert.Equal(1, _house.Policy.DocumentCount);
        Assert.Equal([("policy.drafted", "success"), ("policy.published", "refused"), ("policy.published", "success")], Rig.Audit.Kept.Select(audit => (audit.Type, audit.Outcome)));
        Assert.Contains("+policy: readers", Rig.Audit.Kept[^1].Details!["diff"], StringComparison.Ordinal);

        // It goes the same way as it came.
        await PostAsync(Bob, "/v1/policies/stored/readers", new { yaml = "", comment = "no longer" }, HttpStatusCode.OK);
        await PostAsync(Bob, "/v1/policies/stored/readers/2/publish", new { reason = "mine" }, HttpStatusCode.Forbidden);
        await PostAsync(Alice, "/v1/policies/stored/readers/2/publish", new { reason = "agreed" }, HttpStatusCode.OK);
        Assert.Equal(0, _house.Policy.DocumentCount);
    }

    [Theory]
    [InlineData("agent", "bot", "", "persons-only")]
    [InlineData("service", "pipeline", "", "persons-only")]
    [InlineData("human", "dora", "alice", "persons-only")]
    public async Task Only_a_person_for_themselves_publishes(string kind, string subject, string actingFor, string word)
    {
        await PostAsync(Alice, "/v1/policies/stored/readers", new { yaml = await GoodAsync(), comment = "x" }, HttpStatusCode.OK);
        Assert.Equal(word, await PublishAsAsync(kind, subject, actingFor));
        Assert.Equal(0, _house.Policy.DocumentCount);
    }

    [Fact]
    public async Task Whom_an_agent_wrote_for_does_not_publish_it()
    {
        string agent = Token("agent", "bot", "alice");
        await PostAsync(agent, "/v1/policies/stored/readers", new { yaml = await GoodAsync(), comment = "as told" }, HttpStatusCode.OK);
        JsonNode refused = await PostAsync(Alice, "/v1/policies/stored/readers/1/publish", new { reason = "mine" }, HttpStatusCode.Forbidden);
        Assert.EndsWith(":own-draft", (string?)refused["type"], StringComparison.Ordinal);
        await PostAsync(Bob, "/v1/policies/stored/readers/1/publish", new { reason = "fine" }, HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("alice", "alice", true)]
    [InlineData("bot > alice", "alice", true)]
    [InlineData("bot > alice", "bot", true)]
    [InlineData("a > b", "a > b", true)]
    [InlineData("alice", "alic", false)]
    [InlineData("malice", "alice", false)]
    [InlineData("alice2", "alice", false)]
    public void Who_wrote_it_is_known_in_whole_names(string author, string subject, bool isAuthor) => Assert.Equal(isAuthor, PolicyLibrary.IsAuthor(author, subject));

    [Fact]
    public async Task What_has_errors_is_a_draft_and_no_more()
    {
        JsonNode draft = await PostAsync(Alice, "/v1/policies/stored/broken", new { yaml = "policy: broken\nrulez: []\n", comment = "x" }, HttpStatusCode.OK);
        Assert.False((bool)draft["isFit"]!);
        Assert.NotEmpty(draft["diagnostics"]!.AsArray());
        JsonNode refused = await PostAsync(Bob, "/v1/policies/stored/broken/1/publish", new { reason = "x" }, HttpStatusCode.Conflict);
        Assert.EndsWith(":policy-unfit", (string?)refused["type"], StringComparison.Ordinal);
        await PostAsync(Alice, "/v1/policies/stored/broken/1/withdraw", new { reason = "x" }, HttpStatusCode.OK);
        await PostAsync(Bob, "/v1/policies/stored/broken/1/publish", new { reason = "x" }, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task An_older_draft_does_not_come_after_a_newer_version()
    {
        string good = await GoodAsync();
        await PostAsync(Alice, "/v1/policies/stored/readers", new { yaml = good, comment = "1" }, HttpStatusCode.OK);
        await PostAsync(Alice, "/v1/policies/stored/readers", new { yaml = good + "\n# two\n", comment = "2" }, HttpStatusCode.OK);
        await PostAsync(Bob, "/v1/policies/stored/readers/2/publish", new { reason = "x" }, HttpStatusCode.OK);
        JsonNode refused = await PostAsync(Bob, "/v1/policies/stored/readers/1/publish", new { reason = "x" }, HttpStatusCode.Conflict);
        Assert.EndsWith(":draft-outdated", (string?)refused["type"], StringComparison.Ordinal);
        string diff = (await Rig.SendAsync(HttpMethod.Get, "/v1/policies/stored/readers/diff?from=1&to=2", Bob)).Body;
        Assert.Contains("+# two", diff, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_draft_can_be_tried_before_it_is_in_force()
    {
        await PostAsync(Alice, "/v1/policies/stored/readers", new { yaml = await GoodAsync(), comment = "x" }, HttpStatusCode.OK);
        object who = new { subject = "carol", groups = new[] { "engineers" }, target = "shop", sql = "select 1; delete from t" };
        JsonNode now = await PostAsync(Alice, "/v1/policies/explain", who, HttpStatusCode.OK);
        Assert.Equal("deny", (string?)now["actions"]![0]!["explanation"]!["verdict"]);
        JsonNode then = await PostAsync(
            Alice, "/v1/policies/explain", new { subject = "carol", groups = new[] { "engineers" }, target = "shop", sql = "select 1; delete from t", draft = new { name = "readers", version = 1 } }, HttpStatusCode.OK);
        Assert.Equal(["allow", "allow", "deny"], then["actions"]!.AsArray().Select(action => (string?)action!["explanation"]!["verdict"]));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..%2f..%2fetc%2fpasswd")]
    [InlineData("passwd")]
    public async Task A_file_is_one_of_the_directory_s(string name)
    {
        File.WriteAllText(Path.Combine(_house.Policies, "a.yaml"), "x");
        Assert.Equal(HttpStatusCode.OK, (await Rig.SendAsync(HttpMethod.Get, "/v1/policies/files/a.yaml", Alice)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Rig.SendAsync(HttpMethod.Get, $"/v1/policies/files/{name}", Alice)).Status);
    }

    [Theory]
    [InlineData("a\nb\nc\n", "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n")]
    [InlineData("", "a\n", "@@ -0,0 +1,1 @@\n+a\n")]
    [InlineData("a\n", "", "@@ -1,1 +0,0 @@\n-a\n")]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n", "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+nine\n")]
    public void A_difference_is_as_diff_writes_it(string before, string after, string hunks) =>
        Assert.Equal("--- old\n+++ new\n" + hunks, TextDiff.Unified("old", before, "new", after));

    [Fact]
    public void No_difference_is_no_text() => Assert.Equal("", TextDiff.Unified("old", "a\nb", "new", "a\nb"));

    private async Task<string> PublishAsAsync(string kind, string subject, string actingFor)
    {
        (_, string body) = await Rig.SendAsync(HttpMethod.Post, "/v1/policies/stored/readers/1/publish", Token(kind, subject, actingFor), new { reason = "x" });
        return AdminRig.Word(body)!;
    }

    private static string Token(string kind, string subject, string actingFor) => AdminRig.Signed(subject, kind, AdminConfig.DefaultAudience, DateTimeOffset.UtcNow, [AdminRole.PolicyAuthor], actingFor);

    /// <summary>A document that this version of policy takes, so that the tests say so themselves when they no longer fit.</summary>
    private async Task<string> GoodAsync()
    {
        JsonNode check = await PostAsync(Alice, "/v1/policies/check", new { name = "readers", yaml = Readers }, HttpStatusCode.OK);
        Assert.True((bool)check["isFit"]!, check.ToJsonString());
        return Readers;
    }

    private async Task<JsonNode> PostAsync(string token, string path, object body, HttpStatusCode expected)
    {
        (HttpStatusCode status, string answer) = await Rig.SendAsync(HttpMethod.Post, path, token, body);
        Assert.True(expected == status, $"{path}: {status} {answer}");
        return JsonNode.Parse(answer)!;
    }
}
