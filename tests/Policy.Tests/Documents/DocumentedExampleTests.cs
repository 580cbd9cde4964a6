using System.Text.RegularExpressions;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Masking.Streams;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Tests.Support;
using Sallyport.Policy.Yaml;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Documents;

public class DocumentedExampleTests
{
    private const string Image = "field:spec.template.spec.containers[*].image";
    private const string Container = "field:spec.template.spec[\"$setElementOrder/containers\"][*].name=web, field:spec.template.spec.containers[*].name";

    private static readonly string Page = File.ReadAllText(FindUp("docs/policy.md"));

    [Theory]
    [InlineData("agent", "select public.customers", "allow by agents-read-only/read")]
    [InlineData("agent", "select", "allow by agents-read-only/read")]
    [InlineData("agent", "begin", "allow by agents-read-only/transactions")]
    [InlineData("agent", "set statement_timeout", "allow by agents-read-only/settings")]
    [InlineData("agent", "set search_path", "deny by default")]
    [InlineData("agent", "copy-to public.customers", "deny by default")]
    [InlineData("agent", "insert public.orders", "deny by default")]
    [InlineData("agent", "drop public.orders", "deny by guard-rails/no-ddl")]
    [InlineData("agent", "select secrets", "deny by guard-rails/no-secrets")]
    [InlineData("support", "delete public.orders", "hold by support/delete-orders")]
    [InlineData("support", "delete! public.orders", "deny by guard-rails/no-mass-change")]
    [InlineData("support", "update public.orders", "allow by support/orders")]
    [InlineData("engineering@prod-1", "select public.orders", "allow by production/read")]
    [InlineData("engineering@prod-1", "delete public.orders", "hold by production/delete")]
    [InlineData("engineering@prod-1", "delete! public.orders", "deny by guard-rails/no-mass-change")]
    [InlineData("engineering@shop", "delete public.orders", "deny by default")]
    [InlineData("dba", "unknown", "allow by administrators/everything")]
    [InlineData("dba", "select public.payroll", "deny by payroll-step-up/fresh")]
    [InlineData("dba", "grant public.orders", "deny by guard-rails/no-ddl")]
    public void The_examples_do_what_the_page_says(string who, string action, string expected)
    {
        PolicyStore store = Load(new TestTime(), [.. Examples()]);
        string[] parts = who.Split('@');
        SessionFacts facts = who == "agent"
            ? Facts(kind: IdentityKind.Agent)
            : Facts(groups: [parts[0]], source: who == "dba" ? "10.9.1.1" : "10.1.1.1", target: parts.Length == 2 ? parts[1] : "shop");
        Assert.Equal(expected, Ask(store, TestAction.Parse(action), facts));
    }

    [Theory]
    [InlineData("deployers", "exec git|pull|--ff-only", "allow by deploy/commands")]
    [InlineData("deployers", "exec git|push", "deny by default")]
    [InlineData("deployers", "exec /tmp/git|pull|--ff-only", "deny by default")]
    [InlineData("deployers", "exec journalctl|-u|shop|-f", "allow by deploy/commands")]
    [InlineData("deployers", "exec tail|-n|50|/srv/shop/log/app.log", "allow by deploy/commands")]
    [InlineData("deployers", "exec tail|-n|50|/srv/shop/log/../secrets/a.log", "deny by default")]
    [InlineData("deployers", "exec rm|old.log", "allow by deploy/cleaning")]
    [InlineData("deployers", "exec rm|-fr|x", "deny by deploy/no-recursive-rm")]
    [InlineData("deployers", "exec rm|--force|-vR|x", "deny by deploy/no-recursive-rm")]
    [InlineData("deployers", "exec git|pull|--ff-only ; exec rm|-r|-f|x", "deny by deploy/no-recursive-rm")]
    [InlineData("deployers", "exec systemctl|restart|shop", "hold by deploy/restart")]
    [InlineData("deployers", "exec systemctl|restart|sshd", "deny by default")]
    [InlineData("deployers", "subsystem sftp", "allow by deploy/sftp")]
    [InlineData("deployers", "file-write /srv/shop/a/b", "allow by deploy/upload")]
    [InlineData("deployers", "file-write /srv/shop/tls.key", "deny by deploy/no-keys")]
    [InlineData("deployers", "file-rename /srv/shop/a ; file-rename /etc/a", "deny by default")]
    [InlineData("deployers", "shell", "deny by default")]
    [InlineData("unix-admins", "shell", "allow by administrators-ssh/terminal")]
    [InlineData("unix-admins", "env LC_ALL", "allow by administrators-ssh/environment")]
    [InlineData("unix-admins", "env LD_PRELOAD", "deny by default")]
    [InlineData("unix-admins", "forward-local 10.2.3.4:5432", "allow by administrators-ssh/databases")]
    [InlineData("unix-admins", "forward-local db-1.corp.example:5432", "allow by administrators-ssh/databases")]
    [InlineData("unix-admins", "forward-local db-1.corp.example:22", "deny by default")]
    [InlineData("unix-admins", "forward-local unix:/run/postgresql/.s.PGSQL.5432", "allow by administrators-ssh/databases")]
    [InlineData("unix-admins", "forward-agent", "deny by default")]
    public void The_examples_of_ssh_do_what_the_page_says(string group, string action, string expected)
    {
        // Without the guard rails and the step-up, which are about databases.
        PolicyStore store = Load(new TestTime(), [.. Examples().Where(e => e.StartsWith("policy: deploy", StringComparison.Ordinal) || e.StartsWith("policy: administrators-ssh", StringComparison.Ordinal))]);
        Assert.Equal(expected, Ask(store, TestAction.Ssh(action), Facts(groups: [group], target: "web1")));
    }

