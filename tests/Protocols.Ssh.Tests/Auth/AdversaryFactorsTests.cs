using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

/// <summary>Two proofs that look like one person's, and are not; and what either leaves its holder.</summary>
public class AdversaryFactorsTests
{
    private static readonly IReadOnlyList<IReadOnlyList<SshMethod>> Both = [[SshMethod.PublicKey, SshMethod.Password]];

    [Fact]
    public void Subjects_of_two_issuers_are_two_persons_whatever_their_names()
    {
        LoginResult other = FakeLogin.Person("alice");
        other = other with { Identity = other.Identity! with { Issuer = "another" } };
        var factors = new SshFactors(Both);
        Assert.Null(factors.Add(new SshFactor(SshMethod.PublicKey, FakeLogin.Person("alice"), "1")));
        Assert.Equal("factors-differ", factors.Add(new SshFactor(SshMethod.Password, other, "2")));
        Assert.False(factors.IsMet);
    }

    [Theory]
    [InlineData("deploy", null, "deploy")]
    [InlineData(null, "deploy", "deploy")]
    [InlineData("deploy,web", "web,root", "web")]
    [InlineData("deploy", "root", "")]
    [InlineData(null, null, null)]
    public void Accounts_are_those_that_both_proofs_are_for(string? first, string? second, string? both)
    {
        var factors = new SshFactors(Both);
        Assert.Null(factors.Add(new SshFactor(SshMethod.PublicKey, FakeLogin.Person("alice", For(first)), "1")));
        Assert.Null(factors.Add(new SshFactor(SshMethod.Password, FakeLogin.Person("alice", For(second)), "2")));
        Assert.Equal(For(both).Accounts, factors.Restrictions.Accounts);

        static LoginRestrictions For(string? names) => new() { Accounts = names?.Split(',', StringSplitOptions.RemoveEmptyEntries) };
    }

    [Fact]
    public void Every_proof_goes_along_so_that_each_can_be_taken_back()
    {
        var key = new KeyProof(new byte[] { 1 }, "deploy+web1", new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1));
        LoginResult first = Named("key:1") with { Identity = Named("key:1").Identity! with { Key = key } };
        var factors = new SshFactors([[SshMethod.PublicKey, SshMethod.Password, SshMethod.KeyboardInteractive]]);
        Assert.Null(factors.Add(new SshFactor(SshMethod.PublicKey, first, "1")));
        Assert.Null(factors.Add(new SshFactor(SshMethod.Password, Named("token"), "2")));
        Assert.Null(factors.Add(new SshFactor(SshMethod.KeyboardInteractive, Named("prompt"), "3")));

        Identity who = factors.Identity!;
        Assert.Equal("prompt", who.TokenId);
        Assert.Equal(["key:1", "token"], who.Earlier.Select(earlier => earlier.TokenId));
        Assert.Same(key, who.Earlier[0].Key);
        Assert.All(who.Earlier, earlier => Assert.Empty(earlier.Earlier));

        static LoginResult Named(string id) => FakeLogin.Person("alice") with { Identity = FakeLogin.Person("alice").Identity! with { TokenId = id } };
    }
}
