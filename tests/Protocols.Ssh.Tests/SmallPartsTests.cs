using System.Net;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Tests;

/// <summary>Addresses, refusals, digests and names.</summary>
public sealed class SmallPartsTests
{
    private static readonly SessionFacts Facts = new()
    {
        SessionId = Guid.Empty,
        Node = "n",
        Listener = "l",
        Protocol = "ssh",
        Identity = new Identity { Subject = "alice", Issuer = "test", ExpiresAt = DateTimeOffset.MaxValue },
        Target = "box",
        Resource = "deploy",
        Source = new IPEndPoint(IPAddress.Loopback, 1),
        StartedAt = DateTimeOffset.UnixEpoch,
    };

    [Theory]
    [InlineData("deploy+box", null, "deploy", "box")]
    [InlineData("deploy", null, "deploy", "")]
    [InlineData("+box", null, "", "box")]
    [InlineData("deploy+", null, "deploy", "")]
    [InlineData("a+b+box", null, "a+b", "box")]
    [InlineData("", null, "", "")]
    [InlineData("deploy", "box", "deploy", "box")]
    [InlineData("deploy+box", "box", "deploy", "box")]
    [InlineData("deploy+vault", "box", "deploy", "?")]
    [InlineData("deploy+", "box", "deploy", "?")]
    public void A_user_name_is_an_address(string user, string? jumpedTo, string account, string target) =>
        Assert.Equal(new SshAddress(account, target), SshAddress.Parse(user, jumpedTo));

    [Fact]
    public void A_refusal_says_what_why_and_what_to_do()
    {
        var verdict = new Verdict(VerdictKind.Deny, "ops/no-rm", 1, "Use the job.");
        Assert.Equal("sallyport: refused by policy: the command was not run. Rule ops/no-rm. Use the job.", SshRefusal.FromVerdict(verdict, "the command was not run"));
        Assert.Contains("No rule allows it", SshRefusal.FromVerdict(new Verdict(VerdictKind.Deny, "default", 1), "x"), StringComparison.Ordinal);
        Assert.Contains("simpler words", SshRefusal.FromVerdict(new Verdict(VerdictKind.Deny, "default-unparsed", 1), "x"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_approvers_words_stay_on_one_line()
    {
        string said = SshRefusal.FromOutcome(new Verdict(VerdictKind.Hold, "ops/ask", 1), new HoldOutcome(false, "apr-1", "denied", "no\r\n\u001b[2Jthanks"), "it was not run");
        Assert.DoesNotContain(said, char.IsControl);
        Assert.Contains("Approval apr-1", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_gets_lines_that_begin_at_its_left()
    {
        Assert.Equal("\r\nno\r\n", Encoding.UTF8.GetString(SshRefusal.Lines("no", terminal: true)));
        Assert.Equal("no\n", Encoding.UTF8.GetString(SshRefusal.Lines("no", terminal: false)));
    }

    [Fact]
    public void A_digest_changes_with_everything_that_decides_what_runs()
    {
        byte[][] all =
        [
            Digest("ls", Facts, ""),
            Digest("ls ", Facts, ""),
            Digest("ls", Facts with { Resource = "root" }, ""),
            Digest("ls", Facts with { Target = "box2" }, ""),
            Digest("ls", Facts, "LD_PRELOAD"),
            Digest("ls", Facts, "", Verb.Subsystem),
            SshDigest.Of(new ActionView { Kind = ActionKind.FileAccess, Verb = Verb.Exec, Text = "ls"u8 }, Facts, default),
            SshDigest.Of(new ActionView { Kind = ActionKind.Command, Verb = Verb.Exec, Text = "ls"u8, Names = "ls"u8 }, Facts, default),
        ];
        Assert.Equal(all.Length, all.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal(all[0], Digest("ls", Facts with { SessionId = Guid.NewGuid() }, ""));

        // Bytes cannot move from one field into the next.
        Assert.NotEqual(Digest("ab", Facts, "c"), Digest("a", Facts, "bc"));
    }

    [Theory]
    [InlineData("plain-name_1.2@x:/[]", "plain-name_1.2@x:/[]")]
    [InlineData("a\r\nb\u001b[2J\u202e", "a??b?[2J?")]
    public void A_peers_name_is_shown_plain(string name, string shown) => Assert.Equal(shown, SshNames.Shown(name));

    [Fact]
    public void A_peers_name_is_shown_short() => Assert.Equal(200, SshNames.Shown(new string('x', 5000)).Length);

    private static byte[] Digest(string text, SessionFacts facts, string environment, Verb verb = Verb.Exec) =>
        SshDigest.Of(new ActionView { Kind = ActionKind.Command, Verb = verb, Text = Encoding.UTF8.GetBytes(text) }, facts, Encoding.UTF8.GetBytes(environment));
}
