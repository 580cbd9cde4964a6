using System.CommandLine;
using System.Text;
using Sallyport.Replay.Ssh;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Commands;

/// <summary><c>export</c>: a terminal for other players.</summary>
internal static class ExportCommand
{
    private const string Description = """
        Writes a terminal of an SSH session for other players. Output keeps text, colours and cursor movements; titles, clipboard writes
        and questions to a terminal are left out, as a player would act on them. --raw keeps all: play that only where it can do no harm.
        """;

    public static Command Make(Screen screen, TextWriter error)
    {
        var file = new Argument<string>("file") { Description = "A recording." };
        var format = new Option<string>("--format") { DefaultValueFactory = _ => "asciicast", Description = "asciicast: version 2, as asciinema plays it." };
        format.AcceptOnlyFromAmong("asciicast");
        Option<string?> channel = PlayCommand.ChannelOption();
        var output = new Option<string?>("--output", "-o") { Description = "The file to write, which must not exist; without it, standard output." };
        var noInput = new Option<bool>("--no-input") { Description = "Leaves out the keys that were pressed." };
        var raw = new Option<bool>("--raw") { Description = "Output exactly as it was recorded." };
        var command = new Command("export", Description) { file, format, channel, output, noInput, raw };
        command.SetAction(parsed => RecordingFiles.ForEach([parsed.GetValue(file)!], error, path =>
        {
            if (PlayCommand.Find(error, path, parsed.GetValue(channel)) is not { } info)
                return ExitCode.Usage;
            Write(screen, info, parsed.GetValue(output), !parsed.GetValue(noInput), parsed.GetValue(raw));
            return PlayCommand.Code(info);
        }));
        return command;
    }

    private static void Write(Screen screen, TrackInfo info, string? path, bool input, bool raw)
    {
        if (path is null)
        {
            Asciicast.Write(screen.Output, info, input, raw);
            return;
        }

        // A recording may hold secrets: nobody else reads what is made of it.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, new UTF8Encoding(false), options);
        Asciicast.Write(writer, info, input, raw);
    }
}
