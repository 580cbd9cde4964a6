using System.Net;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

public sealed class AuthorizedKeyTests
{
    private static readonly SshPublicKey Key = TestKeys.Of(SshKeyTypes.Ed25519).PublicKey;

    [Fact]
    public void A_plain_line_restricts_nothing()
    {
        AuthorizedKey key = Read("");
        Assert.Equal(Key, key.Key);
        Assert.Equal("alice at work", key.Comment);
        Assert.Equal(new LoginRestrictions(), key.Restrictions);
        Assert.False(key.IsAuthority);
    }

    [Fact]
    public void Options_are_read_in_order()
    {
        AuthorizedKey key = Read("""restrict,pty,command="echo \"a b\", c",from="10.0.0.0/8,!10.9.*,192.168.1.?",expiry-time="202601021530Z",verify-required""");
        Assert.Equal(new LoginRestrictions { ForceCommand = "echo \"a b\", c", NoForwarding = true, NoAgent = true, NoX11 = true }, key.Restrictions);
        Assert.True(key.From!.Contains(IPAddress.Parse("10.1.1.1")));
        Assert.False(key.From.Contains(IPAddress.Parse("10.9.1.1")));
        Assert.True(key.From.Contains(IPAddress.Parse("192.168.1.5")));
        Assert.False(key.From.Contains(IPAddress.Parse("192.168.1.55")));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 15, 30, 0, TimeSpan.Zero), key.ExpiresAt);
        Assert.True(key.VerifyRequired);
    }

    [Theory]
    [InlineData("no-pty", true, false, false, false)]
    [InlineData("no-port-forwarding", false, true, false, false)]
    [InlineData("no-agent-forwarding", false, false, true, false)]
    [InlineData("no-X11-forwarding", false, false, false, true)]
    [InlineData("NO-X11-forwarding,no-user-rc", false, false, false, true)]
    [InlineData("no-pty,pty", false, false, false, false)]
    [InlineData("permitopen=\"web1:80\"", false, true, false, false)]
    [InlineData("permitopen=\"web1:80\",port-forwarding", false, true, false, false)]
    [InlineData("permitlisten=\"8080\"", false, true, false, false)]
    [InlineData("no-touch-required", false, false, false, false)]
    public void What_they_forbid_is_forbidden(string options, bool pty, bool forwarding, bool agent, bool x11) =>
        Assert.Equal(new LoginRestrictions { NoPty = pty, NoForwarding = forwarding, NoAgent = agent, NoX11 = x11 }, Read(options).Restrictions);

    [Fact]
    public void An_authority_has_principals()
    {
        AuthorizedKey key = Read("cert-authority,principals=\"alice,bob\"");
        Assert.True(key.IsAuthority);
        Assert.Equal(["alice", "bob"], key.Principals);
    }

    [Theory]
    [InlineData("no-such-option")]
    [InlineData("environment=\"A=b\"")]
    [InlineData("command")]
    [InlineData("command=id")]
    [InlineData("command=\"id")]
    [InlineData("command=\"\"")]
    [InlineData("command=\"a\",command=\"b\"")]
    [InlineData("from=\"\"")]
    [InlineData("from=\"10.0.0.1/8\"")]
    [InlineData("from=\"10.0.0.1\",from=\"10.0.0.2\"")]
    [InlineData("expiry-time=\"soon\"")]
    [InlineData("principals=\"alice\"")]
    [InlineData("cert-authority,principals=\"alice,,bob\"")]
    [InlineData("restrict,")]
    [InlineData(",restrict")]
    [InlineData("restrict=\"yes\"")]
    public void What_is_not_understood_is_an_error(string options) =>
        Assert.False(AuthorizedKey.TryParse($"{options} {Key} c", out _, out _));

    [Fact]
    public void A_file_says_where_it_is_wrong()
    {
        IReadOnlyList<AuthorizedKey> keys = AuthorizedKey.ParseFile($"# mine\n\n{Key} a\nbad {Key}\nrestrict {Key} b\n", out IReadOnlyList<KeyFileProblem> problems);
        Assert.Equal(["a", "b"], keys.Select(key => key.Comment));
        Assert.Equal(4, Assert.Single(problems).Line);
    }

    private static AuthorizedKey Read(string options)
    {
        Assert.True(AuthorizedKey.TryParse($"{options} {Key} alice at work", out AuthorizedKey? key, out string problem), problem);
        return key;
    }
}
