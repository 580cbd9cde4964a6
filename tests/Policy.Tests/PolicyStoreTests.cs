using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Sallyport.Policy.Yaml;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests;

public sealed class PolicyStoreTests : IDisposable
{
    private const string AllowAll = "policy: a\nrules: [{id: a, effect: allow, verbs: [all]}]\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("policy").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Before_the_first_load_everything_is_denied()
    {
        PolicyStore store = new(TimeProvider.System);
        Assert.Equal("deny by default", Ask(store, "select t"));
        Assert.Equal("deny by default", Ask(store, TestAction.Of(Verb.Login) with { Kind = ActionKind.Login }));
        Assert.Equal((0, ""), (store.Version, store.Digest));
    }

    [Fact]
    public void A_bad_load_keeps_the_old_set()
    {
        PolicyStore store = Load(AllowAll);
        string digest = store.Digest;
        Assert.False(store.TryLoad([Source("a", AllowAll), Source("b", "policy: [")], out _));
        Assert.Equal((1, digest), (store.Version, store.Digest));
        Assert.Equal("allow by a/a", Ask(store, "select t"));

        Assert.True(store.TryLoad([Source("a", AllowAll), Source("b", "policy: b\nrules: [{id: b, effect: deny, verbs: [select]}]")], out _));
        Assert.Equal((2, 2), (store.Version, store.Open(Facts()).Version));
        Assert.NotEqual(digest, store.Digest);
        Assert.Equal("deny by b/b", Ask(store, "select t"));
    }

    [Fact]
    public void An_old_gate_goes_on_with_the_old_rules_and_its_version_tells()
    {
        PolicyStore store = Load(AllowAll);
        IGate old = store.Open(Facts());
        Assert.True(store.TryLoad([], out _));
        Assert.Equal(VerdictKind.Allow, old.Judge(TestAction.Parse("select t").View()).Kind);
        Assert.NotEqual(store.Version, old.Version);
    }

    [Fact]
    public void A_directory_is_read_by_extension_and_sorted_by_name()
    {
        File.WriteAllText(Path.Combine(_directory, "b.yml"), "policy: b\nrules: [{id: b, effect: deny, verbs: [drop]}]\n");
        File.WriteAllText(Path.Combine(_directory, "a.yaml"), AllowAll);
        File.WriteAllText(Path.Combine(_directory, "c.yaml.bak"), "]");
        Directory.CreateDirectory(Path.Combine(_directory, "sub.yaml"));

        PolicyStore store = new(TimeProvider.System);
        Assert.True(store.TryLoad(_directory, out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Empty(diagnostics);
        Assert.Equal(2, store.DocumentCount);
        Assert.Equal("deny by b/b", Ask(store, "drop t"));
        string digest = store.Digest;
        Assert.True(store.TryLoad(_directory, out _));
        Assert.Equal((2, digest), (store.Version, store.Digest));
    }

    [Fact]
    public void An_empty_directory_denies_everything_with_a_warning()
    {
        PolicyStore store = new(TimeProvider.System);
        Assert.True(store.TryLoad(_directory, out IReadOnlyList<Diagnostic> diagnostics));
        Assert.True(Assert.Single(diagnostics).IsWarning);
        Assert.Equal("deny by default", Ask(store, "select t"));
        Assert.Equal(1, store.Version);
    }

    [Fact]
    public void A_missing_directory_is_an_error()
    {
        PolicyStore store = new(TimeProvider.System);
        Assert.False(store.TryLoad(Path.Combine(_directory, "none"), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.False(Assert.Single(diagnostics).IsWarning);
    }

    [Fact]
    public void A_file_that_is_too_large_is_an_error()
    {
        File.WriteAllText(Path.Combine(_directory, "a.yaml"), AllowAll);
        File.WriteAllText(Path.Combine(_directory, "b.yaml"), new string('#', (1 << 20) + 1));
        PolicyStore store = new(TimeProvider.System);
        Assert.False(store.TryLoad(_directory, out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains("larger than", Assert.Single(diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sessions_that_the_same_documents_apply_to_share_masks()
    {
        PolicyStore store = Load("policy: a\nmask: [{id: m, columns: ['*.*.email'], with: email}]", "policy: b\nmatch: {groups: [x]}\nlimits: {idle: 1m}");
        MaskPlan? one = store.Open(Facts("a")).Masks;
        Assert.NotNull(one);
        Assert.Same(one, store.Open(Facts("b")).Masks);
        Assert.NotSame(one, store.Open(Facts("b", groups: ["x"])).Masks);
    }

    [Fact]
    public void Masks_come_with_allow_and_hold_and_not_with_deny()
    {
        PolicyStore store = Load("policy: a\nrules: [{id: a, effect: allow, verbs: [select]}, {id: h, effect: hold, verbs: [insert]}]\nmask: [{id: m, columns: ['*.*.email'], with: email}]");
        IGate gate = store.Open(Facts());
        Assert.Same(gate.Masks, gate.Judge(TestAction.Parse("select t").View()).Masks);
        Assert.Same(gate.Masks, gate.Judge(TestAction.Parse("insert t").View()).Masks);
        Assert.Null(gate.Judge(TestAction.Parse("drop t").View()).Masks);
        Assert.Null(Load(AllowAll).Open(Facts()).Masks);
    }

    [Fact]
    public void Limits_are_the_tightest_of_all_that_apply()
    {
        PolicyStore store = Load(
            "policy: a\nlimits: {session: 8h, actions-per-minute: 600}",
            "policy: b\nlimits: {session: 1h, idle: 30m, actions-per-minute: 700, concurrent-sessions: 5}",
            "policy: c\nmatch: {groups: [x]}\nlimits: {idle: 1s}");
        SessionLimits expected = new() { Session = TimeSpan.FromHours(1), Idle = TimeSpan.FromMinutes(30), ActionsPerMinute = 600, ConcurrentSessions = 5 };
        Assert.Equal(expected, store.Open(Facts()).Limits);
        Assert.Equal(SessionLimits.None, Load(AllowAll).Open(Facts()).Limits);
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("refuse", null, true)]
    [InlineData("refuse", "refuse", true)]
    [InlineData("end", null, false)]
    [InlineData("refuse", "end", false)]
    [InlineData("end", "refuse", false)]
    public void A_revoked_session_ends_unless_every_document_that_says_so_lets_it_be_refused(string? a, string? b, bool refuse)
    {
        static string Document(string id, string? word) => $"policy: {id}\nlimits: {{idle: 1m{(word is null ? "" : $", on-revoked: {word}")}}}";
        Assert.Equal(refuse, Load(Document("a", a), Document("b", b)).Open(Facts()).Limits.RefuseWhenRevoked);
    }

    [Fact]
    public void A_document_that_only_says_on_revoked_does_something()
    {
        PolicyStore store = new(TimeProvider.System);
        Assert.True(store.TryLoad([Source("a", "policy: a\nlimits: {on-revoked: end}")], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Empty(diagnostics);
    }

    [Fact]
    public void A_mask_key_that_is_too_short_is_refused() =>
        Assert.Throws<ArgumentException>(() => new PolicyStore(TimeProvider.System, new byte[31]));
}