    [Theory]
    [InlineData("shop-developers", "http-get /apis/apps/v1", "allow by shop-developers/discovery")]
    [InlineData("shop-developers", "http-get /metrics", "deny by default")]
    [InlineData("shop-developers", "kube-list pods shop/", "allow by shop-developers/look")]
    [InlineData("shop-developers", "kube-list pods /", "deny by default")]
    [InlineData("shop-developers", "kube-watch deployments.apps shop/", "allow by shop-developers/look")]
    [InlineData("shop-developers", "kube-get secrets shop/x", "deny by shop-developers/no-secrets")]
    [InlineData("shop-developers", "kube-list secrets /", "deny by shop-developers/no-secrets")]
    [InlineData("shop-developers", "kube-get pods/log shop/web-1 with container=web, follow=true", "allow by shop-developers/logs")]
    [InlineData("shop-developers", "kube-get pods/log shop/db-1", "deny by default")]
    [InlineData("shop-developers", "kube-connect pods/exec shop/web-1 ; exec sh with container=web", "allow by shop-developers/exec")]
    [InlineData("shop-developers", "kube-connect pods/exec shop/web-1 ; exec cat|/app/../etc/shadow with container=web", "deny by default")]
    [InlineData("shop-developers", "kube-connect pods/exec shop/web-1 ; exec sh with container=sidecar", "deny by default")]
    [InlineData("shop-developers", "kube-connect pods/exec shop/db-1 ; exec sh with container=web", "deny by default")]
    [InlineData("shop-developers", "kube-connect pods/portforward shop/web-1", "deny by default")]
    [InlineData("shop-developers", "kube-delete pods shop/web-1", "deny by default")]
    [InlineData("", "kube-patch deployments.apps shop/web with patch-type=strategic-merge, " + Image + "=registry.example.com/shop/web:2, " + Container + "=web", "allow by shop-deployer/image")]
    [InlineData("", "kube-patch deployments.apps shop/web with patch-type=strategic-merge, " + Image + "=evil.example/shop/web:2, " + Container + "=web", "deny by default")]
    [InlineData("", "kube-patch deployments.apps shop/web with patch-type=strategic-merge, " + Image + "=registry.example.com/shop/web:2, " + Container + "=web, field:spec.template.spec.hostPID=true", "deny by default")]
    [InlineData("", "kube-patch deployments.apps shop/web with patch-type=json, " + Image + "=registry.example.com/shop/web:2, " + Container + "=web", "deny by default")]
    [InlineData("", "kube-patch deployments.apps shop/db with patch-type=strategic-merge, " + Image + "=registry.example.com/shop/web:2, " + Container + "=web", "deny by default")]
    [InlineData("", "kube-update deployments.apps shop/web with " + Image + "=registry.example.com/shop/web:2, " + Container + "=web", "deny by default")]
    public void The_examples_of_kubernetes_do_what_the_page_says(string group, string action, string expected)
    {
        // Without the examples of other protocols.
        PolicyStore store = Load(new TestTime(), [.. Examples().Where(e => e.StartsWith("policy: shop-", StringComparison.Ordinal))]);
        Assert.Equal(expected, Ask(store, TestAction.Http(action), group.Length > 0 ? Facts(groups: [group], target: "cluster") : Facts("ci/shop", kind: IdentityKind.Agent, target: "cluster")));
    }

