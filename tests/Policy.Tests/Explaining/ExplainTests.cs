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
            facts:
              subject: jane@example.com
              kind: agent
              issuer: https://idp.example.com
              groups: no group
              acting: self
              authenticated: not told by the issuer when
              acr: not told by the issuer
              target: shop
              resource: no resource
              source: 10.1.2.3
            effects:
              delete public.orders (where absent): granted by no rule
              select archive.x: granted by no rule
            documents:
              agents (000.yaml:1): applies
                when kinds: agent
                - allow agents/read: select archive.x matches none of public.*
                + deny agents/no-mass: delete public.orders (where absent) matches by its verb
                - allow agents/odd: the action is not one of several statements
                mask agents/pii: email on public.customers.email
              others (001.yaml:1): does not apply: kinds: agent: not human
            limits: session 8h, idle 30m, actions-per-minute 600, concurrent-sessions 5

            """,
            output.ToString());
    }

    [Theory]
    [InlineData("exec rm|-r|-f|x", "DENY by s/rm: exec rm -r -f x matches rm -{rf}", "+ deny s/rm: exec rm -r -f x matches rm -{rf}")]
    [InlineData("exec git|push", "DENY by default: No rule grants exec git push.", "- allow s/git: exec git push matches none of git pull")]
    [InlineData("file-read /srv/a", "ALLOW by s/files: Every effect is granted.", "  of a file at most 1000000 bytes")]
    [InlineData("file-read /etc/a", "DENY by default: No rule grants file-read /etc/a.", "- allow s/files: file-read /etc/a matches none of /srv/**")]
    [InlineData("forward-local db.example.com:22", "DENY by default: No rule grants forward-local db.example.com:22.", "- allow s/db: forward-local db.example.com:22 matches none of 10.0.0.0/8:5432")]
    [InlineData("shell", "DENY by default: No rule grants shell.", "- deny s/rm: shell matches none of its conditions: there is no \"objects\"")]
    [InlineData("shell", "DENY by default: No rule grants shell.", "mask s/m: redact on email, jwt")]
    [InlineData("shell", "DENY by default: No rule grants shell.", "limits: moderated-by leads")]
    public void The_conditions_of_ssh_are_told(string action, string first, string line)
    {
        const string Document = """
            policy: s
            rules:
              - {id: rm, effect: deny, verbs: [all], commands: ["rm -{rf}"]}
              - {id: git, effect: allow, verbs: [exec], commands: [git pull]}
              - {id: files, effect: allow, verbs: [files-read], paths: [/srv/**], max-size: 1MB}
              - {id: db, effect: allow, verbs: [forward], destinations: ["10.0.0.0/8:5432"]}
            mask: [{id: m, detect: [email, jwt], with: redact}]
            limits: {moderated-by: [leads]}
            """;
        StringWriter output = new() { NewLine = "\n" };
        ExplanationText.Write(output, Load(Document).Explain(Facts(), TestAction.Ssh(action).View()));
        Assert.StartsWith(first, output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"{line.TrimStart()}\n", output.ToString(), StringComparison.Ordinal);
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
    public void The_person_behind_an_agent_the_login_the_exceptions_and_the_approval_are_told()
    {
        const string Document = """
            policy: p
            match: {acting-for: ["jane*"], authenticated-within: 1h, acr: [phr], not: [{groups: [interns], kinds: [agent]}]}
            rules:
              - id: h
                effect: hold
                verbs: [delete]
                approval: {quorum: 2, groups: [dba, leads], reason: required, grants: [digest], longest-grant: 1h, break-glass: [on-call], within: {days: [mon]}, pre-approved: {from: 2024-05-15T11:00, to: 2024-05-15T13:00, reference: CHG-1}}
            limits: {on-revoked: refuse}
            """;
        SessionFacts facts = Facts("bot", kind: IdentityKind.Agent);
        facts = facts with { Identity = facts.Identity with { ActingFor = ["jane@example.com"], AuthenticatedAt = new TestTime().Now.AddMinutes(-10), AuthenticationContext = "phr" } };
        StringWriter output = new() { NewLine = "\n" };
        ExplanationText.Write(output, Load(Document).Explain(facts, TestAction.Parse("delete t").View()));
        Assert.Equal(
            """
            HOLD by p/h: delete t matches by its verb
              ask again after 2024-05-15 12:50:00Z: a time window may turn, or a login be no longer recent
            facts:
              subject: bot
              kind: agent
              issuer: https://idp.example.com
              groups: no group
              acting: for jane@example.com
              authenticated: 10m ago, at 2024-05-15 11:50:00Z
              acr: phr
              target: shop
              resource: no resource
              source: 10.1.2.3
            effects:
              delete t: granted by p/h
            documents:
              p (000.yaml:1): applies
                when acting-for: jane*
                when not: groups: interns; kinds: agent
                when acr: phr
                when authenticated-within: 1h
                + hold p/h: delete t matches by its verb
                    approval: 2 of dba or leads in 15m; with a reason; may grant digest for up to 1h; break-glass by on-call; only mon UTC, so not now; pre-approved CHG-1 (2024-05-15T11:00+00:00 to 2024-05-15T13:00+00:00): now by CHG-1
            limits: on-revoked refuse

            """,
            output.ToString());
    }

    [Fact]
    public void Control_characters_of_names_do_not_reach_the_terminal()
    {
        StringWriter output = new();
        ExplanationText.Write(output, Load(Others).Explain(Facts(), TestAction.Of(Verb.Select, new TestEffect(Verb.Select, "", "a\u001b[31m")).View()));
        Assert.DoesNotContain('\u001b', output.ToString());
    }
}
