using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Conditions;

public class PathTests
{
    [Theory]
    [InlineData("/srv/*", "/srv/a", true, true)]
    [InlineData("/srv/*", "/srv/a/b", false, false)]
    [InlineData("/srv/*", "/srv", false, false)]
    [InlineData("/srv/**", "/srv", true, true)]
    [InlineData("/srv/**", "/srv/a/b", true, true)]
    [InlineData("/srv/**", "/srvx", false, false)]
    [InlineData("/srv/**", "/srv/../etc/passwd", false, true)]
    [InlineData("/srv/a", "/srv/../etc/passwd", false, false)]
    [InlineData("/srv/a", "/srv//a", false, true)]
    [InlineData("/srv/a", "/srv/./a", false, true)]
    [InlineData("/srv/a", "/srv/a/", false, true)]
    [InlineData("/srv/a", "/x/../srv/a", false, true)]
    [InlineData("/srv/a", "/x/../a", false, true)]
    [InlineData("/srv/a", "a", false, true)]
    [InlineData("/srv/a", "srv/a", false, true)]
    [InlineData("/srv/a", "x/a", false, false)]
    [InlineData("/srv/a", "b", false, false)]
    [InlineData("/srv/a", "", false, true)]
    [InlineData("/srv/a", ".", false, true)]
    [InlineData("/srv/a", "..", false, true)]
    [InlineData("/srv/a", "~/a", false, true)]
    [InlineData("/srv/a", "~jane/a", false, true)]
    [InlineData("/srv/a", "~jane/b", false, false)]
    [InlineData("/srv/A", "/srv/a", false, false)]
    [InlineData("~/.ssh/**", "~/.ssh/id", true, true)]
    [InlineData("~/.ssh/**", "~/x/.ssh/id", false, false)]
    [InlineData("~/.ssh/**", "/users/jane/.ssh/id", false, true)]
    [InlineData("~/.ssh/**", "/users/jane/id", false, false)]
    [InlineData("~/.ssh/**", ".ssh/id", false, true)]
    [InlineData("~", "~", true, true)]
    [InlineData("**/*.key", "/etc/ssl/server.key", true, true)]
    [InlineData("**/*.key", "~/server.key", true, true)]
    [InlineData("**/*.key", "server.key", false, true)]
    [InlineData("**/*.key", "server.pem", false, false)]
    [InlineData("/a/**/z", "/a/z", true, true)]
    [InlineData("/a/**/z", "/a/b/z/z", true, true)]
    [InlineData("/a/**/b/*/z", "/a/b/b/c/z", true, true)]
    [InlineData("/a/**/b/*/z", "/a/b/c/d/z", false, false)]
    [InlineData("/", "/", true, true)]
    [InlineData("/", "/a", false, false)]
    [InlineData("**", "anything", true, true)]
    public void Allow_takes_what_is_certain_and_deny_what_could_be(string pattern, string path, bool granted, bool stopped)
    {
        string allow = $"policy: p\nrules: [{{id: a, effect: allow, verbs: [files-read], paths: ['{pattern}']}}]";
        string deny = $"policy: p\nrules: [{{id: a, effect: allow, verbs: [files-read]}}, {{id: d, effect: deny, verbs: [files-read], paths: ['{pattern}']}}]";
        if (path.Length > 0)
        {
            Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Load(allow), TestAction.Ssh($"file-read {path}")));
            Assert.Equal(stopped ? "deny by p/d" : "allow by p/a", Ask(Load(deny), TestAction.Ssh($"file-read {path}")));
        }

        PathPattern compiled = PathPattern.Parse(pattern, out _)!;
        Assert.Equal(granted, compiled.Matches(Encoding.UTF8.GetBytes(path), PathReading.Narrow));
        Assert.Equal(stopped, compiled.Matches(Encoding.UTF8.GetBytes(path), PathReading.Wide));
    }

    [Theory]
    [InlineData("/srv/**", "/srv", true, true)]
    [InlineData("/srv/**", "/srv/a/b", true, true)]
    [InlineData("/srv/a/**", "/srv", false, true)]
    [InlineData("/srv/*", "/srv/a", false, true)]
    [InlineData("/srv/a", "/srv/a", false, true)]
    [InlineData("/etc/shadow", "/etc", false, true)]
    [InlineData("/etc/shadow", "/", false, true)]
    [InlineData("/etc/shadow", "/etc/ssl", false, false)]
    [InlineData("/srv/*/secret", "/srv/a", false, true)]
    [InlineData("/srv/*/secret", "/srv/a/b", false, false)]
    [InlineData("/a/**/z", "/a/b", false, true)]
    [InlineData("/a/**/z", "/b", false, false)]
    [InlineData("**/*.key", "/srv", false, true)]
    [InlineData("~/.ssh/**", "~", false, true)]
    [InlineData("~/.ssh/**", "~/.ssh/x", true, true)]
    [InlineData("~/.ssh/**", "/users", false, true)]
    [InlineData("/srv/a", "~/x", false, false)]
    [InlineData("/srv/a", "~", false, true)]
    [InlineData("**", "/", true, true)]
    public void AdversaryTree_A_directory_with_all_below_it_is_granted_as_a_whole_and_stopped_by_any_of_it(string pattern, string path, bool granted, bool stopped)
    {
        PathPattern compiled = PathPattern.Parse(pattern, out _)!;
        Assert.Equal(granted, compiled.Matches(new PathName(Encoding.UTF8.GetBytes(path), below: true), PathReading.Narrow));
        Assert.Equal(stopped, compiled.Matches(new PathName(Encoding.UTF8.GetBytes(path), below: true), PathReading.Wide));
    }

    [Fact]
    public void AdversaryTree_What_is_granted_or_stopped_below_decides_for_the_directory() =>
        Gen.Select(Pattern, Known, Gen.OneOf("", "/a", "/b/c.key", "/ab/a/a")).Sample(
            (pattern, path, rest) =>
            {
                PathPattern compiled = PathPattern.Parse(pattern, out _)!;
                var tree = new PathName(Encoding.UTF8.GetBytes(path), below: true);
                byte[] file = Encoding.UTF8.GetBytes(path + rest);
                Assert.True(!compiled.Matches(tree, PathReading.Narrow) || compiled.Matches(file, PathReading.Narrow), $"{pattern} grants {path} and not {rest}");
                Assert.True(!compiled.Matches(file, PathReading.Wide) || compiled.Matches(tree, PathReading.Wide), $"{pattern} stops {path}{rest} and not {path}");
            },
            iter: 3000);

    /// <summary>Where the home directory is known, what lies in it is what <c>~/</c> means; an account of the like name is another.</summary>
    [Theory]
    [InlineData("~/**", "/users/ada/notes", "/users/ada", true)]
    [InlineData("~/**", "/users/ada", "/users/ada", true)]
    [InlineData("~", "/users/ada", "/users/ada", true)]
    [InlineData("~/pub/*", "/users/ada/pub/a", "/users/ada", true)]
    [InlineData("~/pub/*", "/users/ada/pub/a/b", "/users/ada", false)]
    [InlineData("~/**", "/users/ada", "/users/ada/", true)]
    [InlineData("~/**", "/users/adam/notes", "/users/ada", false)]
    [InlineData("~/**", "/users/ada/../adam/notes", "/users/ada", false)]
    [InlineData("~/**", "/users/ada//notes", "/users/ada", false)]
    [InlineData("~/**", "/etc/passwd", "/users/ada", false)]
    [InlineData("~/**", "/users/ada/notes", "", false)]
    [InlineData("~/**", "/etc/passwd", "/", false)]
    [InlineData("~/**", "~/notes", "/users/ada", true)]
    [InlineData("/users/ada/**", "/users/ada/notes", "/users/ada", true)]
    [InlineData("/users/ada/**", "~/notes", "/users/ada", false)]
    public void What_lies_in_a_home_directory_that_is_known_is_granted_by_its_tilde(string pattern, string path, string home, bool granted)
    {
        string allow = $"policy: p\nrules: [{{id: a, effect: allow, verbs: [files-read], paths: ['{pattern}']}}]";
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Load(allow), TestAction.Ssh($"file-read {path}") with { Home = home }));

        // What stops goes further as ever, and never less far.
        string deny = $"policy: p\nrules: [{{id: a, effect: allow, verbs: [files-read]}}, {{id: d, effect: deny, verbs: [files-read], paths: ['{pattern}']}}]";
        if (granted)
            Assert.Equal("deny by p/d", Ask(Load(deny), TestAction.Ssh($"file-read {path}") with { Home = home }));
        Assert.Equal(Ask(Load(deny), TestAction.Ssh($"file-read {path}")), Ask(Load(deny), TestAction.Ssh($"file-read {path}") with { Home = home }));
    }

    [Fact]
    public void Both_names_of_a_rename_must_be_granted_and_either_is_denied()
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [files-write], paths: [/a/**, /b/**]}\n - {id: d, effect: deny, verbs: [files-write], paths: [/b/x]}");
        Assert.Equal("allow by p/a", Ask(store, TestAction.Ssh("file-rename /a/1 ; file-rename /b/2")));
        Assert.Equal("deny by default", Ask(store, TestAction.Ssh("file-rename /a/1 ; file-rename /c/2")));
        Assert.Equal("deny by p/d", Ask(store, TestAction.Ssh("file-rename /a/1 ; file-rename /b/x")));
        Assert.Equal("deny by default", Ask(store, TestAction.Ssh("file-read /a/1")));
    }

    [Theory]
    [InlineData("file-read /a/b", 1_000_000)]
    [InlineData("file-read /a/small/b", 1024)]
    [InlineData("file-write /a/small/b", 0)]
    [InlineData("file-stat /a/small/b", 0)]
    [InlineData("file-read /z", 0)]
    public void The_least_size_of_all_rules_that_grant_counts(string action, long expected)
    {
        PolicyStore store = Load(
            "policy: p\nrules:\n - {id: a, effect: allow, verbs: [all]}\n - {id: b, effect: allow, verbs: [files-read], paths: [/a/**], max-size: 1MB}\n - {id: c, effect: allow, verbs: [file-read], paths: [/a/small/*], max-size: 1KiB}");
        TestAction asked = TestAction.Ssh(action);
        Assert.Equal(expected, store.Open(Facts()).Judge(asked.View()).MaxBytes);
        Assert.Equal(expected, store.Explain(Facts(), asked.View()).MaxBytes);
    }

    private static readonly Gen<string> Part = Gen.OneOf("a", "b", "ab", "c.key");
    private static readonly Gen<string> Glob = Gen.OneOf("a", "*", "a*", "?", "*.key", "**", "**");
    private static readonly Gen<string> Pattern = Gen.Select(Gen.OneOf("/", "~/", "**/"), Glob.Array[1, 5], (root, parts) => root + string.Join('/', parts));
    private static readonly Gen<string> Known = Gen.Select(Gen.OneOf("/", "~/"), Part.Array[1, 5], (root, parts) => root + string.Join('/', parts));

    [Fact]
    public void A_normalised_path_matches_as_the_regular_expression_does() =>
        Gen.Select(Pattern, Known).Sample(
            (pattern, path) => Assert.Equal(Oracle(pattern).IsMatch(path), PathPattern.Parse(pattern, out _)!.Matches(Encoding.UTF8.GetBytes(path), PathReading.Narrow)),
            iter: 3000);

    [Fact]
    public void What_a_relative_path_could_be_is_stopped() =>
        Gen.Select(Pattern.Where(p => p[0] == '/'), Part.Array[1, 3], Gen.OneOf("", "/", "/a", "/a/b", "/ab/a/a", "/c.key/a/b/a").Array[1, 4]).Sample(
            (pattern, parts, directories) =>
            {
                PathPattern compiled = PathPattern.Parse(pattern, out _)!;
                string relative = string.Join('/', parts);
                bool could = directories.Any(d => Oracle(pattern).IsMatch($"{d.TrimEnd('/')}/{relative}"));
                if (could)
                    Assert.True(compiled.Matches(Encoding.UTF8.GetBytes(relative), PathReading.Wide), $"{pattern} {relative}");
                Assert.False(pattern != "**" && compiled.Matches(Encoding.UTF8.GetBytes(relative), PathReading.Narrow));
            },
            iter: 3000);

    [Fact]
    public void Whatever_is_granted_would_be_stopped_too() =>
        Gen.Select(Pattern, Gen.OneOf("/a", "~/a", "/a/../b", "a//b", "~", "/", "/a/b/c.key", "/./a", "~b/a")).Sample(
            (pattern, path) =>
            {
                PathPattern compiled = PathPattern.Parse(pattern, out _)!;
                byte[] bytes = Encoding.UTF8.GetBytes(path);
                Assert.True(!compiled.Matches(bytes, PathReading.Narrow) || compiled.Matches(bytes, PathReading.Wide));
            },
            iter: 1000);

    private static Regex Oracle(string pattern)
    {
        StringBuilder regex = new("\\A");
        string rest = pattern;
        if (pattern.StartsWith("**/", StringComparison.Ordinal))
            regex.Append('~').Append('?');
        else if (pattern.StartsWith('~'))
            (_, rest) = (regex.Append('~'), pattern[2..]);
        else
            rest = pattern[1..];
        foreach (string part in rest.Split('/'))
            regex.Append(part == "**" ? "(/[^/]+)*" : "/" + Regex.Escape(part).Replace("\\*", "[^/]*", StringComparison.Ordinal).Replace("\\?", "[^/]", StringComparison.Ordinal));
        return new Regex(regex.Append("/?\\z").ToString());
    }
}