    [Fact]
    public void Every_attribute_of_details_is_on_the_page()
    {
        foreach (string attribute in DetailNames.Known)
            Assert.Contains($"`{attribute}`", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_examples_of_ssh_bound_files_mask_output_and_want_a_watcher()
    {
        PolicyStore store = Load(new TestTime(), [.. Examples()]);
        IGate deploy = store.Open(Facts(groups: ["deployers"], target: "web1"));
        Assert.Equal(100_000_000, deploy.Judge(TestAction.Ssh("file-write /srv/shop/a").View()).MaxBytes);
        byte[] output = new byte[200];
        int written = deploy.Masks!.OpenStream()!.Mask("paid by 4111 1111 1111 1111"u8, output, flush: true);
        Assert.Equal("paid by [redacted]"u8, output.AsSpan(0, written));
        Assert.Equal(["security", "unix-leads"], store.Open(Facts(groups: ["unix-admins"], target: "web1")).Limits.ModeratedBy);
    }

    [Theory]
    [InlineData("create public.t", 20, "phr", "deny by step-up/migrations")]
    [InlineData("create public.t", 10, "pwd", "deny by step-up/migrations")]
    [InlineData("create public.t", 10, "phr", "allow by migrations/schema")]
    [InlineData("grant public.t", 10, "phr", "deny by default")]
    public void The_example_of_a_fresh_login_does_what_the_page_says(string action, int minutes, string context, string expected)
    {
        // Without the guard rails, which leave schema changes to nobody.
        PolicyStore store = Load(new TestTime(), [.. Examples().Where(e => !e.StartsWith("policy: guard-rails", StringComparison.Ordinal))]);
        SessionFacts facts = Facts(groups: ["dba-leads"], target: "prod-1");
        facts = facts with { Identity = facts.Identity with { AuthenticatedAt = new TestTime().Now.AddMinutes(-minutes), AuthenticationContext = context } };
        Assert.Equal(expected, Ask(store, TestAction.Parse(action), facts));
    }

    [Theory]
    [InlineData("lee@support.example.com", "select public.tickets", "allow by agents-read-only/read")]
    [InlineData("lee@support.example.com", "delete public.tickets", "hold by support-agents/tidy")]
    [InlineData("lee@sales.example.com", "delete public.tickets", "deny by default")]
    [InlineData("", "delete public.tickets", "deny by default")]
    public void The_example_of_an_agent_for_a_person_does_what_the_page_says(string person, string action, string expected)
    {
        SessionFacts facts = Facts("agent-7", kind: IdentityKind.Agent);
        facts = facts with { Identity = facts.Identity with { ActingFor = person.Length == 0 ? [] : [person] } };
        Assert.Equal(expected, Ask(Load(new TestTime(), [.. Examples()]), TestAction.Parse(action), facts));
    }

    [Fact]
    public void The_example_of_a_change_window_and_two_persons_does_what_the_page_says()
    {
        ApprovalTerms terms = Load(new TestTime(), [.. Examples()]).TermsOf("production/delete")!;
        Assert.Equal("CHG-1234", terms.PreApprovedAt(new DateTimeOffset(2026, 11, 24, 21, 0, 0, TimeSpan.Zero)));
        Assert.Equal("STD-7 release train", terms.PreApprovedAt(new DateTimeOffset(2024, 5, 16, 20, 30, 0, TimeSpan.Zero)));
        Assert.Null(terms.PreApprovedAt(new DateTimeOffset(2026, 11, 25, 21, 0, 0, TimeSpan.Zero)));
        Assert.False(terms.MayApproveAt(new DateTimeOffset(2024, 5, 18, 12, 0, 0, TimeSpan.Zero)));
        HoldTerms hold = ApprovalTerms.Strictest([terms]);
        Assert.False(hold.IsMetBy([new Approver("ada", ["dba", "dba-leads"])]));
        Assert.True(hold.IsMetBy([new Approver("ada", ["dba"]), new Approver("bob", ["dba-leads"])]));
        Assert.True(hold.MayBreakGlass(["on-call"]));
    }

    [Fact]
    public void The_examples_load_without_a_warning()
    {
        PolicyStore store = new(TimeProvider.System, MaskKey);
        Assert.True(store.TryLoad(Examples().Select((e, i) => Source($"{i}", e)), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Empty(diagnostics);
        Assert.Equal(14, store.DocumentCount);
    }

    [Fact]
    public void Every_detector_is_on_the_page()
    {
        foreach (string word in Detectors.Words.Keys)
            Assert.Contains($"| `{word}` |", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_word_of_verbs_is_on_the_page()
    {
        foreach (string word in VerbNames.Words.Keys)
            Assert.Contains($"`{word}`", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_examples_load_or_are_refused_and_never_throw()
    {
        const string Tokens = "{}[],:-?&*!|>%@`#'\"\\ \t\n~.0aé";
        Random random = new(20240502);
        string[] examples = [.. Examples()];
        for (int round = 0; round < 1000; round++)
        {
            char[] text = examples[round % examples.Length].ToCharArray();
            for (int i = random.Next(1, 5); i > 0; i--)
                text[random.Next(text.Length)] = Tokens[random.Next(Tokens.Length)];
            PolicyStore store = new(TimeProvider.System, MaskKey);
            bool loaded = store.TryLoad([Source("p.yaml", new string(text))], out IReadOnlyList<Diagnostic> diagnostics);
            Assert.Equal(loaded, diagnostics.All(d => d.IsWarning));
            store.Open(Facts()).Judge(TestAction.Parse("select t").View());
        }
    }

    private static IEnumerable<string> Examples() =>
        Regex.Matches(Page, "```yaml\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value);

    private static string FindUp(string relative)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, relative)))
                return Path.Combine(at.FullName, relative);
        }

        throw new FileNotFoundException(relative);
    }
}
