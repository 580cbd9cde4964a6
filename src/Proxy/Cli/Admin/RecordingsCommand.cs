using System.CommandLine;
using Sallyport.Proxy.Admin.Routes;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport recordings</c>: recordings on a node's disk.</summary>
internal static class RecordingsCommand
{
    public static Command Create() => new("recordings", "Recordings of a node") { List(), Show(), Verify(), Download() };

    private static Command List()
    {
        Option<string> subject = new("--subject", "-s") { Description = "Only of this subject; * and ? stand for anything", HelpName = "SUBJECT" };
        Option<string> target = new("--target", "-t") { Description = "Only on this target; * and ? stand for anything", HelpName = "TARGET" };
        Option<DateTimeOffset?> since = Options.Since(), until = Options.Until();
        Option<int> most = Options.Most();
        return AdminVerb.Create("list", "List recordings, newest first", [subject, target, since, until, most], async context =>
        {
            string path = AdminClient.Query("/v1/recordings", ("subject", context.Value(subject)), ("target", context.Value(target)), ("since", context.Value(since)), ("until", context.Value(until)));
            List<RecordingJson> recordings = await context.Client.ListAsync<RecordingJson>(path, context.Value(most), context.Cancel).ConfigureAwait(false);
            context.Output.Table(recordings, ["SESSION", "STARTED", "SUBJECT", "TARGET", "BYTES", "LIVE"], recording =>
                [recording.Id.ToString(), AdminOutput.Time(recording.StartedAt), recording.Session?.Subject ?? "?", recording.Session?.Target ?? "?", $"{recording.Bytes}", recording.IsLive ? "yes" : ""]);
            return ExitCode.Done;
        });
    }

    private static Command Show()
    {
        Argument<Guid> id = Options.Id("session");
        return AdminVerb.Create("show", "Show whose recording it is", [id], async context =>
        {
            RecordingJson recording = await context.Client.GetAsync<RecordingJson>(AdminClient.Path($"/v1/recordings/{context.Value(id)}"), context.Cancel).ConfigureAwait(false);
            context.Output.Fields(
                recording, ("session", recording.Id.ToString()), ("node", recording.Node), ("started", AdminOutput.Time(recording.StartedAt)), ("bytes", $"{recording.Bytes}"),
                ("live", recording.IsLive ? "yes" : "no"), ("subject", recording.Session?.Subject), ("target", recording.Session?.Target), ("source", recording.Session?.Source));
            return ExitCode.Done;
        });
    }

    private static Command Verify()
    {
        Argument<Guid> id = Options.Id("session");
        return AdminVerb.Create("verify", "Say what a recording proves", [id], async context =>
        {
            RecordingProofJson proof = await context.Client.GetAsync<RecordingProofJson>(AdminClient.Path($"/v1/recordings/{context.Value(id)}/verify"), context.Cancel).ConfigureAwait(false);
            context.Output.Fields(
                proof, ("outcome", proof.Outcome), ("bytes", $"{proof.ProvenBytes} of {proof.FileBytes} proven"), ("records", $"{proof.ProvenRecords}"), ("until", AdminOutput.Time(proof.ProvenUntil)),
                ("damage", proof.Damages.Count > 0 ? string.Join("; ", proof.Damages) : null), ("end", proof.End));
            return proof.Outcome == "damaged" ? ExitCode.Failed : ExitCode.Done;
        });
    }

    private static Command Download()
    {
        Argument<Guid> id = Options.Id("session");
        Option<string> reason = Options.Reason();
        Option<FileInfo?> output = Options.Output();
        Option<bool> transcript = new("--transcript") { Description = "What was done, as JSON lines, instead of the recording itself" };
        return AdminVerb.Create("download", "Get a recording", [id, reason, output, transcript], async context =>
        {
            string form = context.Value(transcript) ? "transcript" : "file";
            string path = AdminClient.Path($"/v1/recordings/{context.Value(id)}/{form}?reason={context.Value(reason)}");
            await Options.WriteAsync(context.Value(output), stream => context.Client.DownloadAsync(path, stream, context.Cancel)).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }
}
