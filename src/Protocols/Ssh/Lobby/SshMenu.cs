using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Lobby;

/// <summary>The menu of a terminal that was opened without naming a target: a list, a prompt, and a line that is edited here.</summary>
internal sealed class SshMenu(IReadOnlyList<string> targets, string account)
{
    private const int LongestLine = 200;
    private readonly StringBuilder _line = new();

    /// <summary>What a key press led to.</summary>
    internal readonly record struct Answer(string Echo, SshAddress? Chosen, bool Leaves);

    /// <summary>The list, and the prompt.</summary>
    public string Text()
    {
        var text = new StringBuilder("\r\nsallyport: where to?\r\n\r\n");
        for (int i = 0; i < targets.Count; i++)
            text.Append("  ").Append(i + 1).Append("  ").Append(targets[i]).Append("\r\n");
        if (targets.Count == 0)
            text.Append("  No target is open to you. Ask whoever keeps the policy.\r\n");
        return text.Append("\r\nA number, a name, or account+name; q to leave.\r\n").Append(Prompt).ToString();
    }

    public static string Prompt => "> ";

    /// <summary>Takes up one byte of what is typed.</summary>
    public Answer Type(byte key)
    {
        switch (key)
        {
            case (byte)'\r' or (byte)'\n':
                string line = _line.ToString().Trim();
                _line.Clear();
                return Chosen(line);
            case 0x03 or 0x04:
                return new Answer("\r\n", null, Leaves: true);
            case 0x7f or 0x08:
                if (_line.Length == 0)
                    return default;
                _line.Length--;
                return new Answer("\b \b", null, false);
            case 0x15:
                int erased = _line.Length;
                _line.Clear();
                return new Answer(string.Concat(Enumerable.Repeat("\b \b", erased)), null, false);
            case >= 0x20 and < 0x7f when _line.Length < LongestLine:
                _line.Append((char)key);
                return new Answer(((char)key).ToString(), null, false);
            default:
                return default;
        }
    }

    private Answer Chosen(string line)
    {
        if (line is "q" or "quit" or "exit")
            return new Answer("\r\n", null, Leaves: true);
        if (line.Length == 0)
            return new Answer($"\r\n{Prompt}", null, false);
        if (int.TryParse(line, out int number) && number >= 1 && number <= targets.Count)
            return new Answer("\r\n", new SshAddress(account, targets[number - 1]), false);
        int plus = line.LastIndexOf('+');
        return new Answer("\r\n", plus < 0 ? new SshAddress(account, line) : new SshAddress(line[..plus], line[(plus + 1)..]), false);
    }
}
