using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;
using Sallyport.Replay.Terminal;
using Spectre.Console;

namespace Sallyport.Replay.Commands;

/// <summary>An SSH session for people: its channels and what ran in them, and at the end the files moved and the connections forwarded.</summary>
internal sealed class ShowSsh(Screen screen, bool full)
{
    // A table is held until it is written; the rest of a longer one is in the JSON.
    private const int MaxRows = 10_000;
    private const string Margin = "              | ";

    private readonly List<SshFileEvent> _files = [];
    private readonly List<SshForwardEvent> _forwards = [];
    private long _moreFiles;
    private long _moreForwards;

    /// <summary>What an event's number counts: requests in a session of HTTP.</summary>
    public string Part { get; set; } = "channel";

    public void Entry(SshTranscriptEntry entry)
    {
        switch (entry)
        {
            case SshChannelEntry channel:
                Channel(channel);
                break;
            case SshRequestEntry request:
                Request(request);
                break;
            case SshGlobalEntry { Destination.Length: > 0 } global:
                Head(global.At, "session", $"{global.Name} {global.Destination}", null);
                break;
            case SshMalformedEntry malformed:
                string side = malformed.Direction == Direction.FromClient ? "from the client" : "to the client";
                Head(malformed.At, "MALFORMED", $"byte {malformed.Offset} {side}: {malformed.Reason}", Screen.Bad);
                break;
        }
    }

    /// <summary>Tells an event of SSH; false when it is another's, or not as SSH's are.</summary>
    public bool TryEvent(PlayedItem item, EventRecord told)
    {
        switch (told.Name)
        {
            case SshCommandEvent.Name when SshCommandEvent.Read(told.Detail) is { } command:
                Head(item.At, $"{Part} {command.Channel}", "command" + Unproven(item), Screen.Good);
                Block(command.Text);
                return true;
            case SshFileEvent.Name when SshFileEvent.Read(told.Detail) is { } file:
                _moreFiles += Keep(_files, file);
                Head(item.At, $"{Part} {file.Channel}", $"{file.Direction} {file.Path}, {file.Status}{Unproven(item)}", file.Status == "complete" ? Screen.Plain : Screen.Warn);
                return true;
            case SshGitPushEvent.Name when SshGitPushEvent.Read(told.Detail) is { } push:
                Head(item.At, $"{Part} {push.Channel}", $"git push to {push.Path}: {push.Ref}{Change(push)}{Unproven(item)}", Screen.Good);
                return true;
            case SshForwardEvent.Name when SshForwardEvent.Read(told.Detail) is { } forward:
                _moreForwards += Keep(_forwards, forward);
                return true;
            default:
                return false;
        }
    }

    public void End()
    {
        Table("files", _files, _moreFiles, ["PATH", "DIRECTION", "BYTES", "SHA-256", "TIME", "STATUS", "BY", Part.ToUpperInvariant()], file =>
        [
            file.Path, file.Direction, Number(file.Bytes), file.Sha256 ?? "-", Moment.Span(TimeSpan.FromMilliseconds(Math.Clamp(file.Ms, 0, int.MaxValue))), file.Status, file.By,
            Number(file.Channel),
        ]);
        Table("forwards", _forwards, _moreForwards, ["DESTINATION", "KIND", "TO TARGET", "TO CLIENT", "TIME", Part.ToUpperInvariant()], forward =>
        [
            forward.Destination.Length > 0 ? forward.Destination : "-", forward.Kind, Number(forward.BytesToTarget), Number(forward.BytesToClient),
            Moment.Span(TimeSpan.FromMilliseconds(Math.Clamp(forward.Ms, 0, int.MaxValue))), Number(forward.Channel),
        ]);
    }

