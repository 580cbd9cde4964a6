using System.Text;

namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>
/// Tells the commands that a person runs in a shell, from what the screen shows when Enter is pressed: so editing, history, completion and
/// Ctrl-R are seen as the person sees them. What was left of the cursor when typing began is the prompt; shell integration's marks (OSC 133) say it
/// better where they are. Nothing is detected in the alternate screen, where editors and pagers are.
/// <para>
/// An aid for search and alerts and not a wall: whoever wants to can keep a command off the screen (<c>stty -echo</c>), split it, or run it from an
/// editor. What must not be run must be refused where commands are judged.
/// </para>
/// Bounded memory, no exception for any bytes; allocates only when a command is detected. Not thread-safe.
/// </summary>
public sealed class CommandDetector : ITerminalWatcher
{
    /// <summary>Characters kept of one command.</summary>
    public const int MaxText = 8192;

    private const int MaxEnters = 256;
    private const int MaxPrompt = 512;

    // Bulk output does not follow Enter for long without the line that was entered.
    private const int MaxMisses = 256;

    private readonly TypedKeys _keys = new();
    private readonly Queue<string> _commands = new();
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _prompt = new();
    private readonly StringBuilder _lastPrompt = new();
    private int _promptColumns;
    private int _lastPromptColumns;
    private long _anchorLine = -1;
    private (long Line, int Column) _mark = (-1, 0);
    private long _enterLine = -1;
    private int _enters;
    private int _misses;
    private bool _typing;

    // The line being typed answers a prompt for a secret, even where it is echoed.
    private bool _secret;

    /// <summary>For a terminal of this size (<see cref="TerminalScreen"/> says how it is held).</summary>
    public CommandDetector(int columns, int rows) => Screen = new TerminalScreen(columns, rows) { Watcher = this };

    /// <summary>The screen as it is now.</summary>
    public TerminalScreen Screen { get; }

    /// <summary>
    /// True while the line with the cursor asks for a password, a passphrase, a PIN or the like, in one of several languages: keys pressed now must
    /// not be kept.
    /// </summary>
    public bool IsSecretPrompt
    {
        get
        {
            if (_secret && _typing)
                return true;
            _text.Clear();
            int row = Screen.CursorRow;
            int first = row;
            for (int columns = Screen.CursorColumn; first > 0 && Screen.IsWrapped(first - 1) && columns < SecretPrompt.MaxChars; columns += Screen.Columns)
                first--;
            for (int at = first; at <= row; at++)
                Screen.Append(_text, at, 0, at == row ? Screen.CursorColumn + 1 : Screen.Columns);
            Span<char> line = stackalloc char[SecretPrompt.MaxChars];
            int length = Math.Min(_text.Length, line.Length);
            _text.CopyTo(_text.Length - length, line, length);
            return SecretPrompt.Is(line[..length]);
        }
    }

    bool ITerminalWatcher.SeesEveryLine => _enters > 0;

    /// <summary>The window has another size.</summary>
    public void Resize(int columns, int rows) => Screen.Resize(columns, rows);

    /// <summary>The next command that was detected. Take them after each <see cref="FromTarget"/>.</summary>
    public bool TryTake(out string command) => _commands.TryDequeue(out command!);

    /// <summary>Keys, before they are sent on.</summary>
    public void FromClient(ReadOnlySpan<byte> bytes)
    {
        if (Screen.IsAlternate)
        {
            Forget();
            return;
        }

        bool secret = IsSecretPrompt;
        foreach (byte value in bytes)
        {
            TypedKeys.Key key = _keys.Take(value, secret);
            if (key == TypedKeys.Key.GiveUp || ((secret || _secret) && key == TypedKeys.Key.Enter))
            {
                // What was typed was given up, or no command.
                Forget();
                continue;
            }

            if (!_typing && _enters == 0)
                Anchor(secret);
            _typing = key == TypedKeys.Key.Text;
            if (key != TypedKeys.Key.Enter)
                continue;
            if (_enters == 0)
                _enterLine = Screen.LineId(Screen.CursorRow);
            _enters = Math.Min(_enters + 1, MaxEnters);
        }
    }

    /// <summary>Output of the target.</summary>
    public void FromTarget(ReadOnlySpan<byte> bytes) => Screen.Feed(bytes);

    // zsh goes down by CUD where there is a row below, and says before that it is done.
    void ITerminalWatcher.ReadingEnds() => ((ITerminalWatcher)this).LineFeed();

    void ITerminalWatcher.LineFeed()
    {
        if (_enters == 0)
            return;

        // A text of several lines is drawn again on Enter: it ends where the cursor was then, or below.
        if (_enterLine >= 0 && Row(_enterLine, Screen.Rows - 1) > Screen.CursorRow)
            return;
        if (Screen.IsAlternate)
        {
            Forget();
            return;
        }

        if (!TryStart(out int row, out int column))
        {
            if (++_misses >= MaxMisses)
                Forget();
            return;
        }

        Read(row, column);
        if (_text.Length > 0)
            _commands.Enqueue(_text.ToString(0, Math.Min(_text.Length, MaxText)));
        _keys.EndLine();
        _enters--;
        _misses = 0;
        _anchorLine = _enterLine = -1;
        _mark.Line = -1;
        if (_promptColumns > 0)
            Keep();
        _promptColumns = 0;
    }

