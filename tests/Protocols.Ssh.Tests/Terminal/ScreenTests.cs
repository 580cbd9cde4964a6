using System.Text;
using System.Text.Json;
using CsCheck;
using Sallyport.Protocols.Ssh.Terminal;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Terminal;

/// <summary>The screen against another terminal emulator, against itself at other chunkings, and against what wants to harm it.</summary>
public sealed class ScreenTests
{
    [Fact]
    public void Shows_what_libvterm_shows()
    {
        List<string> wrong = [];
        int cases = 0;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Terminal", "Shells", "screens.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            JsonElement json = document.RootElement;
            var screen = new TerminalScreen(json.GetProperty("columns").GetInt32(), json.GetProperty("rows").GetInt32());
            screen.Feed(Encoding.UTF8.GetBytes(json.GetProperty("input").GetString()!));
            string[] expected = [.. json.GetProperty("screen").EnumerateArray().Select(row => row.GetString()!)];
            (int, int) cursor = (json.GetProperty("cursor")[0].GetInt32(), json.GetProperty("cursor")[1].GetInt32());
            cases++;
            if (!Lines(screen).SequenceEqual(expected) || cursor != (screen.CursorRow, screen.CursorColumn))
                wrong.Add($"{json.GetProperty("input").GetRawText()}\n  expected {cursor} {string.Join('|', expected)}\n  shows    {(screen.CursorRow, screen.CursorColumn)} {string.Join('|', Lines(screen))}");
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {cases}:\n{string.Join('\n', wrong.OrderBy(text => text.Length).Take(12))}");
        Assert.True(cases >= 300);
    }

    [Theory]
    [InlineData("\u6f22\u5b57", "\u6f22\u5b57")]
    [InlineData("abcd\u6f22", "abcd|\u6f22")] // Five columns: a wide character does not fit in the last.
    [InlineData("\u6f22\rx", "x")]
    [InlineData("\u6f22\b\bab", "ab")]
    [InlineData("\u6f22\bx", " x")]
    [InlineData("ae\u0301b", "ae\u0301b")]
    [InlineData("abcde\u0301f", "abcde\u0301|f")]
    [InlineData("a\u202eb\u200bc\u2066", "abc")] // What would turn a line around is never shown.
    [InlineData("a\u009b2Jb", "a2Jb")] // C1 in UTF-8 is no control here.
    [InlineData("abc\u001b7de\u001b8x", "abcxe")]
    [InlineData("abc\u001b[sde\u001b[ux", "abcxe")]
    [InlineData("one\u001b[?1049htwo\u001b[?1049lx", "onex")]
    [InlineData("a\u001b[3bb", "aaaab")]
    [InlineData("ab\u001b_secret\u001b\\c\u001b^pm\u001b\\d\u001bXsos\u001b\\e", "abcde")]
    [InlineData("ab\u001bPq\u0018c", "abc")]
    [InlineData("a\u001b]0;t\u0007b\u001b]52;c;AAAA\u001b\\c", "abc")]
    [InlineData("a\u001b[1;2;3!!zb\u001b[?1$pc", "abc")]
    [InlineData("a\u001b[99999999999999Cb", "a   b")]
    [InlineData("\u001b#8\u001b[2J\u001b[Hz", "z")]
    [InlineData("abc\u001bcd", "d")]
    [InlineData("1\n2", "1| 2")]
    [InlineData("\u001b[20h1\n2", "1|2")]
    [InlineData("1\r\n2\r\n3\r\n4", "2|3|4")]
    [InlineData("1\r\n2\r\n3\u001b[1;2r\u001b[2;1H\nx", "2|x|3")]
    [InlineData("abcde\rx", "xbcde")]
    [InlineData("abcdef", "abcde|f")]
    [InlineData("\u001b[?7labcdefgh", "abcdh")]
    [InlineData("\u001b(0lqk\u001b(Bx", "\u250c\u2500\u2510x")]
    [InlineData("abc\u001b[!p", "abc")]
    public void Does_as_xterm_does(string input, string expected)
    {
        var screen = new TerminalScreen(5, 3);
        screen.Feed(Encoding.UTF8.GetBytes(input));
        Assert.Equal(expected, string.Join('|', Lines(screen)).TrimEnd('|'));
    }

