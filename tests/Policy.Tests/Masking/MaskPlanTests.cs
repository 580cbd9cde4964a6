using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Masking;

public class MaskPlanTests
{
    private const string Masks = """
        policy: a
        mask:
          - {id: weak, columns: ["public.customers.*"], with: email}
          - {id: card, columns: ["*.*.card_number", "public.customers.\"odd.name\""], with: last4}
          - {id: strong, columns: ["public.customers.ssn", "vault.*.*"], with: "null"}
        """;

    [Theory]
    [InlineData("public", "customers", "email", "email")]
    [InlineData("public", "customers", "card_number", "last4")]
    [InlineData("archive", "payments", "card_number", "last4")]
    [InlineData("public", "customers", "odd.name", "last4")]
    [InlineData("public", "customers", "ssn", "null")]
    [InlineData("vault", "x", "card_number", "null")]
    [InlineData("public", "orders", "email", null)]
    [InlineData("Public", "customers", "email", null)]
    public void The_strictest_mask_that_matches_is_used(string schema, string table, string column, string? expected) =>
        Assert.Equal(expected, Load(Masks).Open(Facts()).Masks!.Find(schema, table, column)?.Strategy);

    [Theory]
    [InlineData("email", "last4", "last4")]
    [InlineData("last4", "hash", "hash")]
    [InlineData("hash", "redact", "redact")]
    [InlineData("redact", "null", "null")]
    [InlineData("null", "email", "null")]
    public void Strictness_is_ordered_over_documents(string one, string other, string expected)
    {
        string a = $"policy: a\nmask: [{{id: m, columns: ['*.*.c'], with: {one}}}]";
        string b = $"policy: b\nmask: [{{id: m, columns: ['s.*.*'], with: {other}}}]";
        Assert.Equal(expected, Load(a, b).Open(Facts()).Masks!.Find("s", "t", "c")!.Strategy);
        Assert.Equal(expected, Load(b, a).Open(Facts()).Masks!.Find("s", "t", "c")!.Strategy);
    }

    [Fact]
    public void Computed_values_are_shown_only_if_every_document_with_masks_says_keep()
    {
        const string Keep = "policy: a\ncomputed: keep\nmask: [{id: m, columns: ['*.*.c'], with: email}]";
        const string Mask = "policy: b\nmask: [{id: m, columns: ['*.*.c'], with: email}]";
        const string None = "policy: c\nlimits: {idle: 1m}";
        Assert.Null(Load(Keep, None).Open(Facts()).Masks!.Computed);
        Assert.Equal("redact", Load(Keep, Mask).Open(Facts()).Masks!.Computed!.Strategy);
        Assert.Equal("redact", Load(Mask).Open(Facts()).Masks!.Computed!.Strategy);
    }

    [Fact]
    public void A_document_that_does_not_apply_masks_nothing()
    {
        IGate gate = Load("policy: a\nmatch: {groups: [x]}\nmask: [{id: m, columns: ['*.*.c'], with: email}]").Open(Facts());
        Assert.Null(gate.Masks);
    }
}
