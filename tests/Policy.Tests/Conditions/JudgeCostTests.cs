using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Conditions;

public class JudgeCostTests
{
    [Theory]
    [InlineData("exec git|push|--force|/srv/x")]
    [InlineData("exec /usr/bin/rm|-r|-f|/srv/../etc")]
    [InlineData("file-rename /srv/a ; file-rename ../b")]
    [InlineData("file-read /srv/a")]
    [InlineData("forward-local DB.example.com:5432")]
    [InlineData("forward-local fd00::1:5432")]
    [InlineData("forward-remote unix:/run/x")]
    [InlineData("http-get /srv/a/b")]
    [InlineData("kube-connect pods/exec shop/web-1 ; exec ls|-l with container=web, tty=true, stdin=true")]
    [InlineData("kube-list secrets / with label-selector=a")]
    public void Judging_allocates_nothing(string text)
    {
        IGate gate = Load(
            """
            policy: p
            rules:
              - {id: d, effect: deny, verbs: [all], commands: ["rm -{rf} /data", "git * --mirror **"], paths: ["/secret/**", "**/*.key"], destinations: ["10.0.0.0/8:22", "*.evil.example:*", "unix:/run/docker.sock"]}
              - {id: a, effect: allow, verbs: [exec], commands: ["git push **", "/usr/bin/* **"]}
              - {id: f, effect: allow, verbs: [files-read, files-write], paths: [/srv/**], max-size: 1MB}
              - {id: k, effect: deny, verbs: [kube-read, kube-connect], resources: ["secrets", "*.evil.example", "pods/attach"], namespaces: ["kube-*"], names: ["db*"]}
              - {id: l, effect: allow, verbs: [kube-connect, exec], resources: ["pods/*"], commands: ["ls **"], namespaces: [shop], details: {container: [web], tty: ["true", "false"]}}
              - {id: n, effect: allow, verbs: [forward], destinations: ["db.example.com:5432", "[fd00::/8]:*"]}
            """).Open(Facts());
        TestAction action = text.StartsWith("http", StringComparison.Ordinal) || text.StartsWith("kube", StringComparison.Ordinal) ? TestAction.Http(text) : TestAction.Ssh(text);
        gate.Judge(action.View());
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            gate.Judge(action.View());
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
