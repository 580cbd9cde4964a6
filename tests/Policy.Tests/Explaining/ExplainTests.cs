using Sallyport.Contract;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Explaining;

public class ExplainTests
{
    private const string Agents = """
        policy: agents
        match: {kinds: [agent]}
        rules:
          - {id: read, effect: allow, verbs: [read], objects: ["public.*"]}
          - {id: no-mass, effect: deny, verbs: [delete], where: absent, hint: Add a WHERE clause.}
          - {id: odd, effect: allow, verbs: [all], multi-statement: true}
        mask:
          - {id: pii, columns: ["public.customers.email"], with: email}
        limits: {session: 8h, idle: 30m, actions-per-minute: 600, concurrent-sessions: 5}
        """;

    private const string Others = "policy: others\nmatch: {kinds: [human]}\nrules: [{id: all, effect: allow, verbs: [all]}]";

    [Fact]
    public void Text_tells_the_verdict_and_why_rule_by_rule()
    {
        PolicyExplanation explanation = Load(Agents, Others).Explain(Facts(kind: IdentityKind.Agent), TestAction.Parse("delete! public.orders, select archive.x").View());
        StringWriter output = new() { NewLine = "\n" };
        ExplanationText.Write(output, explanation);
        Assert.Equal(
            """
            DENY by agents/no-mass: delete public.orders (where absent) matches by its verb
              hint: Add a WHERE clause.
            effects:
              delete public.orders (where absent): granted by no rule
              select archive.x: granted by no rule
            documents:
              agents (000.yaml:1): applies
                - allow agents/read: select archive.x matches none of public.*
                + deny agents/no-mass: delete public.orders (where absent) matches by its verb
                - allow agents/odd: the action is not one of several statements
                mask agents/pii: email on public.customers.email
              others (001.yaml:1): does not apply: kinds: agent: not human
            limits: session 8h, idle 30m, actions-per-minute 600, concurrent-sessions 5

            """,
            output.ToString());
    }

    [Fact]
    public void What_is_granted_names_the_rule_for_each_effect()
    {
        PolicyExplanation explanation = Load(Others).Explain(Facts(), TestAction.Parse("explain, select t").View());
        Assert.Equal([new EffectExplanation("select t", "others/all"), new EffectExplanation("explain", "others/all")], explanation.Effects);
        Assert.Equal((VerdictKind.Allow, "others/all", "Every effect is granted.", 1), (explanation.Verdict, explanation.RuleId, explanation.Reason, explanation.PolicyVersion));
        Assert.Equal(64, explanation.PolicyDigest.Length);
    }

    [Fact]
    public void Control_characters_of_names_do_not_reach_the_terminal()
    {
        StringWriter output = new();
        ExplanationText.Write(output, Load(Others).Explain(Facts(), TestAction.Of(Verb.Select, new TestEffect(Verb.Select, "", "a\u001b[31m")).View()));
        Assert.DoesNotContain('\u001b', output.ToString());
    }
}
