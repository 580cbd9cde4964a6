using System.CommandLine;
using System.Globalization;
using System.IO.Enumeration;
using Sallyport.Contract;
using Sallyport.Recording;
using Sallyport.Replay.Json;
using Sallyport.Replay.Terminal;
using Spectre.Console.Rendering;

namespace Sallyport.Replay.Commands;

/// <summary><c>list</c>: recordings, a line each.</summary>
internal static class ListCommand
{
    private static readonly string[] Headers =
        ["STARTED", "SUBJECT", "KIND", "TARGET", "SOURCE", "DURATION", "ACTIONS", "REFUSED", "END", "VERIFIED", "SESSION"];

    public static Command Make(Screen screen, TextWriter error)
    {
        var paths = new Argument<string[]>("paths") { Arity = ArgumentArity.OneOrMore, Description = "Folders of recordings, or recordings." };
        var subject = new Option<string?>("--subject") { Description = "Only sessions of this subject; * and ? stand for anything." };
        var target = new Option<string?>("--target") { Description = "Only sessions on this target; * and ? stand for anything." };
        var since = new Option<DateTimeOffset?>("--since") { CustomParser = Moment.Parse, Description = "Only sessions that started then or later: 2026-03-14, 2026-03-14T09:30Z, 12h, 7d." };
        var until = new Option<DateTimeOffset?>("--until") { CustomParser = Moment.Parse, Description = "Only sessions that started before then." };
        var json = new Option<bool>("--json") { Description = "One JSON array, an object for each recording." };
        var command = new Command("list", "Lists recordings: who, where, how long, what was refused, and whether the file is intact.")
        {
            paths, subject, target, since, until, json,
        };
        command.SetAction(parsed =>
        {
            var filter = new Filter(parsed.GetValue(subject), parsed.GetValue(target), parsed.GetValue(since), parsed.GetValue(until));
            return Run(screen, error, parsed.GetValue(paths) ?? [], filter, parsed.GetValue(json));
        });
        return command;
    }

    private static int Run(Screen screen, TextWriter error, string[] paths, Filter filter, bool json)
    {
        int code = RecordingFiles.TryFind(paths, error, out List<string> files) ? ExitCode.Good : ExitCode.Usage;
        var sessions = new List<SessionSummary>();
        code = ExitCode.Worse(code, RecordingFiles.ForEach(files, error, file =>
        {
            if (SessionSummary.Read(file, filter.Wants) is { } session)
                sessions.Add(session);
            return ExitCode.Good;
        }));

        if (json)
            ReplayJson.Write(screen.Output, sessions.ConvertAll(ListJson.Of));
        else
            screen.Table(Headers, sessions.Select(Row));
        return code;
    }

    private static IRenderable[] Row(SessionSummary session)
    {
        VerifyReport report = session.Report;
        SessionFacts? facts = session.Facts;
        return
        [
            Screen.Cell(facts is null ? "?" : Moment.Day(facts.StartedAt)),
            Screen.Cell(facts?.Identity.Subject ?? "?"),
            Screen.Cell(facts is null ? "?" : Words.Kind(facts.Identity.Kind)),
            Screen.Cell(facts is null ? "?" : Words.Target(facts)),
            Screen.Cell(facts?.Source.ToString() ?? "?"),
            Screen.Cell(report is { ProvenFrom: { } from, ProvenUntil: { } until } ? Moment.Span(until - from) : "?"),
            Screen.Cell(session.Statements.ToString(CultureInfo.InvariantCulture)),
            Screen.Cell(session.Refusals.ToString(CultureInfo.InvariantCulture), session.Refusals > 0 ? Screen.Warn : Screen.Plain),
            Screen.Cell(report.SessionEnd?.Reason ?? "-"),
            Screen.Cell(VerifyCommand.Word(report.Outcome), VerifyCommand.Colour(report.Outcome)),
            Screen.Cell(facts?.SessionId.ToString("D") ?? Path.GetFileName(session.File)),
        ];
    }

    private sealed record Filter(string? Subject, string? Target, DateTimeOffset? Since, DateTimeOffset? Until)
    {
        private bool IsEmpty => Subject is null && Target is null && Since is null && Until is null;

        // A recording whose facts cannot be read is listed when nothing is asked for: it must not vanish.
        public bool Wants(SessionFacts? facts) => facts is null
            ? IsEmpty
            : Matches(Subject, facts.Identity.Subject) && Matches(Target, facts.Target)
                && (Since is null || facts.StartedAt >= Since) && (Until is null || facts.StartedAt < Until);

        private static bool Matches(string? pattern, string value) => pattern is null || FileSystemName.MatchesSimpleExpression(pattern, value, ignoreCase: true);
    }
}
