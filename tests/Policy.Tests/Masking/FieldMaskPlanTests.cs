using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Sallyport.Policy.Yaml;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Masking;

/// <summary>Masks of the fields of what requests of HTTP are answered with.</summary>
public sealed class FieldMaskPlanTests
{
    private const string Masks = """
        policy: a
        mask:
          - {id: secrets, fields: ["data.*", "stringData.*"], resources: [secrets], with: redact}
          - {id: env, fields: ["*containers[*].env[*].value"], resources: ["*"], namespaces: [shop], with: last4}
          - {id: note, fields: ['metadata.annotations["example.com/note"]'], resources: [configmaps], names: [web], with: "null"}
          - {id: cards, fields: ["payments[*].card"], paths: ["/api/**"], with: last4}
          - {id: strong, fields: [data.key], resources: [secrets], with: "null"}
        """;

    [Theory]
    [InlineData(Verb.KubeGet, "secrets|shop|web", "data.password", "redact")]
    [InlineData(Verb.KubeGet, "secrets|shop|web", "data[\"tls.crt\"]", "redact")]
    [InlineData(Verb.KubeGet, "secrets|shop|web", "data.a.b", "redact")]
    [InlineData(Verb.KubeGet, "secrets|shop|web", "data.key", "null")]
    [InlineData(Verb.KubeGet, "secrets|shop|web", "data", null)]
    [InlineData(Verb.KubeGet, "secrets|shop|web", "metadata.data.x", null)]
    [InlineData(Verb.KubePatch, "secrets|shop|web", "data.password", "redact")]
    [InlineData(Verb.KubeList, "secrets||", "data.password", "redact")]
    [InlineData(Verb.KubeGet, "pods|shop|web", "spec.containers[*].env[*].value", "last4")]
    [InlineData(Verb.KubeGet, "pods|shop|web", "spec.initContainers[*].env[*].value", null)]
    [InlineData(Verb.KubeGet, "deployments.apps|shop|web", "spec.template.spec.containers[*].env[*].value", "last4")]
    [InlineData(Verb.KubeGet, "pods|other|web", "spec.containers[*].env[*].value", null)]
    [InlineData(Verb.KubeList, "pods||", "spec.containers[*].env[*].value", "last4")]
    [InlineData(Verb.KubeGet, "pods|shop|web", "data.password", null)]
    [InlineData(Verb.KubeGet, "configmaps|x|web", "metadata.annotations[\"example.com/note\"]", "null")]
    [InlineData(Verb.KubeList, "configmaps|x|", "metadata.annotations[\"example.com/note\"]", "null")]
    [InlineData(Verb.KubeGet, "configmaps|x|other", "metadata.annotations[\"example.com/note\"]", null)]
    [InlineData(Verb.HttpGet, "/api/v1/x", "payments[*].card", "last4")]
    [InlineData(Verb.HttpGet, "/other", "payments[*].card", null)]
    public void A_field_is_masked_where_its_request_could_be_meant(Verb verb, string name, string path, string? expected)
    {
        MaskPlan? plan = Of(Load(Masks).Open(Facts()).Masks!, verb, name);
        Assert.Equal(expected, plan?.Find(Encoding.UTF8.GetBytes(path))?.Strategy);
        Assert.Equal(plan is not null, plan?.Computed is not null);
    }

    [Theory]
    [InlineData("spec.selector.matchLabels.team", true)]
    [InlineData("spec.selector.matchLabels[\"example.com/team\"]", true)]
    [InlineData("spec.selector.matchLabels.*", true)]
    [InlineData("spec.selector.*", true)]
    [InlineData("*", true)]
    [InlineData("*.team", true)]
    [InlineData("spec.selector.matchLabel?.t*m", true)]
    [InlineData("spec.selector.matchLabels", false)]
    [InlineData("spec.selector.matchExpressions[*].key", false)]
    [InlineData("*containers[*].env[*].value", false)]
    [InlineData("spec.template.*", false)]
    public void Whether_any_key_of_a_map_is_masked_can_be_asked(string field, bool expected)
    {
        MaskPlan masks = Load($"policy: a\nmask: [{{id: m, fields: ['{field}'], resources: ['*'], with: redact}}]").Open(Facts()).Masks!;
        MaskPlan plan = Of(masks, Verb.KubeGet, "deployments.apps|shop|web")!;
        Assert.Equal(expected, plan.Find("spec.selector.matchLabels.*"u8) is not null);
    }

    [Fact]
    public void Requests_that_no_mask_is_about_have_no_plan()
    {
        MaskPlan masks = Load(Masks).Open(Facts()).Masks!;
        Assert.Null(Of(masks, Verb.KubeGet, "nodes||n1"));
        Assert.Null(Of(masks, Verb.HttpGet, "/version"));
        Assert.Null(Of(Load("policy: a\nmask: [{id: m, columns: ['*.*.c'], with: email}]").Open(Facts()).Masks!, Verb.KubeGet, "secrets|shop|web"));
    }

    [Fact]
    public void Detectors_look_into_every_answer_and_say_nothing_of_paths()
    {
        MaskPlan plan = Of(Load("policy: a\nmask: [{id: m, detect: [email], with: redact}]").Open(Facts()).Masks!, Verb.KubeGet, "pods|shop|web")!;
        Assert.Null(plan.Computed);
        Assert.Null(plan.Find("a.b"u8));
        Assert.NotNull(plan.OpenStream());
    }

    [Theory]
    [InlineData("{id: m, fields: [data.x], with: redact}", "needs \"resources\"")]
    [InlineData("{id: m, fields: [data.x], namespaces: [a], with: redact}", "needs \"resources\"")]
    [InlineData("{id: m, fields: [data.x], paths: [/a], names: [a], with: redact}", "\"names\" needs \"resources\"")]
    [InlineData("{id: m, fields: [$.data], resources: [secrets], with: redact}", "did you mean \"data\"")]
    [InlineData("{id: m, fields: [data.x], resources: [Secrets], with: redact}", "capital letters")]
    [InlineData("{id: m, fields: [data.x], paths: [a/b], with: redact}", "no pattern of paths")]
    [InlineData("{id: m, fields: [data.x], columns: [a.b.c], resources: [secrets], with: redact}", "two masks")]
    [InlineData("{id: m, fields: [data.x], detect: [email], resources: [secrets], with: redact}", "two masks")]
    [InlineData("{id: m, columns: [a.b.c], resources: [secrets], with: redact}", "there are none")]
    [InlineData("{id: m, detect: [email], paths: [/a], with: redact}", "there are none")]
    public void A_mask_that_means_nothing_is_refused(string mask, string error)
    {
        PolicyStore store = new(TimeProvider.System, MaskKey);
        Assert.False(store.TryLoad([Source("p.yaml", $"policy: a\nmask: [{mask}]")], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains(diagnostics, d => d.ToString().Contains(error, StringComparison.Ordinal));
    }

    private static MaskPlan? Of(MaskPlan masks, Verb verb, string name)
    {
        byte[] names = Encoding.UTF8.GetBytes(name.Replace('|', '\0'));
        int zero = Array.IndexOf(names, (byte)0);
        return masks.Of(new ActionView { Kind = ActionKind.HttpRequest, Verb = verb, Names = names, Objects = new[] { new ObjectRef(verb, ObjectFlags.None, 0, names.Length, Math.Max(zero, 0)) } });
    }
}