    private void Channel(SshChannelEntry entry)
    {
        SshTranscriptChannel channel = entry.Channel;
        string what = channel.Destination.Length > 0 ? $"{channel.Type} to {channel.Destination}" : channel.Type;
        switch (entry.Step)
        {
            case SshChannelStep.Opened:
                Head(entry.At, Name(channel), $"{what}, open{(channel.FromTarget ? " from the target" : "")}", null);
                break;
            case SshChannelStep.Refused:
                Head(entry.At, Name(channel), $"{what}, not opened: {channel.Refusal}", Screen.Warn);
                break;
            case SshChannelStep.Closed:
                Head(entry.At, Name(channel), Summary(channel), channel.ExitStatus is > 0 || channel.ExitSignal.Length > 0 ? Screen.Warn : Screen.Plain);
                break;
        }
    }

    private void Request(SshRequestEntry entry)
    {
        string name = Name(entry.Channel);
        switch (entry.Name)
        {
            case "pty-req" when entry.Size is var (columns, rows):
                Head(entry.At, name, $"terminal {entry.Text}, {columns}x{rows}", Screen.Dim);
                break;
            case "window-change" when entry.Size is var (columns, rows):
                if (full)
                    Head(entry.At, name, $"resized to {columns}x{rows}", Screen.Dim);
                break;
            case "env":
                Head(entry.At, name, $"env {entry.Text}", Screen.Dim);
                break;
            case "shell" or "exec" or "subsystem" when !entry.FromTarget:
                Head(entry.At, name, entry.Name == "subsystem" ? $"subsystem {entry.Text}" : entry.Name, Screen.Good);
                if (entry.Name == "exec")
                    Block(entry.Text);
                break;
            case "exit-status" or "exit-signal" when entry.FromTarget:
                break;
            default:
                Head(entry.At, name, entry.Text.Length > 0 ? $"{entry.Name} {entry.Text}" : entry.Name, Screen.Dim);
                break;
        }
    }

    private static string Change(SshGitPushEvent push) =>
        push.New.Length == 0 ? "" : push.New.All(c => c == '0') ? $", deleted (was {push.Old})" : push.Old.All(c => c == '0') ? $", new, {push.New}" : $", {push.Old} to {push.New}";

    private static string Summary(SshTranscriptChannel channel)
    {
        var parts = new List<string>();
        if (channel.ExitStatus is { } status)
            parts.Add($"exit {status}");
        if (channel.ExitSignal.Length > 0)
            parts.Add($"killed by {channel.ExitSignal}");
        if (channel.Runs.Length > 0 && channel.Started == SshOutcome.Refused)
            parts.Add($"{channel.Runs} was refused");
        parts.Add(channel.ClosedAt is { } closed ? $"closed after {Moment.Span(closed - channel.OpenedAt)}" : "still open");
        string errors = channel.ErrorBytes > 0 ? $", {Number(channel.ErrorBytes)} of errors" : "";
        return $"{string.Join(", ", parts)}; {Number(channel.InputBytes)} bytes in, {Number(channel.OutputBytes)} out{errors}";
    }

    private void Table<T>(string title, List<T> items, long more, string[] headers, Func<T, string[]> row)
    {
        if (items.Count == 0)
            return;
        screen.Line();
        screen.Line((title, Screen.Dim));
        screen.Table(headers, items.Select(item => row(item).Select(text => Screen.Cell(text)).ToArray()));
        if (more > 0)
            screen.Line(($"and {more} more; --json shows them", Screen.Dim));
    }

    private static int Keep<T>(List<T> items, T item)
    {
        if (items.Count >= MaxRows)
            return 1;
        items.Add(item);
        return 0;
    }

    private static string Name(SshTranscriptChannel channel) => $"channel {channel.Label}";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Unproven(PlayedItem item) => item.IsProven ? "" : "  [not proven]";

    private void Head(DateTimeOffset at, string word, string rest, Style? style) =>
        screen.Line(($"{Moment.Time(at)}  ", Screen.Dim), (SafeText.Line(word), Screen.Dim), ("  " + SafeText.Line(rest), style));

    private void Block(string text)
    {
        foreach (string line in SafeText.Lines(text, full ? int.MaxValue : 2000))
            screen.Line((Margin, Screen.Dim), (line, null));
    }
}
