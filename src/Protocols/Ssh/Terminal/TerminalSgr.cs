namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>SGR: how text looks from here on (ECMA-48 8.3.117, colours of ISO 8613-6 and xterm).</summary>
internal static class TerminalSgr
{
    public static TerminalStyle Apply(TerminalStyle style, TerminalParameters parameters)
    {
        if (parameters.Count == 0)
            return default;
        for (int i = 0; i < parameters.Count; i++)
        {
            int value = Math.Max(parameters[i], 0);
            if (value is 38 or 48)
            {
                int colour = Colour(parameters, ref i);
                if (colour >= 0)
                    style = value == 38 ? style.WithForeground(colour) : style.WithBackground(colour);
                continue;
            }

            style = One(style, value, parameters.IsJoined(i + 1) ? parameters[i + 1] : -1);
            while (parameters.IsJoined(i + 1))
                i++;
        }

        return style;
    }

    private static TerminalStyle One(TerminalStyle style, int value, int kind) => value switch
    {
        0 => default,
        1 => style.With(TerminalLook.Bold, true),
        2 => style.With(TerminalLook.Faint, true),
        3 => style.With(TerminalLook.Italic, true),
        4 => style.With(TerminalLook.Underline, kind != 0),
        5 or 6 => style.With(TerminalLook.Blink, true),
        7 => style.With(TerminalLook.Inverse, true),
        8 => style.With(TerminalLook.Hidden, true),
        9 => style.With(TerminalLook.Struck, true),
        21 => style.With(TerminalLook.Underline, true),
        22 => style.With(TerminalLook.Bold | TerminalLook.Faint, false),
        23 => style.With(TerminalLook.Italic, false),
        24 => style.With(TerminalLook.Underline, false),
        25 => style.With(TerminalLook.Blink, false),
        27 => style.With(TerminalLook.Inverse, false),
        28 => style.With(TerminalLook.Hidden, false),
        29 => style.With(TerminalLook.Struck, false),
        >= 30 and <= 37 => style.WithForeground(value - 30),
        39 => style.WithForeground(-1),
        >= 40 and <= 47 => style.WithBackground(value - 40),
        49 => style.WithBackground(-1),
        >= 90 and <= 97 => style.WithForeground(value - 90 + 8),
        >= 100 and <= 107 => style.WithBackground(value - 100 + 8),
        _ => style,
    };

    // 38;5;n and 38;2;r;g;b, or with colons, where a colour space may stand before the red: 38:2::r:g:b.
    private static int Colour(TerminalParameters parameters, ref int i)
    {
        bool joined = parameters.IsJoined(i + 1);
        int first = i + 1;
        int end = first;
        if (joined)
        {
            while (parameters.IsJoined(end))
                end++;
        }
        else
        {
            end += parameters[first] switch { 5 => 2, 2 => 4, _ => 1 };
        }

        i = Math.Min(end, parameters.Count) - 1;
        switch (parameters[first])
        {
            case 5:
                return parameters[first + 1] is >= 0 and <= 255 and var index ? index : -1;
            case 2:
                int at = joined && end - first >= 5 ? first + 2 : first + 1;
                return TerminalStyle.Rgb | (Part(parameters, at) << 16) | (Part(parameters, at + 1) << 8) | Part(parameters, at + 2);
            default:
                return -1;
        }
    }

    private static int Part(TerminalParameters parameters, int index) => Math.Clamp(parameters[index], 0, 255);
}
