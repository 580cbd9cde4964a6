using System.Globalization;
using System.Text;
using Sallyport.Protocols.Ssh.Terminal;

namespace Sallyport.Replay.Ssh;

/// <summary>
/// Recorded output as another terminal may get it: text, colours, the cursor, erasing and scrolling pass, each written anew. Nothing else does: no titles, no
/// clipboard (OSC 52), no questions that a terminal answers as if typed, no DCS, no modes of mouse or keyboard, no direction marks.
/// </summary>
internal sealed class OutputFilter : ITerminalTarget
{
    private const string Finals = "@ABCDEFGHIJKLMPSTXZ`abdefgmrsu";

    private readonly StringBuilder _out = new();
    private readonly TerminalParser _parser;
    private readonly bool _newLine;

    /// <param name="newLine">A line feed goes to the left as well: for what no terminal driver has written.</param>
    public OutputFilter(bool newLine)
    {
        _newLine = newLine;
        _parser = new TerminalParser(this);
    }

    /// <summary>What may pass of these bytes. A sequence or character that is cut here passes with the next.</summary>
    public string Pass(ReadOnlySpan<byte> bytes)
    {
        _out.Clear();
        _parser.Feed(bytes);
        return _out.ToString();
    }

    void ITerminalTarget.Print(ReadOnlySpan<byte> ascii) => _out.Append(Encoding.ASCII.GetString(ascii));

    void ITerminalTarget.Print(int rune)
    {
        if (TerminalWidth.Of(rune) >= 0)
            _out.Append(new Rune(rune).ToString());
    }

    void ITerminalTarget.Execute(byte control)
    {
        if (control == '\n' && _newLine)
            _out.Append("\r\n");
        else if (control is >= 0x08 and <= 0x0f)
            _out.Append((char)control);
    }

    void ITerminalTarget.Escape(byte intermediate, byte final)
    {
        if (intermediate == 0 && final is (byte)'7' or (byte)'8' or (byte)'D' or (byte)'E' or (byte)'H' or (byte)'M' or (byte)'c')
            _out.Append('\u001b').Append((char)final);
        else if (intermediate is (byte)'(' or (byte)')' && final is (byte)'0' or (byte)'B')
            _out.Append('\u001b').Append((char)intermediate).Append((char)final);
    }

    void ITerminalTarget.Csi(TerminalParameters parameters, byte prefix, byte intermediate, byte final)
    {
        switch (prefix, intermediate, (char)final)
        {
            case (0, 0, 'h' or 'l'): Modes(parameters, "", final, mode => mode is 4 or 20); break;
            case ((byte)'?', 0, 'h' or 'l'): Modes(parameters, "?", final, mode => mode is 6 or 7 or 25 or 47 or 1047 or 1048 or 1049); break;
            case ((byte)'?', 0, 'J' or 'K'): Write(parameters, "?", "", final); break;
            case (0, (byte)'!', 'p'): Write(parameters, "", "!", final); break;
            case (0, 0, var plain) when Finals.Contains(plain): Write(parameters, "", "", final); break;
        }
    }

    void ITerminalTarget.Osc(ReadOnlySpan<byte> text)
    {
        // None of them shows anything.
    }

    private void Modes(TerminalParameters parameters, string prefix, byte final, Func<int, bool> passes)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            if (passes(parameters[i]))
                _out.Append(CultureInfo.InvariantCulture, $"\u001b[{prefix}{parameters[i]}{(char)final}");
        }
    }

    private void Write(TerminalParameters parameters, string prefix, string intermediate, byte final)
    {
        _out.Append("\u001b[").Append(prefix);
        for (int i = 0; i < parameters.Count; i++)
        {
            if (i > 0)
                _out.Append(parameters.IsJoined(i) ? ':' : ';');
            if (parameters[i] >= 0)
                _out.Append(parameters[i]);
        }

        _out.Append(intermediate).Append((char)final);
    }
}
