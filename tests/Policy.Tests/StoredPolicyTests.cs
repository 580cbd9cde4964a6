using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Tests.Support;
using Sallyport.Policy.Yaml;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests;

public sealed class StoredPolicyTests : IDisposable
{
    private const string AllowAll = "policy: files\nrules: [{id: a, effect: allow, verbs: [all]}]\n";
    private const string DenyDrop = "policy: edited\nrules: [{id: d, effect: deny, verbs: [drop]}, {id: h, effect: hold, verbs: [delete], approval: {quorum: 2}}]\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("policy").FullName;
    private readonly PolicyStore _store = new(new TestTime(), MaskKey);

    public StoredPolicyTests() => File.WriteAllText(Path.Combine(_directory, "a.yaml"), AllowAll);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Files_and_stored_documents_are_in_force_together()
    {
        Assert.True(_store.TryLoad(_directory, [new StoredDocument("guard", DenyDrop)], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Empty(diagnostics);
        Assert.Equal((1, 2), (_store.Version, _store.DocumentCount));
        Assert.Equal("deny by edited/d", Ask(_store, "drop t"));
        Assert.Equal("hold by edited/h", Ask(_store, "delete t"));
        Assert.Equal("allow by files/a", Ask(_store, "select t"));
        Assert.Equal(2, _store.TermsOf("edited/h")!.Quorum);
        Assert.Equal("store:guard", _store.Explain(Facts(), TestAction.Parse("drop t").View()).Documents[1].File);
    }

    [Fact]
    public void An_error_in_the_store_has_its_place_and_leaves_the_old_policy_in_force()
    {
        Assert.True(_store.TryLoad(_directory, [], out _));
        string digest = _store.Digest;
        Assert.False(_store.TryLoad(_directory, [new StoredDocument("guard", DenyDrop), new StoredDocument("new", "policy: new\nrules: [{id: r, effect: alow, verbs: [all]}]\n")], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Equal("store:new:2:25: error: \"alow\" is none of allow, deny, hold. (did you mean \"allow\"?)", Assert.Single(diagnostics).ToString());
        Assert.Equal((1, digest), (_store.Version, _store.Digest));
        Assert.Equal("allow by files/a", Ask(_store, "drop t"));
    }

    [Fact]
    public void An_error_in_a_file_keeps_stored_documents_out_too()
    {
        File.WriteAllText(Path.Combine(_directory, "b.yaml"), "policy: [");
        Assert.False(_store.TryLoad(_directory, [new StoredDocument("guard", DenyDrop)], out _));
        Assert.Equal((0, "deny by default"), (_store.Version, Ask(_store, "select t")));
    }

    [Fact]
    public void An_id_that_a_file_has_is_an_error_that_names_both()
    {
        Assert.False(_store.TryLoad(_directory, [new StoredDocument("Copy", AllowAll)], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Equal(
            $"store:Copy:1:9: error: \"files\" is already the id of the document at {Path.Combine(_directory, "a.yaml")}:1.",
            Assert.Single(diagnostics).ToString());
    }

    [Fact]
    public void Two_stored_documents_must_not_share_an_id_or_a_name()
    {
        Assert.False(_store.TryLoad(_directory, [new StoredDocument("b", DenyDrop), new StoredDocument("a", DenyDrop)], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Equal("store:b:1:9: error: \"edited\" is already the id of the document at store:a:1.", Assert.Single(diagnostics).ToString());
        Assert.False(_store.TryLoad(_directory, [new StoredDocument("a", DenyDrop), new StoredDocument("a", "policy: x\nlimits: {idle: 1m}")], out diagnostics));
        Assert.Equal("store:a: error: There are two stored policies of this name.", Assert.Single(diagnostics).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("../a")]
    [InlineData("-a")]
    [InlineData("a\u001b[31m")]
    public void A_name_that_is_none_is_an_error(string name)
    {
        Assert.False(_store.TryLoad(_directory, [new StoredDocument(name, DenyDrop)], out IReadOnlyList<Diagnostic> diagnostics));
        Diagnostic error = Assert.Single(diagnostics);
        Assert.Contains("is not a name", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.ToString());
    }

    [Fact]
    public void The_bounds_of_files_are_those_of_the_store()
    {
        Assert.False(_store.TryLoad(_directory, [new StoredDocument("big", new string('#', (1 << 20) + 1))], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains("larger than", Assert.Single(diagnostics).Message, StringComparison.Ordinal);
        Assert.False(_store.TryLoad(_directory, [.. Enumerable.Range(0, 1001).Select(i => new StoredDocument($"d{i}", ""))], out diagnostics));
        Assert.Contains("more than 1000", Assert.Single(diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_digest_covers_both_and_tells_a_file_from_a_stored_document()
    {
        List<string> digests = [];
        string other = Path.Combine(_directory, "guard");
        foreach (StoredDocument[] stored in new StoredDocument[][] { [], [new("guard", DenyDrop)], [new("guard2", DenyDrop)], [new("guard", DenyDrop + "# x\n")] })
        {
            Assert.True(_store.TryLoad(_directory, stored, out _));
            digests.Add(_store.Digest);
        }

        File.WriteAllText(other + ".yaml", DenyDrop);
        Assert.True(_store.TryLoad(_directory, [], out _));
        digests.Add(_store.Digest);
        File.Delete(other + ".yaml");
        Assert.True(_store.TryLoad(_directory, [new StoredDocument("guard.yaml", DenyDrop)], out _));
        digests.Add(_store.Digest);
        Assert.Equal(digests.Count, digests.Distinct().Count());

        Assert.True(_store.TryLoad(_directory, [new StoredDocument("x", "policy: x\nlimits: {idle: 1m}"), new StoredDocument("guard", DenyDrop)], out _));
        string digest = _store.Digest;
        Assert.True(_store.TryLoad(_directory, [new StoredDocument("guard", DenyDrop), new StoredDocument("x", "policy: x\nlimits: {idle: 1m}")], out _));
        Assert.Equal(digest, _store.Digest);
    }

    [Fact]
    public void Stored_documents_alone_are_no_empty_policy()
    {
        File.Delete(Path.Combine(_directory, "a.yaml"));
        Assert.True(_store.TryLoad(_directory, [new StoredDocument("guard", DenyDrop)], out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Empty(diagnostics);
    }

    [Fact]
    public void A_draft_is_explained_and_nothing_is_put_in_force()
    {
        Assert.True(_store.TryLoad(_directory, [], out _));
        string digest = _store.Digest;
        PolicyDraft? draft = _store.Check(_directory, [new StoredDocument("guard", DenyDrop)], out IReadOnlyList<Diagnostic> diagnostics);
        Assert.NotNull(draft);
        Assert.Empty(diagnostics);
        PolicyExplanation explanation = draft.Explain(Facts(), TestAction.Parse("drop t").View());
        Assert.Equal((VerdictKind.Deny, "edited/d", 0, draft.Digest), (explanation.Verdict, explanation.RuleId, explanation.PolicyVersion, explanation.PolicyDigest));
        Assert.Equal((2, 2), (draft.DocumentCount, draft.TermsOf("edited/h")!.Quorum));
        Assert.Equal((1, digest, "allow by files/a"), (_store.Version, _store.Digest, Ask(_store, "drop t")));

        Assert.True(_store.TryLoad(_directory, [new StoredDocument("guard", DenyDrop)], out _));
        Assert.Equal(_store.Digest, draft.Digest);
        Assert.Null(_store.Check(_directory, [new StoredDocument("guard", "policy: [")], out diagnostics));
        Assert.NotEmpty(diagnostics);
        Assert.Equal(2, _store.Version);
    }
}
