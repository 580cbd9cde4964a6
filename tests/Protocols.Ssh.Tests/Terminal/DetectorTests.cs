using System.Text;
using CsCheck;
using Sallyport.Protocols.Ssh.Terminal;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Terminal;

/// <summary>Edges of detection that no shell was recorded at.</summary>
public sealed class DetectorTests
{
    [Theory]
    [InlineData("Password: ", true)]
    [InlineData("[sudo] password for ada: ", true)]
    [InlineData("ada@web1's password:", true)]
    [InlineData("Enter passphrase for key '/srv/id_ed25519': ", true)]
    [InlineData("Enter PIN for 'token': ", true)]
    [InlineData("PIN:", true)]
    [InlineData("Verification code: ", true)]
    [InlineData("Password: ****", true)]
    [InlineData("Passwort für ada: ", true)]
    [InlineData("Mot de passe : ", true)]
    [InlineData("Contraseña: ", true)]
    [InlineData("пароль: ", true)]
    [InlineData("パスワード：", true)]
    [InlineData("请输入密码: ", true)]
    [InlineData("$ ", false)]
    [InlineData("shipping: ", false)]
    [InlineData("pins and needles: ", false)]
    [InlineData("the password is wrong", false)]
    [InlineData("Password: \r\n$ ", false)]
    [InlineData("password:\r\n", false)]
    [InlineData("", false)]
    [InlineData("a very long first line that wraps around the edge of the terminal, asking ada for her password: ", true)]
    public void Prompts_for_secrets_are_known(string shown, bool secret)
    {
        var detector = new CommandDetector(40, 5);
        detector.FromTarget(Encoding.UTF8.GetBytes(shown));
        Assert.Equal(secret, detector.IsSecretPrompt);
    }

    [Fact]
    public void A_secret_is_no_command_even_when_it_is_echoed()
    {
        var detector = new CommandDetector(80, 24);
        detector.FromTarget("Password: "u8);
        detector.FromClient("hunter2"u8);
        detector.FromTarget("hunter2"u8);
        detector.FromClient("\r"u8);
        detector.FromTarget("\r\nwelcome\r\n$ "u8);
        Assert.False(detector.TryTake(out _));
        Assert.Equal(["id"], Run(detector, "id"));
    }

    [Fact]
    public void Output_without_keys_is_no_command()
    {
        var detector = new CommandDetector(80, 24);
        detector.FromTarget("$ rm -rf /\r\n# shutdown\r\n"u8);
        Assert.False(detector.TryTake(out _));
    }

    [Fact]
    public void Nothing_is_detected_in_the_alternate_screen()
    {
        var detector = new CommandDetector(80, 24);
        detector.FromTarget("$ \u001b[?1049h"u8);
        Assert.Empty(Run(detector, ":wq"));
        detector.FromTarget("\u001b[?1049l"u8);
        Assert.Equal(["ls"], Run(detector, "ls"));
    }

    [Fact]
    public void Bulk_output_between_commands_leaves_the_prompt_to_be_found()
    {
        var detector = new CommandDetector(80, 24);
        detector.FromTarget("$ "u8);
        Assert.Equal(["cat big"], Run(detector, "cat big"));
        byte[] bulk = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(line => $"line {line}\r\n")));
        for (int at = 0; at < bulk.Length; at += 32 << 10)
            detector.FromTarget(bulk.AsSpan(at, Math.Min(32 << 10, bulk.Length - at)));
        detector.FromTarget("$ "u8);
        Assert.Equal("line 19999", detector.Screen.Line(detector.Screen.CursorRow - 1));
        Assert.Equal(["id"], Run(detector, "id"));
    }

    [Fact]
    public void A_command_is_kept_to_its_bound()
    {
        var detector = new CommandDetector(1000, 20);
        detector.FromTarget("$ "u8);
        string command = Assert.Single(Run(detector, new string('x', 12_000)));
        Assert.Equal(CommandDetector.MaxText, command.Length);
    }

    [Fact]
    public void Any_bytes_from_both_sides_are_taken_without_an_exception() =>
        Gen.Select(Gen.Bool, Pieces, Gen.Int[0, 60]).Array[1, 60].Sample(
            pieces =>
            {
                var detector = new CommandDetector(9, 4);
                foreach ((bool fromClient, byte[] bytes, int size) in pieces)
                {
                    if (fromClient)
                        detector.FromClient(bytes);
                    else
                        detector.FromTarget(bytes);
                    if (size < 3)
                        detector.Resize(size * 3, size + 1);
                    Assert.True(!detector.IsSecretPrompt || detector.Screen.Rows > 0);
                    while (detector.TryTake(out string command))
                        Assert.InRange(command.Length, 1, CommandDetector.MaxText);
                }
            },
            iter: 3000);

    [Fact]
    public void Nothing_is_allocated_where_nothing_is_detected()
    {
        var detector = new CommandDetector(80, 24);
        byte[] bulk = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\u001b[32mgreen\u001b[0m and plain text 漢字\r\n", 800)));
        Round();
        Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            Round();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Round()
        {
            detector.FromClient("k"u8);
            detector.FromTarget(bulk);
        }
    }

    private static readonly Gen<byte[]> Pieces = Gen.OneOf(
        Gen.Byte.Array[1, 12],
        Gen.Int[0, 9].Select(index => Encoding.UTF8.GetBytes(
            new[] { "\r", "\r\n", "$ ", "abc", "漢", "\u001b[?1049h", "\u001b[?1049l", "\u001b[?2004l", "\u001b]133;B\u0007", "\u001b[200~" }[index])));

    private static List<string> Run(CommandDetector detector, string keys)
    {
        detector.FromClient(Encoding.UTF8.GetBytes(keys));
        detector.FromTarget(Encoding.UTF8.GetBytes(keys));
        detector.FromClient("\r"u8);
        detector.FromTarget("\r\n"u8);
        List<string> found = [];
        while (detector.TryTake(out string command))
            found.Add(command);
        detector.FromTarget("$ "u8);
        return found;
    }
}