    void ITerminalWatcher.Leaving(int row)
    {
        // Lines are read when they are entered; where they go then does not matter.
    }

    void ITerminalWatcher.Mark(char mark)
    {
        if (Screen.IsAlternate)
            return;
        _mark = mark == 'B' ? (Screen.LineId(Screen.CursorRow), Screen.CursorColumn) : (-1, 0);
    }

    private void Forget()
    {
        _keys.Clear();
        _enters = _misses = _promptColumns = 0;
        _anchorLine = _enterLine = -1;
        _typing = _secret = false;
    }

    // Typing begins here: what stands before the cursor is the prompt.
    private void Anchor(bool secret)
    {
        _secret = secret;
        _anchorLine = Screen.LineId(Screen.CursorRow);
        _promptColumns = Math.Min(Screen.CursorColumn, MaxPrompt);
        _prompt.Clear();
        Screen.Append(_prompt, Screen.CursorRow, 0, _promptColumns);
    }

    private void Keep()
    {
        if (IsBlank(_prompt))
            return;
        _lastPrompt.Clear().Append(_prompt);
        _lastPromptColumns = _promptColumns;
    }

    // Where the entered text begins. The cursor is on its last row: shells go there before they begin a new line.
    private bool TryStart(out int row, out int column)
    {
        int cursor = Screen.CursorRow;
        int first = cursor;
        while (first > 0 && Screen.IsWrapped(first - 1))
            first--;
        int anchor = Row(_anchorLine, cursor);

        row = Row(_mark.Line, cursor);
        column = _mark.Column;
        if (row >= 0)
            return true;

        // The prompt may have been drawn again: after a completion's list, a cleared screen, a search in the history.
        int limit = anchor >= 0 ? Math.Min(anchor, first) : first;
        if (TryPrompt(_prompt, _promptColumns, cursor, limit, out row, out column) || TryPrompt(_lastPrompt, _lastPromptColumns, cursor, limit, out row, out column))
            return true;
        return TryTyped(first, cursor, out row, out column) || TryBlank(anchor, first, out row, out column) || TryShape(first, out row, out column);
    }

    private int Row(long line, int from)
    {
        if (line < 0)
            return -1;
        int row = from;
        while (row >= 0 && Screen.LineId(row) != line)
            row--;
        return row;
    }

    private bool TryPrompt(StringBuilder prompt, int columns, int from, int to, out int row, out int column)
    {
        column = columns;
        row = from;
        if (columns == 0 || IsBlank(prompt))
            return false;
        for (; row >= to; row--)
        {
            _text.Clear();
            Screen.Append(_text, row, 0, columns);
            if (_text.Equals(prompt))
                return true;
        }

        return false;
    }

    // Typed ahead, with no prompt yet: the line ends with what was typed.
    private bool TryTyped(int first, int cursor, out int row, out int column)
    {
        (row, column) = (first, 0);
        Read(first, 0);
        Span<char> line = stackalloc char[256];
        int length = Math.Min(_text.Length, line.Length);
        _text.CopyTo(_text.Length - length, line, length);
        if (first != cursor || !_keys.Matches(line[..length]))
            return false;
        column = Columns(first, 0) - _keys.Length;
        return column >= 0;
    }

    private static bool TryBlank(int anchor, int first, out int row, out int column)
    {
        (row, column) = (anchor, 0);
        return anchor >= 0 && anchor == first;
    }

    // user@host:~$ , #, %, > and the arrows that people like, each before a space.
    private bool TryShape(int first, out int row, out int column)
    {
        row = first;
        for (column = 1; column < Math.Min(Screen.Columns, MaxPrompt); column++)
        {
            if (Screen[first, column].Rune.Value == ' ' && Screen[first, column - 1].Rune.Value is '$' or '#' or '%' or '>' or '❯' or '➜' or 'λ')
            {
                column++;
                return true;
            }
        }

        return false;
    }

    // The text from there to the cursor's row. Cells that nothing was ever written to separate it from a prompt at the right margin.
    private void Read(int row, int column)
    {
        _text.Clear();
        int cursor = Screen.CursorRow;
        for (; row <= cursor && _text.Length < MaxText; row++, column = 0)
        {
            int end = Columns(row, column);
            Screen.Append(_text, row, column, end);
            if (row == cursor || !Screen.IsWrapped(row))
                TrimEnd();
            if (row < cursor && !Screen.IsWrapped(row))
                _text.Append('\n');
        }

        TrimEnd();
        while (_text.Length > 0 && _text[0] is ' ' or '\n')
            _text.Remove(0, 1);
    }

    // How far a row is written to from a column on, up to the first gap of two.
    private int Columns(int row, int column)
    {
        while (column < Screen.Columns && !(Screen[row, column].IsEmpty && (column + 1 == Screen.Columns || Screen[row, column + 1].IsEmpty)))
            column++;
        return column;
    }

    private void TrimEnd()
    {
        while (_text.Length > 0 && _text[^1] == ' ')
            _text.Length--;
    }

    private static bool IsBlank(StringBuilder text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ' ')
                return false;
        }

        return true;
    }
}
