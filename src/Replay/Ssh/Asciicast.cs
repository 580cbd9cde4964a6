using System.Globalization;
using System.Text;
using System.Text.Json;
using Sallyport.Protocols.Ssh.Terminal;

namespace Sallyport.Replay.Ssh;

/// <summary>A channel as asciicast, version 2 (docs.asciinema.org/manual/asciicast/v2): a header, then an array for each event.</summary>
internal static class Asciicast
{
    /// <summary>Writes it. Times count from the channel's opening.</summary>
    /// <param name="raw">Output as it was recorded, with whatever it does to a terminal.</param>
    public static void Write(TextWriter output, TrackInfo info, bool input, bool raw)
    {
        // Says what a size of 0 is: that of the screen which play draws.
        var size = new TerminalScreen(info.Size.Columns, info.Size.Rows);
        output.Write(Header(info, size));
        output.Write('\n');
        TimeSpan opened = TrackInfo.Offset(info.Facts, info.Channel.OpenedAt);
        var filter = new OutputFilter(newLine: !info.Channel.HasTerminal);
        Decoder shown = Encoding.UTF8.GetDecoder(), typed = Encoding.UTF8.GetDecoder();
        using var track = new TerminalTrack(info);
        while (track.Next() is { } happened)
        {
            string text = happened.Kind switch
            {
                TrackKind.Resize => Resized(size, happened),
                TrackKind.Input => input ? Text(typed, happened.Bytes.Span) : "",
                _ => raw ? Text(shown, happened.Bytes.Span) : filter.Pass(happened.Bytes.Span),
            };
            if (text.Length == 0)
                continue;
            char code = happened.Kind switch { TrackKind.Resize => 'r', TrackKind.Input => 'i', _ => 'o' };
            double at = Math.Max(0, (happened.At - opened).TotalSeconds);
            output.Write(string.Create(CultureInfo.InvariantCulture, $"[{at:0.000000}, \"{code}\", \"{JsonEncodedText.Encode(text)}\"]\n"));
        }
    }

    private static string Resized(TerminalScreen size, TrackEvent happened)
    {
        size.Resize(happened.Columns, happened.Rows);
        return $"{size.Columns}x{size.Rows}";
    }

    private static string Header(TrackInfo info, TerminalScreen size)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            TrackChannel channel = info.Channel;
            json.WriteStartObject();
            json.WriteNumber("version", 2);
            json.WriteNumber("width", size.Columns);
            json.WriteNumber("height", size.Rows);
            json.WriteNumber("timestamp", channel.OpenedAt.ToUnixTimeSeconds());
            json.WriteString("title", Terminal.SafeText.Line($"{info.Facts.Identity.Subject} on {Words.Target(info.Facts)}, channel {channel.Label}"));
            if (channel.Command.Length > 0)
                json.WriteString("command", channel.Command);
            json.WriteStartObject("env");
            if (channel.Term.Length > 0)
                json.WriteString("TERM", Terminal.SafeText.Line(channel.Term));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string Text(Decoder decoder, ReadOnlySpan<byte> bytes)
    {
        char[] chars = new char[bytes.Length + 2];
        return new string(chars, 0, decoder.GetChars(bytes, chars, flush: false));
    }
}
