using System.Text;
using Sallyport.Protocols.Ssh.Terminal;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Terminal;

/// <summary>Commands detected in what real shells wrote (Shells/record.py recorded it).</summary>
public sealed class ShellTests
{
    public static TheoryData<string> Shells => ["bash", "dash", "zsh", "secret", "programs", "paste", "marks"];

    [Theory, MemberData(nameof(Shells))]
    public void Finds_every_command_and_no_other(string name)
    {
        foreach (bool bytewise in new[] { false, true })
        {
            CommandDetector? detector = null;
            List<string> expected = [], found = [];
            foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Terminal", "Shells", name + ".txt")))
            {
                string text = line[2..];
                switch (line[0])
                {
                    case '@':
                        detector = new CommandDetector(int.Parse(text.Split(' ')[0]), int.Parse(text.Split(' ')[1]));
                        break;
                    case '>':
                        Feed(Unescape(text), bytewise, detector!.FromClient);
                        break;
                    case '<':
                        Feed(Unescape(text), bytewise, detector!.FromTarget);
                        break;
                    case '=':
                        expected.Add(Encoding.UTF8.GetString(Unescape(text)));
                        break;
                    case '?':
                        Assert.Equal(text == "yes", detector!.IsSecretPrompt);
                        break;
                }

                while (detector!.TryTake(out string command))
                    found.Add(command);
            }

            Assert.Equal(expected, found);
        }
    }

    private delegate void Take(ReadOnlySpan<byte> bytes);

    private static void Feed(byte[] bytes, bool bytewise, Take take)
    {
        if (!bytewise)
        {
            take(bytes);
            return;
        }

        foreach (byte one in bytes)
            take([one]);
    }

    // Python's unicode_escape.
    private static byte[] Unescape(string text)
    {
        var plain = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            char kind = text[++i];
            int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            plain.Append(digits > 0
                ? char.ConvertFromUtf32(Convert.ToInt32(text.Substring(i + 1, digits), 16))
                : kind switch { 'n' => "\n", 'r' => "\r", 't' => "\t", _ => kind.ToString() });
            i += digits;
        }

        return Encoding.UTF8.GetBytes(plain.ToString());
    }
}
