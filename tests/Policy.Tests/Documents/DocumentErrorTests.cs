using Sallyport.Policy.Tests.Support;
using Sallyport.Policy.Yaml;
using Xunit;

namespace Sallyport.Policy.Tests.Documents;

public class DocumentErrorTests
{
    private const string Hold = "policy: p\nrules:\n  - id: r\n    effect: hold\n    verbs: [all]\n    approval:\n      ";
    private const string Ssh = "policy: p\nrules:\n  - id: r\n    effect: allow\n    verbs: [";
    private const string Rule = "policy: p\nrules:\n  - id: r\n    effect: allow\n    verbs: [select]\n";

    [Theory]
    [InlineData("rules:\n  - {id: r, effect: allow, verbs: [all]}", 1, "\"policy\" is missing", null)]
    [InlineData("polcy: p\nlimits: {idle: 1m}", 1, "\"polcy\" is not known", "policy")]
    [InlineData("policy: p q\nlimits: {idle: 1m}", 1, "is not an id", null)]
    [InlineData("policy: limits\nlimits: {idle: 1m}", 1, "is reserved", null)]
    [InlineData("policy: p\nrule:\n  - {id: r}\nlimits: {idle: 1m}", 2, "\"rule\" is not known", "rules")]
    [InlineData("policy: p\nrules: []", 2, "must not be empty", null)]
    [InlineData("policy: p\nrules: x", 2, "must be a map", null)]
    [InlineData("policy: p\nrules:\n  - effect: allow\n    verbs: [all]", 3, "\"id\" is missing in rules[0]", null)]
    [InlineData("policy: p\nrules:\n  - id: r\n    verbs: [all]", 3, "\"effect\" is missing", null)]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: alow\n    verbs: [all]", 4, "\"alow\" is none of allow, deny, hold", "allow")]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: allow", 3, "\"verbs\" is missing", null)]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: allow\n    verbs: [slect]", 5, "\"slect\" is not known here", "select")]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: allow\n    verbs: [create_table_as]", 5, "\"create_table_as\" is not known here", "create-table-as")]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: allow\n    verbs: [unknown]", 5, "\"unknown\" is", null)]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: hold\n    verbs: [login]", 5, "cannot be held", null)]
    [InlineData("policy: p\nrules:\n  - {id: r, effect: deny, verbs: [all]}\n  - {id: r, effect: deny, verbs: [all]}", 4, "already the id of the entry at line 3", null)]
    [InlineData("policy: p\nrules:\n  - {id: r, effect: deny, verbs: [all]}\nmask:\n  - {id: r, columns: [a.b.c], with: 'null'}", 5, "already the id of the entry at line 3", null)]
    [InlineData(Rule + "    object: [a]", 6, "\"object\" is not known in rules[0]", "objects")]
    [InlineData(Rule + "    objects: [a.b.c]", 6, "has more than 2 parts", null)]
    [InlineData(Rule + "    objects: [a..b]", 6, "has an empty part", null)]
    [InlineData(Rule + "    objects: [a.]", 6, "has an empty part", null)]
    [InlineData(Rule + "    objects: ['\"a']", 6, "lacks a closing quote", null)]
    [InlineData(Rule + "    objects: ['\"a\"b']", 6, "goes on after a closing quote", null)]
    [InlineData(Rule + "    objects: ['a\"b']", 6, "double quote inside", null)]
    [InlineData(Rule + "    objects: ['a b']", 6, "has a space", null)]
    [InlineData(Rule + "    objects: ['*a*a*a*a*a*a*a*a*']", 6, "more than 8 wildcards", null)]
    [InlineData(Rule + "    where: abscent", 6, "none of absent", "absent")]
    [InlineData(Rule + "    unparsed: false", 6, "can only be true", null)]
    [InlineData(Rule + "    multi-statement: yes", 6, "neither true nor false", "true")]
    [InlineData(Rule + "    no-object: true", 6, "leave this out", null)]
    [InlineData(Rule + "    commands: [rm]", 6, "says nothing of the verb \"select\"", null)]
    [InlineData(Ssh + "exec]\n    objects: [rm]", 6, "give \"commands\" for it", null)]
    [InlineData(Ssh + "exec, shell]\n    commands: [rm]", 6, "says nothing of the verb \"shell\"", null)]
    [InlineData(Ssh + "exec]\n    commands: [rm]\n    paths: [/a]", 7, "\"paths\" is about the verbs of files-read", null)]
    [InlineData(Ssh + "exec]\n    commands: ['rm -{rf}']", 6, "for deny and hold", null)]
    [InlineData(Ssh + "exec]\n    commands: ['rm ''x']", 6, "lacks a closing quote", null)]
    [InlineData(Ssh + "exec]\n    commands: ['rm ** x']", 6, "has ** before its end", null)]
    [InlineData(Ssh + "exec]\n    commands: ['rm -{r,}']", 6, "has options that are none", null)]
    [InlineData(Ssh + "exec]\n    commands: ['bin/*']", 6, "wildcard in the relative path", null)]
    [InlineData(Ssh + "exec]\n    commands: ['/bin/']", 6, "names no program", null)]
    [InlineData(Ssh + "exec]\n    commands: ['cat /a//*']", 6, "has an empty component", null)]
    [InlineData(Ssh + "files-read]\n    paths: [etc/passwd]", 6, "must begin with /, ~/ or **/", null)]
    [InlineData(Ssh + "files-read]\n    paths: [/a/]", 6, "has an empty component", "/a/**")]
    [InlineData(Ssh + "files-read]\n    paths: [/a/../b]", 6, "has a component . or ..", null)]
    [InlineData(Ssh + "files-read]\n    paths: [/a/b**]", 6, "has ** inside a component", null)]
    [InlineData(Ssh + "forward]\n    destinations: [db]", 6, "is no destination", "db:*")]
    [InlineData(Ssh + "forward]\n    destinations: [10.0.0.1/8:22]", 6, "bits set behind its prefix", "10.0.0.0/8")]
    [InlineData(Ssh + "files-read]\n    max-size: 100", 6, "is not a size", "100MB")]
    [InlineData(Ssh + "exec]\n    max-size: 1MB", 6, "is about file-read and file-write", null)]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: deny\n    verbs: [file-read]\n    max-size: 1MB", 6, "belongs to rules whose effect is allow", null)]
    [InlineData(Ssh + "select]\n    resources: [pods]", 6, "says nothing of the verb \"select\"", null)]
    [InlineData(Ssh + "select]\n    namespaces: [shop]", 6, "says nothing of the verb \"select\"", null)]
    [InlineData(Ssh + "kube-get, exec]\n    resources: [pods]\n    commands: [ls]\n    paths: [/x]", 8, "is about the verbs of files-read, files-write and those that begin with http-", null)]
    [InlineData(Ssh + "kube-get]\n    objects: [pods]", 6, "give \"resources\" for it", null)]
    [InlineData(Ssh + "kube-get]\n    resource: [pods]", 6, "\"resource\" is not known", "resources")]
    [InlineData(Ssh + "kube-get]\n    resources: [Pods]", 6, "has capital letters", "pods")]
    [InlineData(Ssh + "kube-get]\n    resources: [a/b/c]", 6, "more than one slash", null)]
    [InlineData(Ssh + "kube-get]\n    resources: [pods/]", 6, "has an empty part", null)]
    [InlineData(Ssh + "kube-get]\n    resources: ['pods,secrets']", 6, "is no resource", null)]
    [InlineData(Ssh + "kube-write]\n    resources: [pods/exec]", 5, "no other verb than \"kube-connect\"", "kube-connect")]
    [InlineData(Ssh + "kube-get]\n    namespaces: ['none)']", 6, "is no name", null)]
    [InlineData(Ssh + "kube-reed]\n    resources: [pods]", 5, "\"kube-reed\" is not known here", "kube-read")]
    [InlineData(Ssh + "kube-get]\n    details: {dryrun: [All]}", 6, "is no detail of a request", "dry-run")]
    [InlineData(Ssh + "kube-get]\n    details: {'field:spec.x': [All]}", 6, "stand under \"fields\"", null)]
    [InlineData(Ssh + "kube-get]\n    details: {'header:X-Team': [a]}", 6, "has capital letters", "header:x-team")]
    [InlineData(Ssh + "kube-get]\n    details: {}", 6, "must not be empty", null)]
    [InlineData(Ssh + "kube-get]\n    fields: {/spec/replicas: [a]}", 6, "is no path of a field", "spec.replicas")]
    [InlineData(Ssh + "kube-get]\n    only-fields: true", 6, "needs \"fields\"", null)]
    [InlineData(Ssh + "select]\n    fields: {spec.replicas: [a]}", 6, "\"select\" has no details", null)]
    [InlineData("policy: p\nrules:\n  - id: r\n    effect: deny\n    verbs: [kube-get]\n    fields: {a: b}\n    only-fields: true", 7, "belongs to rules whose effect is allow", null)]
    [InlineData("policy: p\nmatch: {group: [a]}\nlimits: {idle: 1m}", 2, "\"group\" is not known in match", "groups")]
    [InlineData("policy: p\nmatch: {groups: []}\nlimits: {idle: 1m}", 2, "must not be empty", null)]
    [InlineData("policy: p\nmatch: {kinds: [humans]}\nlimits: {idle: 1m}", 2, "none of human, agent, service", "human")]
    [InlineData("policy: p\nmatch: {sources: [10.0.0.1/8]}\nlimits: {idle: 1m}", 2, "bits set behind its prefix", "10.0.0.0/8")]
    [InlineData("policy: p\nmatch: {sources: [10.0.0.0/33]}\nlimits: {idle: 1m}", 2, "is not an address range", null)]
    [InlineData("policy: p\nmatch: {time: {days: [mon-fry]}}\nlimits: {idle: 1m}", 2, "\"fry\" is not a day", null)]
    [InlineData("policy: p\nmatch: {time: {days: [monday]}}\nlimits: {idle: 1m}", 2, "\"monday\" is not a day", "mon")]
    [InlineData("policy: p\nmatch: {time: {from: '08:00'}}\nlimits: {idle: 1m}", 2, "belong together", null)]
    [InlineData("policy: p\nmatch: {time: {from: '8:00', to: '18:00'}}\nlimits: {idle: 1m}", 2, "not a time of day", "08:00")]
    [InlineData("policy: p\nmatch: {time: {from: '08:00', to: '25:00'}}\nlimits: {idle: 1m}", 2, "not a time of day", null)]
    [InlineData("policy: p\nmatch: {time: {from: '08:00', to: '08:00'}}\nlimits: {idle: 1m}", 2, "are the same", null)]
    [InlineData("policy: p\nmatch: {time: {zone: UTC}}\nlimits: {idle: 1m}", 2, "needs \"days\"", null)]
    [InlineData("policy: p\nmatch: {time: {days: [mon], zone: Europe/Berln}}\nlimits: {idle: 1m}", 2, "not a time zone", "Europe/Berlin")]
    [InlineData("policy: p\nmatch: {time: {days: [mon], zone: ../../etc/passwd}}\nlimits: {idle: 1m}", 2, "not a time zone", null)]
    [InlineData("policy: p\nmask:\n  - {id: m, detect: [emial], with: email}", 3, "\"emial\" is none of", "email")]
    [InlineData("policy: p\nmask:\n  - {id: m, detect: [email], with: 'null'}", 3, "no NULL in a stream", "redact")]
    [InlineData("policy: p\nmask:\n  - {id: m, detect: [email], columns: [a.b.c], with: email}", 3, "make two masks", null)]
    [InlineData("policy: p\nmask:\n  - {id: m, columns: [email], with: email}", 3, "must have three parts", "*.*.email")]
    [InlineData("policy: p\nmask:\n  - {id: m, columns: [t.email], with: email}", 3, "must have three parts", "*.t.email")]
    [InlineData("policy: p\nmask:\n  - {id: m, columns: [a.b.c.d], with: email}", 3, "has more than 3 parts", null)]
    [InlineData("policy: p\nmask:\n  - {id: m, columns: [a.b.c], with: redcat}", 3, "none of redact, last4, email, hash, null", "redact")]
    [InlineData("policy: p\nmask:\n  - {id: m, columns: [a.b.c]}", 3, "\"with\" is missing", null)]
    [InlineData("policy: p\nmask:\n  - {id: m, columns: [a.b.c], with: hash}", 3, "needs a mask key", null)]
    [InlineData("policy: p\ncomputed: keep\nlimits: {idle: 1m}", 2, "belongs to \"mask\"", null)]
    [InlineData("policy: p\ncomputed: show\nmask:\n  - {id: m, columns: [a.b.c], with: email}", 2, "none of mask, keep", null)]
    [InlineData("policy: p\nlimits: {session: 8}", 2, "not a length of time", "8s")]
    [InlineData("policy: p\nlimits: {actions-per-minute: 0}", 2, "not a whole number from 1", null)]
    [InlineData("policy: step-up\nlimits: {idle: 1m}", 1, "is reserved", null)]
    [InlineData("policy: p\nlimits: {on-revoked: refused}", 2, "none of end, refuse", "refuse")]
    [InlineData("policy: p\nmatch: {authenticated-within: 15}\nlimits: {idle: 1m}", 2, "not a length of time", "15s")]
    [InlineData("policy: p\nmatch: {authenticated-within: 9s}\nlimits: {idle: 1m}", 2, "out of range", null)]
    [InlineData("policy: p\nmatch: {acting: other}\nlimits: {idle: 1m}", 2, "none of self, for-another", null)]
    [InlineData("policy: p\nmatch: {acting: self, acting-for: [ada]}\nlimits: {idle: 1m}", 2, "this never holds", null)]
    [InlineData("policy: p\nmatch: {not: {}}\nlimits: {idle: 1m}", 2, "needs a condition", null)]
    [InlineData("policy: p\nmatch: {not: {group: [a]}}\nlimits: {idle: 1m}", 2, "\"group\" is not known in match.not", "groups")]
    [InlineData("policy: p\nmatch: {not: {not: {groups: [a]}}}\nlimits: {idle: 1m}", 2, "\"not\" is not known", null)]
    [InlineData(Rule + "    approval: {quorum: 2}", 6, "belongs to rules whose effect is hold", null)]
    [InlineData(Hold + "quorum: 0", 7, "not a whole number from 1 to 10", null)]
    [InlineData(Hold + "quorum: 11", 7, "not a whole number from 1 to 10", null)]
    [InlineData(Hold + "groups: []", 7, "must not be empty", null)]
    [InlineData(Hold + "reason: yes", 7, "none of required", null)]
    [InlineData(Hold + "timeout: 9s", 7, "out of range", null)]
    [InlineData(Hold + "timeout: 25h", 7, "out of range", null)]
    [InlineData(Hold + "grants: [once]", 7, "none of digest, rule, target", null)]
    [InlineData(Hold + "grants: [rule]\n      longest-grant: 31d", 8, "out of range", null)]
    [InlineData(Hold + "longest-grant: 1h", 7, "belongs to \"grants\"", null)]
    [InlineData(Hold + "break-glas: [a]", 7, "\"break-glas\" is not known", "break-glass")]
    [InlineData(Hold + "within: {zone: UTC}", 7, "\"within\" needs \"days\"", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-11-24T20:00, to: 2026-11-24T23:00}", 7, "\"reference\" is missing", null)]
    [InlineData(Hold + "pre-approved: {reference: R}", 7, "\"pre-approved\" needs \"days\"", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-11-24 20:00, to: 2026-11-24T23:00, reference: R}", 7, "not a date and time", "2026-11-24T20:00")]
    [InlineData(Hold + "pre-approved: {from: 2026-02-30T20:00, to: 2026-11-24T23:00, reference: R}", 7, "not a date and time", null)]
    [InlineData(Hold + "pre-approved: {from: 0001-01-01T00:00, to: 2026-11-24T23:00, reference: R, zone: Asia/Tokyo}", 7, "not a date and time", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-11-24T20:00, reference: R}", 7, "belong together", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-11-24T20:00, to: '23:00', reference: R}", 7, "not a date and time", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-11-24T20:00, to: 2026-11-24T20:00, reference: R}", 7, "must be after", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-11-24T20:00, to: 2027-11-24T20:00, reference: R}", 7, "at most 31d", null)]
    [InlineData(Hold + "pre-approved: {days: [mon], from: 2026-11-24T20:00, to: 2026-11-24T23:00, reference: R}", 7, "comes back every week", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-03-29T02:30, to: 2026-03-29T05:00, reference: R, zone: Europe/Berlin}", 7, "the clock skips it", null)]
    [InlineData(Hold + "pre-approved: {from: 2026-10-25T02:30, to: 2026-10-25T05:00, reference: R, zone: Europe/Berlin}", 7, "occurs twice", null)]
    [InlineData("policy: p\nlimits: {concurent-sessions: 5}", 2, "not known in limits", "concurrent-sessions")]
    public void An_error_has_its_line_and_a_suggestion(string text, int line, string message, string? suggestion)
    {
        PolicyStore store = new(TimeProvider.System);
        Assert.False(store.TryLoad([TestPolicy.Source("p.yaml", text + "\n")], out IReadOnlyList<Diagnostic> diagnostics));
        Diagnostic error = Assert.Single(diagnostics, d => !d.IsWarning);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(("p.yaml", line, suggestion), (error.File, error.Line, error.Suggestion));
    }

    [Fact]
    public void All_errors_of_all_files_come_at_once()
    {
        PolicyStore store = new(TimeProvider.System);
        bool loaded = store.TryLoad(
            [
                TestPolicy.Source("b.yaml", "policy: p\nrules:\n  - {id: r, effect: x, verbs: [y]}\n"),
                TestPolicy.Source("a.yaml", "policy: p\nlimits: {idle: x}\n---\npolicy: p\nfoo: 1\n---\n]"),
            ],
            out IReadOnlyList<Diagnostic> diagnostics);

        Assert.False(loaded);
        Assert.Equal([("a.yaml", 2), ("a.yaml", 4), ("a.yaml", 5), ("a.yaml", 7), ("b.yaml", 1), ("b.yaml", 3), ("b.yaml", 3)], diagnostics.Where(d => !d.IsWarning).Select(d => (d.File, d.Line)));
    }

    [Theory]
    [InlineData("policy: p\n", 1, "does nothing", null)]
    [InlineData("policy: p\nrules:\n  - {id: r, effect: deny, verbs: [all], objects: [public.Orders]}\n", 3, "capital letters", "public.orders")]
    [InlineData("policy: p\nrules:\n  - {id: r, effect: deny, verbs: [all], objects: [\"*.*\", \"vault.*\"]}\n", 3, "every name without a schema", null)]
    [InlineData("policy: p\nrules:\n  - {id: a, effect: allow, verbs: [select], objects: [\"public.*\"]}\n  - {id: b, effect: allow, verbs: [session]}\n", 4, "SET search_path", null)]
    [InlineData("policy: p\nrules:\n  - {id: r, effect: allow, verbs: [kube-get], resources: [deployments]}\n", 3, "a resource of the core group", "deployments.apps")]
    [InlineData("policy: p\nrules:\n  - {id: r, effect: deny, verbs: [kube-get], resources: [secret]}\n", 3, "no name of a resource", "secrets")]
    [InlineData("policy: p\nrules:\n  - {id: r, effect: deny, verbs: [kube-get], namespaces: [kube-system]}\n", 3, "belong to no namespace", null)]
    public void Doubtful_documents_load_with_a_warning(string text, int line, string message, string? suggestion)
    {
        PolicyStore store = new(TimeProvider.System);
        Assert.True(store.TryLoad([TestPolicy.Source("p.yaml", text)], out IReadOnlyList<Diagnostic> diagnostics));
        Diagnostic warning = Assert.Single(diagnostics);
        Assert.True(warning.IsWarning);
        Assert.Contains(message, warning.Message, StringComparison.Ordinal);
        Assert.Equal((line, suggestion), (warning.Line, warning.Suggestion));
    }
}
