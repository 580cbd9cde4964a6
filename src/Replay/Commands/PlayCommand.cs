using System.CommandLine;
using Sallyport.Recording;
using Sallyport.Replay.Ssh;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Commands;

/// <summary><c>play</c>: a terminal as it was.</summary>
internal static class PlayCommand
{
    private const string Description = """
        Plays a terminal of a session: a channel of SSH, or a request of HTTP that runs a command. Keys: space pauses, left and right go 5 seconds, down and up a minute, '.' goes to
        what happens next, + and - change the speed, q quits. Recorded sequences never reach your terminal: the screen is drawn anew.
        Without a terminal, writes what scrolled by as plain text.
        """;

    public static Command Make(Screen screen, TextWriter error)
    {
        var file = new Argument<string>("file") { Description = "A recording." };
        Option<string?> channel = ChannelOption();
        var speed = new Option<double>("--speed") { DefaultValueFactory = _ => 1, Description = $"Times as fast as it happened ({Player.MinSpeed} to {Player.MaxSpeed})." };
        var maxIdle = new Option<double>("--max-idle") { DefaultValueFactory = _ => 5, Description = "No pause is longer than so many seconds; 0: as long as it was." };
        var from = new Option<TimeSpan?>("--from") { CustomParser = Moment.ParseOffset, Description = "Begins there, counted from the session's start: 95.5, 1:35, 1:02:03." };
        var noInput = new Option<bool>("--no-input") { Description = "Does not show the keys that were pressed." };
        speed.Validators.Add(result =>
        {
            if (!(result.GetValueOrDefault<double>() is >= Player.MinSpeed and <= Player.MaxSpeed))
                result.AddError($"--speed is {Player.MinSpeed} to {Player.MaxSpeed}.");
        });
        maxIdle.Validators.Add(result =>
        {
            if (!(result.GetValueOrDefault<double>() is >= 0 and < 1_000_000))
                result.AddError("--max-idle is a number of seconds.");
        });
        var command = new Command("play", Description) { file, channel, speed, maxIdle, from, noInput };
        command.SetAction(parsed => RecordingFiles.ForEach([parsed.GetValue(file)!], error, path =>
        {
            double idle = parsed.GetValue(maxIdle);
            var options = new PlayOptions(
                parsed.GetValue(speed), idle > 0 ? TimeSpan.FromSeconds(idle) : null, parsed.GetValue(from), !parsed.GetValue(noInput));
            return Run(screen, error, path, parsed.GetValue(channel), options);
        }));
        return command;
    }

    public static Option<string?> ChannelOption() => new("--channel")
    {
        Description = "The channel or request, as show names it (0, 0.2, 17); without it the first that has a terminal, else the first that ran something.",
    };

    /// <summary>Finds what to play, and says what the file does not prove.</summary>
    /// <returns>Null when there is nothing, which was said.</returns>
    public static TrackInfo? Find(TextWriter error, string path, string? channel)
    {
        TrackInfo? info = TrackInfo.Find(path, channel, out string problem);
        if (info is null)
            error.WriteLine($"{SafeText.Line(path)}: {SafeText.Line(problem)}");
        else if (info.Report.Outcome != VerifyOutcome.Intact)
            error.WriteLine($"{SafeText.Line(path)}: {VerifyCommand.Word(info.Report.Outcome)}: what is not proven is not shown (see verify).");
        return info;
    }

    public static int Code(TrackInfo info) => info.Report.Outcome == VerifyOutcome.Damaged ? ExitCode.Damaged : ExitCode.Good;

    private static int Run(Screen screen, TextWriter error, string path, string? channel, PlayOptions options)
    {
        if (Find(error, path, channel) is not { } info)
            return ExitCode.Usage;
        if (!SystemConsole.IsThere || !ReferenceEquals(screen.Output, Console.Out))
        {
            PlainText.Write(screen.Output, info, options.From ?? TimeSpan.Zero);
            return Code(info);
        }

        Console.TreatControlCAsInput = true;
        using var player = new Player(info, new SystemConsole(screen.Output), TimeProvider.System, options);
        player.Run();
        return Code(info);
    }
}