    [Theory]
    [InlineData("61 c3 28 62", "a\ufffd(b")]
    [InlineData("c0 af", "\ufffd\ufffd")]
    [InlineData("e0 80 80", "\ufffd")]
    [InlineData("ed a0 80", "\ufffd")]
    [InlineData("f4 90 80 80", "\ufffd")]
    [InlineData("ff 80 fe", "\ufffd\ufffd\ufffd")]
    [InlineData("e2 82 1b 5b 31 43 61", "\ufffd a")]
    public void Bytes_that_are_no_UTF8_show_as_such(string hex, string expected)
    {
        var screen = new TerminalScreen(10, 2);
        screen.Feed(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal(expected, screen.Line(0));
    }

    [Fact]
    public void Colours_and_looks_are_kept()
    {
        var screen = new TerminalScreen(10, 2);
        screen.Feed("\u001b[1;31mr\u001b[38;5;200;48;2;1;2;3mx\u001b[38:2::9:8:7my\u001b[4:0;7mz\u001b[0mw"u8);
        Assert.Equal((1, -1, TerminalLook.Bold), Style(0));
        Assert.Equal((200, TerminalStyle.Rgb | 0x010203, TerminalLook.Bold), Style(1));
        Assert.Equal(TerminalStyle.Rgb | 0x090807, Style(2).Foreground);
        Assert.Equal(TerminalLook.Bold | TerminalLook.Inverse, Style(3).Look);
        Assert.Equal((-1, -1, TerminalLook.None), Style(4));

        (int Foreground, int Background, TerminalLook Look) Style(int column)
        {
            TerminalStyle style = screen[0, column].Style;
            return (style.Foreground, style.Background, style.Look);
        }
    }

    [Fact]
    public void A_narrower_window_keeps_the_line_with_the_cursor()
    {
        var screen = new TerminalScreen(10, 4);
        screen.Feed("one\r\ntwo\r\nthree\r\nfour"u8);
        screen.Resize(4, 2);
        Assert.Equal(["thre", "four"], Lines(screen));
        Assert.Equal((1, 3), (screen.CursorRow, screen.CursorColumn));
        screen.Resize(10, 3);
        screen.Feed("!"u8);
        Assert.Equal(["thre", "fou!", ""], Lines(screen));
    }

    [Fact]
    public void A_size_is_held_to_its_bounds()
    {
        var screen = new TerminalScreen(0, int.MaxValue);
        Assert.Equal((80, TerminalScreen.MaxRows), (screen.Columns, screen.Rows));
        screen.Resize(int.MaxValue, -1);
        Assert.Equal((TerminalScreen.MaxColumns, 24), (screen.Columns, screen.Rows));
    }

    [Fact]
    public void Any_chunking_gives_the_same_screen() =>
        Gen.Select(Pieces.Array[1, 60], Gen.Int[1, 12], Gen.Int[1, 6], Gen.Int[0, int.MaxValue]).Sample(
            (pieces, columns, rows, seed) =>
            {
                byte[] bytes = [.. pieces.SelectMany(piece => piece)];
                TerminalScreen whole = new(columns, rows), bytewise = new(columns, rows), split = new(columns, rows);
                whole.Feed(bytes);
                foreach (byte one in bytes)
                    bytewise.Feed([one]);
                var random = new Random(seed);
                for (int at = 0; at < bytes.Length;)
                {
                    int length = Math.Min(random.Next(1, 20), bytes.Length - at);
                    split.Feed(bytes.AsSpan(at, length));
                    at += length;
                }

                return Describe(whole) == Describe(bytewise) && Describe(whole) == Describe(split);
            },
            iter: 2000);

    [Fact]
    public void What_bulk_output_skips_makes_no_difference()
    {
        var random = new Random(11);
        for (int round = 0; round < 40; round++)
        {
            var text = new StringBuilder();
            while (text.Length < 30_000)
            {
                text.Append(random.Next(40) switch
                {
                    0 => "\u001b[31m",
                    1 => "\n",
                    2 => new string('w', random.Next(300)),
                    3 => "\t\b",
                    4 => "漢字é",
                    5 when round % 4 == 0 => "\u001b[2;5r",
                    _ => "line " + random.Next() + "\r\n",
                });
            }

            byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
            TerminalScreen whole = new(80, 24), pieces = new(80, 24);
            whole.Feed(bytes);
            for (int at = 0; at < bytes.Length; at += 1000)
                pieces.Feed(bytes.AsSpan(at, Math.Min(1000, bytes.Length - at)));
            Assert.Equal(Describe(pieces), Describe(whole));
        }
    }

    [Fact]
    public void Any_bytes_at_any_size_are_shown_without_an_exception() =>
        Gen.Select(Pieces.Array[1, 80], Gen.Int[1, 9], Gen.Int[1, 5], Gen.Int[1, 9], Gen.Int[1, 5]).Sample(
            (pieces, columns, rows, newColumns, newRows) =>
            {
                var screen = new TerminalScreen(columns, rows);
                for (int i = 0; i < pieces.Length; i++)
                {
                    screen.Feed(pieces[i]);
                    if (i == pieces.Length / 2)
                        screen.Resize(newColumns, newRows);
                }

                Describe(screen);
            },
            iter: 4000);

    [Fact]
    public void Nothing_is_allocated_once_warm()
    {
        var screen = new TerminalScreen(80, 24);
        byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\u001b[1;32mada@web1\u001b[0m:~$ ls 漢字\r\n\u001b]0;t\u0007\u001b[?1049h\u001b[2Jx\u001b[?1049l", 60)));
        screen.Feed(bytes);
        screen.Feed(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            screen.Feed(bytes);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static readonly string[] Words =
        ["\u001b[", "\u001b]133;B\u0007", "\u001b", "abc", "漢", "é\u0301", "\r\n", "\u001b[?1049h", "\u001b[?1049l", "\u001bP", "\u001b\\", "\u001b[4h", "\u001b[?6h"];

    private static readonly Gen<byte[]> Pieces = Gen.OneOf(
        Gen.Byte.Array[1, 12],
        Gen.Int[0, Words.Length - 1].Select(index => Encoding.UTF8.GetBytes(Words[index])),
        Gen.Select(Gen.Int[-1, 12], Gen.Int[-1, 12], Gen.Char["@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu"])
            .Select((a, b, final) => Encoding.ASCII.GetBytes($"\u001b[{(a < 0 ? "" : a)};{(b < 0 ? "" : b)}{final}")));

    private static string Describe(TerminalScreen screen)
    {
        var text = new StringBuilder();
        for (int row = 0; row < screen.Rows; row++)
        {
            text.Append(screen.Line(row)).Append(screen.IsWrapped(row) ? '\\' : '|');
            for (int column = 0; column < screen.Columns; column++)
            {
                TerminalCell cell = screen[row, column];
                text.Append(cell.Style.Foreground).Append(cell.Style.Background).Append((int)cell.Style.Look).Append(cell.IsWide ? 'w' : cell.IsTail ? 't' : '.');
                if (cell.IsWide)
                    Assert.True(column + 1 < screen.Columns && screen[row, column + 1].IsTail);
                if (cell.IsTail)
                    Assert.True(column > 0 && screen[row, column - 1].IsWide);
            }
        }

        Assert.InRange(screen.CursorRow, 0, screen.Rows - 1);
        Assert.InRange(screen.CursorColumn, 0, screen.Columns - 1);
        return text.Append(screen.CursorRow).Append(',').Append(screen.CursorColumn).Append(screen.IsAlternate).ToString();
    }

    internal static string[] Lines(TerminalScreen screen) => [.. Enumerable.Range(0, screen.Rows).Select(screen.Line)];
}
