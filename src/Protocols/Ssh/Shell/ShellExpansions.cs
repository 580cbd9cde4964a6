using System.Text;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>
/// Finds the ends of expansions (POSIX 2.6). Whatever one holds makes the action Unparsed; here it only matters to be sure where it ends, so what shells
/// end differently fails.
/// </summary>
internal static class ShellExpansions
{
    /// <summary><c>$name</c>, <c>$1</c>, <c>$?</c>.</summary>
    public static void SkipParameter(ref ShellText t)
    {
        t.Position++;
        if (!IsName(t.Current))
        {
            if (!ShellText.EndsWord(t.Current) && t.Current is not ((byte)'"' or (byte)'\'' or (byte)'\\' or (byte)'`' or (byte)'$'))
                t.Position++;
            else if (t.Current == '$')
                t.Position++;
            return;
        }

        while (IsName(t.Current))
            t.Position++;
    }

    /// <summary><c>${…}</c>, without quotes or other expansions in it.</summary>
    public static void SkipBraces(ref ShellText t, ShellEffects effects)
    {
        int start = t.Position + 2;
        // "${ command; }" and "${| command; }" run it in bash 5.3 and ksh.
        if (!IsName(t.Peek(2)) && t.Peek(2) is not ((byte)'#' or (byte)'?' or (byte)'@' or (byte)'*' or (byte)'!' or (byte)'$' or (byte)'-'))
        {
            effects.Fail();
            return;
        }

        int end = t.Text[start..].IndexOf((byte)'}');
        if (end < 0 || t.Text.Slice(start + 1, Math.Max(0, end - 1)).IndexOfAny("'\"\\`${\n"u8) >= 0)
        {
            effects.Fail();
            return;
        }

        t.Position = start + end + 1;
    }

    /// <summary><c>$((…))</c> of numbers, names, operators and parentheses.</summary>
    public static void SkipArithmetic(ref ShellText t, ShellEffects effects)
    {
        t.Position += 3;
        for (int open = 2; open > 0 && !effects.Failed; t.Position++)
        {
            byte c = t.Current;
            if (c == 0)
            {
                effects.Fail();
                return;
            }

            if (c == '(')
                open++;
            else if (c == ')')
                open--;
            else if (!IsName(c) && c is not ((byte)' ' or (byte)'+' or (byte)'-' or (byte)'*' or (byte)'/' or (byte)'%' or (byte)'=' or (byte)'!' or (byte)'?' or (byte)':' or (byte)','))
                effects.Fail();
            // $((a)|(b)): two subshells, and no sum.
            if (open == 1 && c == ')' && t.Peek(1) != ')')
                effects.Fail();
        }
    }

    /// <summary><c>$'…'</c> as bash and zsh read it; older shells see a dollar sign in front of a quoted string.</summary>
    public static void AnsiQuoted(ref ShellText t, ShellWords words, ShellEffects effects)
    {
        t.Position += 2;
        while (!effects.Failed)
        {
            byte c = t.Current;
            if (c == 0)
            {
                effects.Fail();
                return;
            }

            t.Position++;
            if (c == '\'')
                return;
            if (c != '\\')
                words.Append(c);
            else
                AnsiEscape(ref t, words, effects);
        }
    }

    private static void AnsiEscape(ref ShellText t, ShellWords words, ShellEffects effects)
    {
        byte c = t.Current;
        if (c == 0)
        {
            effects.Fail();
            return;
        }

        t.Position++;
        switch (c)
        {
            case (byte)'x':
                Put(words, Digits(ref t, 16, 2));
                break;
            case (byte)'u':
                PutRune(words, Digits(ref t, 16, 4));
                break;
            case (byte)'U':
                PutRune(words, Digits(ref t, 16, 8));
                break;
            case >= (byte)'0' and <= (byte)'7':
                t.Position--;
                Put(words, Digits(ref t, 8, 3));
                break;
            case (byte)'n':
                words.Append((byte)'\n');
                break;
            case (byte)'t':
                words.Append((byte)'\t');
                break;
            case (byte)'\\' or (byte)'\'' or (byte)'"' or (byte)'?':
                words.Append(c);
                break;
            default:
                // A control character: its place in the record is taken by what was written.
                words.Append((byte)'\\');
                words.Append(c);
                break;
        }
    }

    private static uint Digits(ref ShellText t, uint radix, int most)
    {
        uint value = 0;
        for (int i = 0; i < most; i++, t.Position++)
        {
            char c = (char)t.Current;
            uint digit = char.IsAsciiHexDigit(c) ? (uint)Convert.ToInt32(char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10) : radix;
            if (digit >= radix)
                break;
            value = (value * radix) + digit;
        }

        return value;
    }

    private static void Put(ShellWords words, uint value)
    {
        if ((byte)value != 0)
            words.Append((byte)value);
    }

    private static void PutRune(ShellWords words, uint value)
    {
        if (value == 0 || !Rune.IsValid(value))
            return;
        Span<byte> utf8 = stackalloc byte[4];
        words.Append(utf8[..new Rune(value).EncodeToUtf8(utf8)]);
    }

    private static bool IsName(byte c) => char.IsAsciiLetterOrDigit((char)c) || c == '_';
}
