using System.CommandLine;
using Sallyport.Recording;
using Sallyport.Replay.Json;
using Sallyport.Replay.Ssh;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Commands;

/// <summary><c>search</c>: where a text was run, typed or shown.</summary>
internal static class SearchCommand
{
    public static Command Make(Screen screen, TextWriter error)
    {
        var path = new Argument<string>("path") { Description = "A folder of recordings, or a recording." };
        var text = new Argument<string>("text") { Description = "The text; upper and lower case are one." };
        var json = new Option<bool>("--json") { Description = "One JSON array, an object for each place." };
        text.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { Length: > 0 })
                result.AddError("The text is empty.");
        });
        var command = new Command("search", "Finds text in commands, statements, and what terminals showed, with the offset that play --from takes.") { path, text, json };
        command.SetAction(parsed => Run(screen, error, parsed.GetValue(path)!, parsed.GetValue(text)!, parsed.GetValue(json)));
        return command;
    }

    private static int Run(Screen screen, TextWriter error, string path, string text, bool json)
    {
        int code = RecordingFiles.TryFind([path], error, out List<string> files) ? ExitCode.Good : ExitCode.Usage;
        var all = new List<MatchJson>();
        code = ExitCode.Worse(code, RecordingFiles.ForEach(files, error, file =>
        {
            VerifyReport report = Searcher.Search(file, text, match =>
            {
                if (json)
                    all.Add(match);
                else
                    Show(screen, match);
            });
            return report.Outcome == VerifyOutcome.Damaged ? ExitCode.Damaged : ExitCode.Good;
        }));
        if (json)
            ReplayJson.Write(screen.Output, all);
        return code;
    }

    private static void Show(Screen screen, MatchJson match)
    {
        string where = match.Channel is null ? match.Where : $"{match.Where} {match.Channel}";
        screen.Line(
            (SafeText.Line(Path.GetFileName(match.File)), Screen.Dim),
            ($"  {Moment.Clock(TimeSpan.FromSeconds(match.Offset))}  ", Screen.Good),
            (SafeText.Line($"{match.Subject ?? "?"}  {where}: "), Screen.Dim),
            (string.Join("\\n", SafeText.Lines(match.Text, 400)), null));
    }
}
