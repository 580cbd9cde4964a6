using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Sallyport.Protocols.Http2.Kubernetes;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes;

/// <summary>Answers of our own, as clients parse them.</summary>
public sealed class KubeStatusTests
{
    [Theory]
    [InlineData("GET", "/api/v1/namespaces/shop/secrets/db", "dev/no-secrets", "Ask the vault.", "secrets \"db\" is forbidden: policy rule dev/no-secrets refuses to get secrets in the namespace \"shop\": Ask the vault.")]
    [InlineData("GET", "/apis/apps/v1/deployments", "default", "", "deployments.apps is forbidden: no policy rule allows to list deployments.apps at the cluster scope")]
    [InlineData("POST", "/api/v1/namespaces/shop/pods/web/exec", "default-unparsed", "", "pods \"web\" is forbidden: no policy rule allows to connect to pods/exec in the namespace \"shop\"")]
    [InlineData("GET", "/version", "dev/none", "", "the request is forbidden: policy rule dev/none refuses to send it")]
    [InlineData("DELETE", "/api/v1/pods", "step-up/dev", "Log in again.", "pods is forbidden: policy rule step-up/dev refuses to deletecollection pods at the cluster scope: Log in again.")]
    public void A_refusal_reads_well_behind_what_kubectl_puts_before_it(string method, string target, string rule, string hint, string message)
    {
        RequestInfo info = RequestInfo.Parse(Encoding.ASCII.GetBytes(method), Encoding.ASCII.GetBytes(target), false, new byte[1024]);
        JsonElement status = Status(new HttpRefusal(403, rule, hint), KubeTarget.Of(info));
        Assert.Equal(("Status", "v1", "Failure", "Forbidden", 403), (Word(status, "kind"), Word(status, "apiVersion"), Word(status, "status"), Word(status, "reason"), status.GetProperty("code").GetInt32()));
        Assert.Equal(message, Word(status, "message"));
        Assert.Equal(JsonValueKind.Object, status.GetProperty("metadata").ValueKind);
        JsonElement cause = Assert.Single(status.GetProperty("details").GetProperty("causes").EnumerateArray());
        Assert.Equal(("PolicyRule", rule), (Word(cause, "reason"), Word(cause, "message")));
    }

    [Fact]
    public void What_is_held_tells_where_and_when()
    {
        RequestInfo info = RequestInfo.Parse("PATCH"u8, "/apis/apps/v1/namespaces/shop/deployments/web"u8, false, new byte[1024]);
        var refusal = new HttpRefusal(429, "dev/changes", "A lead decides.") { RetryAfterSeconds = 30, ApprovalUrl = "https://sallyport.example.com/a/1" };
        JsonElement status = Status(refusal, KubeTarget.Of(info));
        JsonElement details = status.GetProperty("details");
        Assert.Equal(("TooManyRequests", 429, 30), (Word(status, "reason"), status.GetProperty("code").GetInt32(), details.GetProperty("retryAfterSeconds").GetInt32()));
        Assert.Equal(("web", "apps", "deployments"), (Word(details, "name"), Word(details, "group"), Word(details, "kind")));
        Assert.Equal(["dev/changes", "https://sallyport.example.com/a/1"], details.GetProperty("causes").EnumerateArray().Select(c => Word(c, "message")));
        Assert.Equal(
            "deployments.apps \"web\" waits for approval: policy rule dev/changes lets nobody patch deployments.apps in the namespace \"shop\" without; it can be approved at https://sallyport.example.com/a/1: A lead decides.",
            Word(status, "message"));
        JsonElement problem = Problem(refusal);
        Assert.Equal((429, 30, "dev/changes", "https://sallyport.example.com/a/1"), (problem.GetProperty("status").GetInt32(), problem.GetProperty("retry-after").GetInt32(), Word(problem, "rule"), Word(problem, "approval")));
    }

    [Theory]
    [InlineData(400, "BadRequest")]
    [InlineData(413, "RequestEntityTooLarge")]
    [InlineData(500, "InternalError")]
    [InlineData(503, "ServiceUnavailable")]
    [InlineData(504, "Timeout")]
    [InlineData(502, null)]
    public void A_failure_has_its_reason_and_no_rule(int code, string? reason)
    {
        JsonElement status = Status(new HttpRefusal(code, "", "The target does not answer."), null);
        Assert.Equal("The target does not answer.", Word(status, "message"));
        Assert.Equal(reason, status.TryGetProperty("reason", out JsonElement element) ? element.GetString() : null);
        Assert.False(status.TryGetProperty("details", out _));
    }

    [Theory]
    [InlineData("a/b", "Write less.", "Refused by policy rule a/b: Write less.")]
    [InlineData("default", "", "No policy rule allows this request.")]
    [InlineData("", "The target does not answer.", "The target does not answer.")]
    public void Other_clients_get_a_problem(string rule, string hint, string detail)
    {
        JsonElement problem = Problem(new HttpRefusal(403, rule, hint));
        Assert.Equal(("about:blank", "Forbidden", detail, 403), (Word(problem, "type"), Word(problem, "title"), Word(problem, "detail"), problem.GetProperty("status").GetInt32()));
        Assert.Equal(rule.Length > 0, problem.TryGetProperty("rule", out _));
    }

    [Fact]
    public void Whatever_is_said_is_one_line_of_json() =>
        Gen.Select(Gen.String, Gen.String, Gen.String).Sample(
            (rule, hint, name) =>
            {
                var refusal = new HttpRefusal(403, rule, hint) { ApprovalUrl = name };
                JsonElement status = Status(refusal, new KubeTarget("get", "apps", "pods", "", "shop", name));
                Assert.DoesNotContain(Word(status, "message")!, char.IsControl);
                Assert.DoesNotContain(Word(Problem(refusal), "detail")!, char.IsControl);
            },
            iter: 2000);

    [Fact]
    public void Long_words_are_cut_between_characters()
    {
        string cut = HttpRefusal.Plain(new string('a', 1999) + "😀" + new string('b', 100));
        Assert.Equal(new string('a', 1999) + "…", cut);
        Assert.Equal("a b  c", HttpRefusal.Plain("a\nb\r\u202Ec"));
    }

    private static JsonElement Status(HttpRefusal refusal, KubeTarget? target)
    {
        var output = new ArrayBufferWriter<byte>();
        KubeStatus.Write(output, refusal, target);
        return JsonDocument.Parse(output.WrittenMemory).RootElement;
    }

    private static JsonElement Problem(HttpRefusal refusal)
    {
        var output = new ArrayBufferWriter<byte>();
        HttpProblem.Write(output, refusal);
        return JsonDocument.Parse(output.WrittenMemory).RootElement;
    }

    private static string? Word(JsonElement element, string name) => element.GetProperty(name).GetString();
}
