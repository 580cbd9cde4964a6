using System.CommandLine;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Recording;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Commands;

/// <summary><c>show</c>: what happened in one session.</summary>
internal static class ShowCommand
{
    private const int MaxRows = 1000;

    public static Command Make(Screen screen, TextWriter error)
    {
        var file = new Argument<string>("file") { Description = "A recording." };
        var rows = new Option<int>("--rows") { Description = $"Show the first rows of every result, as the client saw them (at most {MaxRows})." };
        var full = new Option<bool>("--full") { Description = "Show whole texts and parameters, and every allowed decision too." };
        var json = new Option<bool>("--json") { Description = "JSON lines: the session, what happened in order, the end." };
        rows.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > MaxRows)
                result.AddError($"--rows is 0 to {MaxRows}.");
        });
        var command = new Command("show", "Shows what happened in a session: statements, rows, refusals and why, and how it ended.") { file, rows, full, json };
        command.SetAction(parsed => RecordingFiles.ForEach(
            [parsed.GetValue(file)!],
            error,
            path => Run(screen, path, parsed.GetValue(rows), parsed.GetValue(full), parsed.GetValue(json))));
        return command;
    }

    private static int Run(Screen screen, string path, int rows, bool full, bool json)
    {
        using Playback playback = Playback.Open(path, new PgTranscriptLimits { Rows = rows });
        IShowOutput output = json ? new ShowJson(screen.Output, path) : new ShowText(screen, full);
        output.Begin(playback.Facts);
        while (playback.Next() is { } item)
            output.Item(item);
        VerifyReport report = playback.Report();
        output.End(report, playback);
        return report.Outcome == VerifyOutcome.Damaged ? ExitCode.Damaged : ExitCode.Good;
    }
}
