using System.Text;
using CsCheck;
using Sallyport.Protocols.Ssh.Lobby;

namespace Sallyport.Protocols.Ssh.Tests.Lobby;

public sealed class MenuTests
{
    private static readonly string[] Targets = ["box", "db1"];

    [Theory]
    [InlineData("1\r", "deploy", "box")]
    [InlineData("2\n", "deploy", "db1")]
    [InlineData(" db1 \r", "deploy", "db1")]
    [InlineData("3\r", "deploy", "3")]
    [InlineData("0\r", "deploy", "0")]
    [InlineData("root+box\r", "root", "box")]
    [InlineData("a+b+box\r", "a+b", "box")]
    [InlineData("dbx\b1\r", "deploy", "db1")]
    [InlineData("nonsense\u0015box\r", "deploy", "box")]
    [InlineData("\r\rbox\r", "deploy", "box")]
    public void A_line_is_an_address(string typed, string account, string target)
    {
        var menu = new SshMenu(Targets, "deploy");
        SshMenu.Answer[] answers = [.. Encoding.ASCII.GetBytes(typed).Select(menu.Type)];
        Assert.Equal(new SshAddress(account, target), answers[^1].Chosen);
        Assert.All(answers[..^1], answer => Assert.Null(answer.Chosen));
    }

    [Theory]
    [InlineData("q\r")]
    [InlineData("exit\r")]
    [InlineData("\u0003")]
    [InlineData("bo\u0004")]
    public void There_is_a_way_out(string typed)
    {
        var menu = new SshMenu(Targets, "deploy");
        SshMenu.Answer[] answers = [.. Encoding.ASCII.GetBytes(typed).Select(menu.Type)];
        Assert.True(answers[^1].Leaves);
    }

    [Fact]
    public void Names_are_shown_and_nothing_when_there_are_none()
    {
        Assert.Contains("  2  db1\r\n", new SshMenu(Targets, "deploy").Text(), StringComparison.Ordinal);
        Assert.Contains("No target is open to you", new SshMenu([], "deploy").Text(), StringComparison.Ordinal);
    }

    /// <summary>What is echoed can do nothing to a terminal but print, erase and begin a line, whatever is typed.</summary>
    [Fact]
    public void No_key_is_echoed_that_a_terminal_would_obey() => Gen.Byte.Array[0, 600].Sample(keys =>
    {
        var menu = new SshMenu(Targets, "deploy");
        foreach (byte key in keys)
        {
            SshMenu.Answer answer = menu.Type(key);
            Assert.DoesNotContain(answer.Echo ?? "", c => c is not ('\r' or '\n' or '\b') and (< ' ' or > '~'));
            Assert.True((answer.Chosen?.Target.Length ?? 0) <= 200);
        }
    });
}
