using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Conditions;

public class CommandTests
{
    [Theory]
    [InlineData("rm -{rf}", "rm|-rf|x", true)]
    [InlineData("rm -{rf}", "rm|-r|-f|x", true)]
    [InlineData("rm -{rf}", "rm|-fr|x", true)]
    [InlineData("rm -{rf}", "rm|-rfv|x", true)]
    [InlineData("rm -{rf}", "rm|x|-v|-fr", true)]
    [InlineData("rm -{rf}", "/usr/bin/rm|-rf|x", true)]
    [InlineData("rm -{rf}", "../bin/rm|-rf|x", true)]
    [InlineData("rm -{rf}", "rm|-r|x", false)]
    [InlineData("rm -{rf}", "rm|rf", false)]
    [InlineData("rm -{rf}", "rm|--rf", false)]
    [InlineData("rm -{rf}", "rm", false)]
    [InlineData("rm -{rf}", "rmdir|-rf", false)]
    [InlineData("rm -{r|R|--recursive,f|--force}", "rm|-Rf|x", true)]
    [InlineData("rm -{r|R|--recursive,f|--force}", "rm|--recursive|--force|x", true)]
    [InlineData("rm -{r|R|--recursive,f|--force}", "rm|--rec|x|-f", true)]
    [InlineData("rm -{r|R|--recursive,f|--force}", "rm|--recursive=yes|--fo", true)]
    [InlineData("rm -{r|R|--recursive,f|--force}", "rm|--recursively|-f", false)]
    [InlineData("rm -{r|R|--recursive,f|--force}", "rm|--|x", false)]
    [InlineData("find -{-delete|-exec}", "find|/|-name|x|-delete", true)]
    [InlineData("find -{-delete|-exec}", "find|/|-deleted", false)]
    [InlineData("rm -{rf} /", "rm|-rf|/", true)]
    [InlineData("rm -{rf} /", "rm|-rf|a|//|b", true)]
    [InlineData("rm -{rf} /", "rm|-rf|/.", true)]
    [InlineData("rm -{rf} /", "rm|-rf|/tmp/../..", true)]
    [InlineData("rm -{rf} /", "rm|-rf|/tmp", false)]
    [InlineData("rm -{rf} /users/*", "rm|-rf|/users/jane", true)]
    [InlineData("rm -{rf} /users/*", "rm|-rf|users/jane", true)]
    [InlineData("rm -{rf} /users/*", "rm|-rf|build", false)]
    [InlineData("cat /etc/shadow", "cat|/etc/shadow", true)]
    [InlineData("cat /etc/shadow", "cat|/etc//./shadow", true)]
    [InlineData("cat /etc/shadow", "cat|/var/../etc/shadow", true)]
    [InlineData("cat /etc/shadow", "cat|shadow", true)]
    [InlineData("cat /etc/shadow", "cat|notes", false)]
    [InlineData("cat /etc/shadow", "cat|/etc/shadow|x", false)]
    [InlineData("cat /etc/shadow **", "cat|/etc/shadow|x", true)]
    [InlineData("cat **/*.key", "cat|server.key", true)]
    [InlineData("/usr/bin/git push **", "git|push", true)]
    [InlineData("/usr/bin/git push **", "/usr/bin/git|push|origin", true)]
    [InlineData("/usr/bin/git push **", "/usr//bin/git|push", true)]
    [InlineData("/usr/bin/git push **", "./git|push", true)]
    [InlineData("/usr/bin/git push **", "/opt/git|push", false)]
    [InlineData("/usr/bin/git push **", "/usr/bin/git|pull", false)]
    [InlineData("**", "anything|at|all", true)]
    [InlineData("* --force", "git|--force", true)]
    public void Deny_catches_what_could_be_meant(string pattern, string command, bool stopped) =>
        Assert.Equal(stopped ? "deny by p/d" : "allow by p/a", Ask(Deny(pattern), TestAction.Ssh($"exec {command}")));

