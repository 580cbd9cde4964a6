using System.CommandLine;
using System.Text;
using Sallyport.Recording;
using Sallyport.Replay.Http;
using Sallyport.Replay.Ssh;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Commands;

/// <summary><c>export</c>: a terminal for other players, or requests for tools that read HTTP archives.</summary>
internal static class ExportCommand
{
    private const string Description = """
        Writes a terminal of an SSH or HTTP session for other players. Output keeps text, colours and cursor movements; titles, clipboard writes
        and questions to a terminal are left out, as a player would act on them. --raw keeps all: play that only where it can do no harm.
        --har writes the requests of an HTTP session, with what was recorded of their bodies and without secrets of their heads.
        """;

    public static Command Make(Screen screen, TextWriter error)
    {
        var file = new Argument<string>("file") { Description = "A recording." };
        var format = new Option<string>("--format") { DefaultValueFactory = _ => "asciicast", Description = "asciicast: version 2, as asciinema plays it. har: HTTP Archive 1.2." };
        format.AcceptOnlyFromAmong("asciicast", "har");
        var har = new Option<bool>("--har") { Description = "The same as --format har." };
        Option<string?> channel = PlayCommand.ChannelOption();
        var output = new Option<string?>("--output", "-o") { Description = "The file to write, which must not exist; without it, standard output." };
        var noInput = new Option<bool>("--no-input") { Description = "Leaves out the keys that were pressed." };
        var raw = new Option<bool>("--raw") { Description = "Output exactly as it was recorded." };
        var command = new Command("export", Description) { file, format, har, channel, output, noInput, raw };
        command.SetAction(parsed => RecordingFiles.ForEach([parsed.GetValue(file)!], error, path =>
        {
            if (parsed.GetValue(har) || parsed.GetValue(format) == "har")
                return Archive(screen, error, path, parsed.GetValue(output));
            if (PlayCommand.Find(error, path, parsed.GetValue(channel)) is not { } info)
                return ExitCode.Usage;
            Write(screen, parsed.GetValue(output), writer => Asciicast.Write(writer, info, !parsed.GetValue(noInput), parsed.GetValue(raw)));
            return PlayCommand.Code(info);
        }));
        return command;
    }

    private static int Archive(Screen screen, TextWriter error, string path, string? output)
    {
        using Playback playback = HarFile.Open(path);
        if (playback.Facts is not { Protocol: "http2" } facts)
        {
            error.WriteLine($"{SafeText.Line(path)}: This is no recording of an HTTP session.");
            return ExitCode.Usage;
        }

        Write(screen, output, writer => HarFile.Write(writer, playback, facts));
        VerifyOutcome outcome = playback.Report().Outcome;
        if (outcome != VerifyOutcome.Intact)
            error.WriteLine($"{SafeText.Line(path)}: {VerifyCommand.Word(outcome)}: what is not proven is not in it (see verify).");
        return outcome == VerifyOutcome.Damaged ? ExitCode.Damaged : ExitCode.Good;
    }

    private static void Write(Screen screen, string? path, Action<TextWriter> write)
    {
        if (path is null)
        {
            write(screen.Output);
            return;
        }

        // A recording may hold secrets: nobody else reads what is made of it.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, new UTF8Encoding(false), options);
        write(writer);
    }
}
