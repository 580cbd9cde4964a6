using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Exchanges;

/// <summary>What a cluster is told of a person, and what it is never told.</summary>
public sealed class HttpPersonaTests
{
    private static readonly Guid Session = Guid.NewGuid();

    [Fact]
    public void Groups_of_the_clusters_own_are_not_passed_on()
    {
        HttpPersona persona = HttpPersona.Of(new HttpImpersonation(), Person("ada", "ops", "system:masters", "system:nodes", "dev"), Session)!;
        Assert.Equal(["ops", "dev"], Values(persona, "impersonate-group"));
        Assert.Equal(["ada"], Values(persona, "impersonate-user"));
        Assert.Equal(["system:masters", "system:nodes"], persona.Withheld.AsEnumerable());
        Assert.Equal([Session.ToString()], Values(persona, "impersonate-extra-sallyport.dev%2fsession"));
        Assert.Equal(["https://corp.example"], Values(persona, "impersonate-extra-sallyport.dev%2fissuer"));
        Assert.Equal(["pat", "bob"], Values(persona, "impersonate-extra-sallyport.dev%2facting-for"));
    }

    [Theory]
    [InlineData("system:masters")]
    [InlineData(" system:masters")]
    [InlineData("system:masters ")]
    [InlineData("\tsystem:masters")]
    [InlineData("\u00a0system:masters")]
    [InlineData("ops\r\nimpersonate-group: system:masters")]
    [InlineData("")]
    public void A_name_that_a_server_could_read_as_its_own_is_nobodys(string name)
    {
        Assert.Null(HttpPersona.Of(new HttpImpersonation(), Person(name), Session));
        Assert.Empty(Values(HttpPersona.Of(new HttpImpersonation(), Person("ada", name), Session)!, "impersonate-group"));
        Assert.Empty(Values(HttpPersona.Of(new HttpImpersonation { Groups = ["*"] }, Person("ada", name), Session)!, "impersonate-group"));
    }

    [Fact]
    public void What_the_operator_lists_is_passed_on()
    {
        var rules = new HttpImpersonation { Groups = ["dev-*", "ops", "system:viewers"], SystemUsers = ["system:serviceaccount:ci:*"] };
        Assert.Equal(["dev-a", "ops", "system:viewers"], Values(HttpPersona.Of(rules, Person("system:serviceaccount:ci:bot", "dev-a", "ops", "opsx", "qa", "system:viewers", "system:masters"), Session)!, "impersonate-group"));
        Assert.Null(HttpPersona.Of(rules, Person("system:serviceaccount:cix"), Session));
        Assert.Null(HttpPersona.Of(rules, Person("system:admin"), Session));
        Assert.Empty(Values(HttpPersona.Of(new HttpImpersonation { Groups = [] }, Person("ada", "ops"), Session)!, "impersonate-group"));
    }

    [Fact]
    public void With_a_prefix_no_name_is_the_clusters_own()
    {
        var rules = new HttpImpersonation { Prefix = "corp:" };
        HttpPersona persona = HttpPersona.Of(rules, Person("system:admin", "system:masters"), Session)!;
        Assert.Equal(["corp:system:admin"], Values(persona, "impersonate-user"));
        Assert.Equal(["corp:system:masters"], Values(persona, "impersonate-group"));
    }

    [Theory]
    [InlineData("sys", "tem:masters")]
    [InlineData("system", ":masters")]
    [InlineData("s", "ystem:masters")]
    [InlineData("system:", "masters")]
    public void A_name_that_becomes_the_clusters_own_by_its_prefix_is_nobodys(string prefix, string name)
    {
        var rules = new HttpImpersonation { Prefix = prefix };
        Assert.False(HttpImpersonation.IsPrefix(prefix));
        Assert.Null(HttpPersona.Of(rules, Person(name), Session));
        Assert.False(rules.PassesGroup(name));
        Assert.False((rules with { Groups = ["*"] }).PassesGroup(name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("corp:")]
    [InlineData("systems:")]
    [InlineData("System:")]
    public void Any_other_prefix_may_stand_before_names(string prefix) => Assert.True(HttpImpersonation.IsPrefix(prefix));

    private static Identity Person(string subject, params string[] groups) =>
        new() { Subject = subject, Issuer = "https://corp.example", Groups = [.. groups], ActingFor = ["pat", "bob"], ExpiresAt = DateTimeOffset.MaxValue };

    private static string[] Values(HttpPersona persona, string name)
    {
        var head = new HttpHead(16384, 64);
        Assert.True(persona.TryAdd(head));
        var values = new List<string>();
        for (int i = 0; i < head.Count; i++)
        {
            if (head[i].Name.SequenceEqual(Encoding.ASCII.GetBytes(name)))
                values.Add(Encoding.UTF8.GetString(head[i].Value));
        }

        return [.. values];
    }
}