    [Theory]
    [InlineData("git pull", "git|pull", true)]
    [InlineData("git pull", "git|pull|x", false)]
    [InlineData("git pull", "git", false)]
    [InlineData("git pull", "/tmp/evil/git|pull", false)]
    [InlineData("git pull", "/usr/bin/git|pull", false)]
    [InlineData("git pull", "./git|pull", false)]
    [InlineData("git", "git", true)]
    [InlineData("git", "git|", false)]
    [InlineData("git ''", "git|", true)]
    [InlineData("git **", "git", true)]
    [InlineData("git **", "git|a|b|c", true)]
    [InlineData("git * main", "git|push|main", true)]
    [InlineData("git * main", "git|push|x|main", false)]
    [InlineData("git 'a b' \"c*\" d\\*", "git|a b|c*|d*", true)]
    [InlineData("git 'a b' \"c*\" d\\*", "git|a b|cx|d*", false)]
    [InlineData("*", "git", true)]
    [InlineData("*", "bin/git", false)]
    [InlineData("/usr/bin/*", "/usr/bin/git", true)]
    [InlineData("/usr/bin/*", "/usr/bin/../../tmp/x", false)]
    [InlineData("/usr/bin/*", "/usr/bin/a/b", false)]
    [InlineData("/usr/bin/git", "git", false)]
    [InlineData("./deploy", "./deploy", true)]
    [InlineData("./deploy", "deploy", false)]
    [InlineData("cat /var/log/*", "cat|/var/log/syslog", true)]
    [InlineData("cat /var/log/*", "cat|/var/log/../../etc/shadow", false)]
    [InlineData("cat /var/log/*", "cat|/var/log/a/b", false)]
    [InlineData("cat /var/log/**", "cat|/var/log/a/b", true)]
    [InlineData("cat /var/log/*", "cat|syslog", false)]
    [InlineData("cat log*", "cat|log.1", true)]
    [InlineData("cat log*", "cat|log/../../etc/shadow", false)]
    [InlineData("rsync /srv/", "rsync|/srv/", true)]
    [InlineData("**", "/tmp/x|y", true)]
    public void Allow_grants_only_what_is_certain(string pattern, string command, bool granted) =>
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Load($"policy: p\nrules: [{{id: a, effect: allow, verbs: [exec], commands: [{Yaml(pattern)}]}}]"), TestAction.Ssh($"exec {command}")));

    [Fact]
    public void What_an_approver_is_asked_about_is_the_program_as_written()
    {
        PolicyStore store = Load("policy: p\nrules: [{id: h, effect: hold, verbs: [exec], commands: ['rm -{rf}']}]");
        Assert.Equal("hold by p/h", Ask(store, TestAction.Ssh("exec rm|-r|-f|x")));
        Assert.Equal("deny by default", Ask(store, TestAction.Ssh("exec /tmp/rm|-r|-f|x")));
    }

    [Fact]
    public void Every_command_of_a_line_and_every_file_it_opens_must_be_granted()
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [exec], commands: [git **, cat **]}\n - {id: w, effect: allow, verbs: [file-write], paths: [/tmp/*]}");
        Assert.Equal("allow by p/a", Ask(store, TestAction.Ssh("exec git|log ; exec cat|x ; file-write /tmp/x")));
        Assert.Equal("deny by default", Ask(store, TestAction.Ssh("exec git|log ; exec sh")));
        Assert.Equal("deny by default", Ask(store, TestAction.Ssh("exec git|log ; file-write /etc/x")));
    }

    [Fact]
    public void Without_commands_every_command_that_was_understood_is_granted()
    {
        PolicyStore store = Load("policy: p\nrules: [{id: a, effect: allow, verbs: [exec]}]");
        Assert.Equal("allow by p/a", Ask(store, TestAction.Ssh("exec /x/y|z")));
        Assert.Equal("deny by default-unparsed", Ask(store, TestAction.Ssh("exec /x/y|z", ActionFlags.Unparsed)));
    }

    [Fact]
    public void A_condition_says_nothing_of_other_sorts_of_effects()
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [all]}\n - {id: d, effect: deny, verbs: [all], commands: [rm **], objects: [secrets]}");
        Assert.Equal("deny by p/d", Ask(store, TestAction.Ssh("exec rm")));
        Assert.Equal("deny by p/d", Ask(store, TestAction.Parse("select secrets")));
        Assert.Equal("allow by p/a", Ask(store, TestAction.Ssh("exec secrets")));
        Assert.Equal("allow by p/a", Ask(store, TestAction.Ssh("file-remove /rm")));
        Assert.Equal("allow by p/a", Ask(store, TestAction.Ssh("shell")));
        Assert.Equal("deny by q/d", Ask(Load("policy: q\nrules: [{id: a, effect: allow, verbs: [all]}, {id: d, effect: deny, verbs: [all], objects: ['*']}]"), TestAction.Ssh("exec rm|x")));
    }

    private static readonly Gen<string> Argument = Gen.OneOf("a", "b", "ab", "-r", "-f", "-rf", "-fr", "--force", "", "a b", "x/y");
    private static readonly Gen<string> Program = Gen.OneOf("rm", "/bin/rm", "./rm", "git", "/usr/bin/git", "g");
    private static readonly Gen<string> Word = Gen.OneOf("a", "b", "a*", "*b", "?", "*", "-*", "-r");

    [Fact]
    public void Exact_templates_say_what_a_plain_matcher_says() =>
        Gen.Select(Gen.OneOf("rm", "git", "r*", "*", "g?t"), Word.Array[0, 4], Gen.Bool, Program, Argument.Array[0, 4]).Sample(
            (program, words, open, called, arguments) =>
            {
                string pattern = string.Join(' ', [program, .. words, .. open ? new[] { "**" } : []]);
                bool sized = open ? arguments.Length >= words.Length : arguments.Length == words.Length;
                bool fits = sized && words.Zip(arguments).All(p => Gates.ReferenceJudge.Like(p.First, p.Second));
                string command = string.Join('|', [called, .. arguments]);
                bool granted = fits && !called.Contains('/') && Gates.ReferenceJudge.Like(program, called);
                bool stopped = fits && Gates.ReferenceJudge.Like(program, called[(called.LastIndexOf('/') + 1)..]);
                Allow_grants_only_what_is_certain(pattern, command, granted);
                Deny_catches_what_could_be_meant(pattern, command, stopped);
            },
            iter: 150);

    [Fact]
    public void Options_are_found_however_they_are_ordered_and_bundled() =>
        Gen.Select(Gen.OneOf("r", "rf", "frv"), Argument.Array[0, 5]).Sample(
            (options, arguments) =>
            {
                bool all = options.All(o => arguments.Any(a => a.StartsWith('-') && !a.StartsWith("--", StringComparison.Ordinal) && a.Contains(o)));
                Deny_catches_what_could_be_meant($"rm -{{{options}}}", string.Join('|', ["rm", .. arguments]), all);
            },
            iter: 150);

    private static PolicyStore Deny(string pattern) =>
        Load($"policy: p\nrules:\n  - {{id: a, effect: allow, verbs: [exec]}}\n  - {{id: d, effect: deny, verbs: [exec], commands: [{Yaml(pattern)}]}}");

    private static string Yaml(string pattern) => $"'{pattern.Replace("'", "''", StringComparison.Ordinal)}'";
}
