using System.CommandLine;
using System.IO.Enumeration;
using Sallyport.Contract;
using Sallyport.Recording;
using Sallyport.Replay.Json;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Commands;

/// <summary><c>timeline</c>: what somebody did, over all sessions and protocols.</summary>
internal static class TimelineCommand
{
    private const int DefaultMost = 100_000;

    public static Command Make(Screen screen, TextWriter error)
    {
        var paths = new Argument<string[]>("paths") { Arity = ArgumentArity.OneOrMore, Description = "Folders of recordings, or recordings." };
        var subject = new Option<string?>("--subject") { Description = "Only what this subject did, or an agent for it; * and ? stand for anything." };
        var since = new Option<DateTimeOffset?>("--since") { CustomParser = Moment.Parse, Description = "Only what happened then or later: 2026-03-14, 2026-03-14T09:30Z, 12h, 7d." };
        var until = new Option<DateTimeOffset?>("--until") { CustomParser = Moment.Parse, Description = "Only what happened before then." };
        var most = new Option<int>("--most") { DefaultValueFactory = _ => DefaultMost, Description = "No more lines than this, the earliest ones." };
        var json = new Option<bool>("--json") { Description = "JSON lines, an object for each action." };
        most.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 10_000_000)
                result.AddError("--most is 1 to 10000000.");
        });
        var command = new Command("timeline", "Shows what was done in all sessions of all protocols, by time: statements, commands, requests, files, forwards, refusals.")
        {
            paths, subject, since, until, most, json,
        };
        command.SetAction(parsed =>
        {
            var wanted = new Wanted(parsed.GetValue(subject), parsed.GetValue(since), parsed.GetValue(until), parsed.GetValue(most));
            return Run(screen, error, parsed.GetValue(paths) ?? [], wanted, parsed.GetValue(json));
        });
        return command;
    }

    private sealed record Wanted(string? Subject, DateTimeOffset? Since, DateTimeOffset? Until, int Most)
    {
        public bool Has(SessionFacts facts) => (Until is null || facts.StartedAt < Until)
            && (Subject is null || facts.Identity.ActingFor.Append(facts.Identity.Subject).Any(name => FileSystemName.MatchesSimpleExpression(Subject, name, ignoreCase: true)));

        public bool Has(DateTimeOffset at) => (Since is null || at >= Since) && (Until is null || at < Until);
    }

    private static int Run(Screen screen, TextWriter error, string[] paths, Wanted wanted, bool json)
    {
        int code = RecordingFiles.TryFind(paths, error, out List<string> files) ? ExitCode.Good : ExitCode.Usage;
        // The latest on top: when there are too many it goes, so that the earliest stay.
        var kept = new PriorityQueue<TimelineAction, (long, long)>(Comparer<(long, long)>.Create((a, b) => b.CompareTo(a)));
        long count = 0;
        code = ExitCode.Worse(code, RecordingFiles.ForEach(files, error, file =>
        {
            VerifyReport? report = Timeline.Read(file, wanted.Has, action =>
            {
                if (!wanted.Has(action.At))
                    return;
                kept.Enqueue(action, (action.At.UtcTicks, count++));
                if (kept.Count > wanted.Most)
                    kept.Dequeue();
            });
            return report?.Outcome == VerifyOutcome.Damaged ? ExitCode.Damaged : ExitCode.Good;
        }));

        if (count > kept.Count)
            error.WriteLine($"{count - kept.Count} later actions are not shown: narrow it with --since, --until and --subject, or raise --most.");
        foreach (TimelineAction action in kept.UnorderedItems.OrderBy(item => item.Priority).Select(item => item.Element))
        {
            if (json)
                ReplayJson.Write(screen.Output, action);
            else
                Show(screen, action);
        }

        return code;
    }

    private static void Show(Screen screen, TimelineAction action)
    {
        string actingFor = action.ActingFor is null ? "" : $" for {string.Join(" for ", action.ActingFor)}";
        bool isRefused = action.Verdict is "deny" or "hold";
        string rule = isRefused ? $"  {(action.Verdict == "deny" ? "REFUSED" : "HELD")} by {action.RuleId}" : action.Masked ? "  masked" : "";
        screen.Line(
            ($"{Moment.Day(action.At)}  ", Screen.Dim),
            (SafeText.Line($"{action.Subject}{actingFor}"), Screen.Good),
            (SafeText.Line($"  {action.Target}  {action.Kind}  "), Screen.Dim),
            (string.Join("\\n", SafeText.Lines(action.Text, 400)), isRefused ? Screen.Bad : Screen.Plain),
            (action.Outcome is null ? "" : "  " + SafeText.Line(action.Outcome), Screen.Dim),
            (SafeText.Line(rule), isRefused ? Screen.Bad : Screen.Dim),
            (action.Proven ? "" : "  [not proven]", Screen.Warn));
    }
}
