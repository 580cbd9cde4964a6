using System.CommandLine;
using System.Globalization;
using Sallyport.Recording;
using Sallyport.Replay.Json;
using Sallyport.Replay.Terminal;
using Spectre.Console;

namespace Sallyport.Replay.Commands;

/// <summary><c>verify</c>: what recordings prove, and what not, and where.</summary>
internal static class VerifyCommand
{
    public static Command Make(Screen screen, TextWriter error)
    {
        var paths = new Argument<string[]>("paths") { Arity = ArgumentArity.OneOrMore, Description = "Recordings, or folders of recordings." };
        var json = new Option<bool>("--json") { Description = "One JSON array, an object for each recording." };
        var command = new Command("verify", "Proves recordings, byte by byte. Exits 0 only if every one is intact and complete.") { paths, json };
        command.SetAction(parsed => Run(screen, error, parsed.GetValue(paths) ?? [], parsed.GetValue(json)));
        return command;
    }

    private static int Run(Screen screen, TextWriter error, string[] paths, bool json)
    {
        int code = RecordingFiles.TryFind(paths, error, out List<string> files) ? ExitCode.Good : ExitCode.Usage;
        var all = new List<VerifyJson>();
        code = ExitCode.Worse(code, RecordingFiles.ForEach(files, error, file =>
        {
            VerifyReport report = RecordingVerifier.Verify(file);
            if (json)
                all.Add(VerifyJson.Of(file, report));
            else
                Show(screen, file, report);
            return ExitCode.Of(report.Outcome);
        }));
        if (json)
            ReplayJson.Write(screen.Output, all);
        return code;
    }

    private static void Show(Screen screen, string file, VerifyReport report)
    {
        screen.Line((Word(report.Outcome).ToUpperInvariant() + "  ", Colour(report.Outcome)), (SafeText.Line(Path.GetFileName(file)), null));
        screen.Line(($"  proven    {Proven(report)}", null));
        foreach (Damage damage in report.Damages)
            screen.Line(($"  unproven  {Where(damage)}: {Why(damage.Kind)}", Screen.Bad));
        if (report.DamageCount > report.Damages.Count)
            screen.Line(($"  unproven  and {report.DamageCount - report.Damages.Count} more places", Screen.Bad));
        if (report.SessionEnd is null)
            screen.Line(("  no trailer: the session still runs, or the daemon died, or the end was cut off", Screen.Warn));
    }

    public static string Word(VerifyOutcome outcome) => outcome switch
    {
        VerifyOutcome.Intact => "intact",
        VerifyOutcome.Incomplete => "incomplete",
        _ => "damaged",
    };

    public static Style Colour(VerifyOutcome outcome) => outcome switch
    {
        VerifyOutcome.Intact => Screen.Good,
        VerifyOutcome.Incomplete => Screen.Warn,
        _ => Screen.Bad,
    };

    public static string Where(Damage damage) => damage.Length == 0
        ? string.Create(CultureInfo.InvariantCulture, $"from byte {damage.Offset} on")
        : string.Create(CultureInfo.InvariantCulture, $"bytes {damage.Offset}-{damage.Offset + damage.Length - 1}");

    public static string Why(DamageKind kind) => kind switch
    {
        DamageKind.NotARecording => "this is no recording",
        DamageKind.FileHeader => "the file header was changed",
        DamageKind.Unsupported => "of a later version, or encrypted: this tool cannot judge it",
        DamageKind.ChunkHeader => "no chunk begins here: bytes were changed, removed or put in",
        DamageKind.ChunkBody => "the chunk was changed",
        DamageKind.ChainBroken => "the next chunk does not follow the one before: something was removed, moved, repeated or put in",
        DamageKind.Records => "the chunk is whole, but its records make no sense",
        DamageKind.TornTail => "the file ends inside a chunk: a crash while writing, or a cut",
        DamageKind.AfterTrailer => "bytes after the trailer",
        _ => kind.ToString(),
    };

    private static string Proven(VerifyReport report) => report is { ProvenFrom: { } from, ProvenUntil: { } until }
        ? string.Create(CultureInfo.InvariantCulture,
            $"bytes 0-{report.ProvenBytes - 1} of {report.FileBytes}: {report.ProvenChunks} chunks, {report.ProvenRecords} records, {Moment.Day(from)} to {Moment.Day(until)}")
        : "nothing";
}
