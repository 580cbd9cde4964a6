using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Recording;
using Sallyport.Replay.Terminal;
using Spectre.Console;

namespace Sallyport.Replay.Commands;

/// <summary>A session for people. Every line of recorded text stands behind a margin, so that none can pass for a line of the tool's own.</summary>
internal sealed class ShowText(Screen screen, bool full) : IShowOutput
{
    private readonly ShowSsh _ssh = new(screen, full);
    private ShowHttp? _http;
    private bool _isSsh;
    private const string Margin = "              | ";
    private const string Indent = "              ";

    private int MaxChars => full ? int.MaxValue : 2000;

    public void Begin(SessionFacts? facts)
    {
        if (facts is null)
            return;
        _isSsh = facts.Protocol == "ssh";
        if (facts.Protocol == "http2")
        {
            _http = new ShowHttp(screen, Tell);
            _ssh.Part = "request";
        }

        Identity who = facts.Identity;
        string actingFor = who.ActingFor.Length == 0 ? "" : " for " + string.Join(" for ", who.ActingFor);
        Field("session", facts.SessionId.ToString("D"));
        Field("subject", $"{who.Subject} ({Words.Kind(who.Kind)}){actingFor}");
        if (who.Groups.Length > 0)
            Field("groups", string.Join(", ", who.Groups));
        Field("vouched", $"{who.Issuer}{(who.TokenId is null ? "" : $", token {who.TokenId}")}, until {Moment.Day(who.ExpiresAt)}");
        Field("client", $"{facts.Source}{(_isSsh ? " over SSH" : facts.ClientTls ? " over TLS" : ", not encrypted")}");
        if (facts.ClientUser.Length + facts.ClientApplication.Length > 0)
            Field("claims", $"user {facts.ClientUser}, application {facts.ClientApplication}");
        Field("target", $"{Words.Target(facts)} ({facts.Protocol})");
        Field("node", $"{facts.Node}, listener {facts.Listener}");
        Field("started", Moment.Day(facts.StartedAt));
        screen.Line();
    }

    public void Item(PlayedItem item)
    {
        if (_http is not null)
            _http.Item(item);
        else
            Tell(item);
    }

    public void End(VerifyReport report, Playback playback)
    {
        _http?.End();
        _ssh.End();
        screen.Line();
        string span = report is { ProvenFrom: { } from, ProvenUntil: { } until } ? $" after {Moment.Span(until - from)}" : "";
        SessionEnd? end = report.SessionEnd;
        Field("ended", end is null
            ? $"not recorded{span}"
            : $"{end.Reason}{span} ({Words.Kebab(end.Side)}, {Words.Kebab(end.Stage)}{(end.WireCode is null ? "" : ", " + end.WireCode)}){(end.Detail is null ? "" : ": " + end.Detail)}");
        Field("bytes", string.Create(CultureInfo.InvariantCulture, $"{playback.Bytes.FromClient} from the client, {playback.Bytes.ToClient} to the client"));
        screen.Line(("verified  ", Screen.Dim), (VerifyCommand.Word(report.Outcome), VerifyCommand.Colour(report.Outcome)),
            (string.Create(CultureInfo.InvariantCulture, $", {report.ProvenBytes} of {report.FileBytes} bytes proven"), null));
    }

    private void Tell(PlayedItem item)
    {
        if (item.Decision is { } decision)
            Decision(item, decision);
        else if (item.Ssh is { } ssh)
            _ssh.Entry(ssh);
        else if ((_isSsh || _http is not null) && item.Event is { } told && _ssh.TryEvent(item, told))
            return;
        else if (item.Event is { } happened)
            Head(item.At, happened.Name, SafeText.Line(happened.Detail) + Unproven(item), Screen.Dim);
        else if (item.Damage is { } damage)
            Head(item.At, "DAMAGE", $"{VerifyCommand.Where(damage)}: {VerifyCommand.Why(damage.Kind)}; the protocol is not decoded from here on", Screen.Bad);
        else if (item.Entry is { } entry)
            Entry(entry);
    }

    private void Decision(PlayedItem item, DecisionRecord decision)
    {
        // The line of its request tells it.
        if (item.Exchange is not null && !full)
            return;
        bool refused = decision.Verdict != VerdictKind.Allow;
        // What an SSH session was allowed to run is its story; the operations on files are many, and the manifest tells them.
        if (!refused && !full && !(_isSsh && decision.Kind is ActionKind.Command or ActionKind.PortForward && decision.Verb is not (Verb.Env or Verb.Pty)))
            return;
        string word = decision.Verdict switch { VerdictKind.Allow => "allowed", VerdictKind.Hold => "HELD", _ => "REFUSED" };
        string what = $"{Words.Effects(decision)} by {decision.RuleId} (policy {decision.PolicyVersion}){(decision.Masked ? ", masked" : "")}";
        Head(item.At, word, SafeText.Line(what) + Unproven(item), refused ? Screen.Bad : Screen.Dim);
        if (!refused)
            return;
        Block(decision.Text, null);
        if (decision.Hint is not null)
            screen.Line(($"{Indent}hint: {SafeText.Line(decision.Hint)}", Screen.Warn));
    }

    private void Entry(PgTranscriptEntry entry)
    {
        switch (entry)
        {
            case PgStatementEntry statement:
                Statement(statement);
                break;
            case PgFunctionCallEntry call:
                Head(call.At, "call", $"function {call.FunctionOid}, {Words.Kebab(call.Outcome)}{Took(call.Duration)}", null);
                Error(call.Error);
                break;
            case PgMessageEntry message:
                Head(message.At, message.IsError ? "error" : "notice", "", message.IsError ? Screen.Warn : Screen.Dim);
                Error(message.Message);
                break;
            case PgNotificationEntry notification:
                Head(notification.At, "notify", SafeText.Line($"{notification.Channel}: {notification.Payload}"), Screen.Dim);
                break;
            case PgMalformedEntry malformed:
                string side = malformed.Direction == Direction.FromClient ? "from the client" : "to the client";
                Head(malformed.At, "MALFORMED", $"byte {malformed.Offset} {side}: {malformed.Reason}", Screen.Bad);
                break;
        }
    }

    private void Statement(PgStatementEntry statement)
    {
        Head(statement.At, Words.Kebab(statement.Step), Result(statement), statement.Outcome == PgOutcome.Failed ? Screen.Warn : Screen.Good);
        Block(statement.Text.Length > 0 ? statement.Text : $"(portal {statement.PortalName})", null);
        if (statement.TextTruncated)
            screen.Line(($"{Indent}(only the head of the text was kept)", Screen.Dim));
        for (int i = 0; i < statement.Parameters.Count; i++)
            Parameter(i + 1, statement.Parameters[i]);
        if (statement.ParameterCount > statement.Parameters.Count)
            screen.Line(($"{Indent}({statement.ParameterCount - statement.Parameters.Count} more parameters)", Screen.Dim));
        Error(statement.Error);
        if (statement.FirstRows.Count == 0)
            return;
        screen.Line(($"{Indent}> {SafeText.Line(string.Join(" | ", statement.Columns))}", Screen.Dim));
        foreach (IReadOnlyList<string?> row in statement.FirstRows)
            screen.Line(($"{Indent}> {string.Join(" | ", row.Select(field => field is null ? "NULL" : SafeText.Line(field)))}", null));
    }

    private void Parameter(int number, PgParameter parameter)
    {
        string value = parameter.Value is null ? "NULL" : $"'{string.Join("\\n", SafeText.Lines(parameter.Value, full ? int.MaxValue : 200))}'";
        screen.Line(($"{Indent}${number} = ", Screen.Dim), (value, null), (parameter.Truncated ? $" ({parameter.Length} bytes, head only)" : "", Screen.Dim));
    }

    private static string Result(PgStatementEntry statement)
    {
        var parts = new List<string> { Words.Kebab(statement.Outcome) };
        if (statement.Tags.Count > 0)
            parts.Add(SafeText.Line(string.Join("; ", statement.Tags)));
        if (statement.Rows > 0)
            parts.Add(statement.Rows == 1 ? "1 row" : string.Create(CultureInfo.InvariantCulture, $"{statement.Rows} rows"));
        if (statement.CopyInBytes > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{statement.CopyInBytes} bytes copied in"));
        if (statement.CopyOutBytes > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{statement.CopyOutBytes} bytes copied out"));
        return string.Join(", ", parts) + Took(statement.Duration);
    }

    private static string Took(TimeSpan? duration) => duration is null ? "" : $", {Moment.Span(duration.Value)}";

    private static string Unproven(PlayedItem item) => item.IsProven ? "" : "  [not proven]";

    private void Error(PgError? error)
    {
        if (error is null)
            return;
        screen.Line(($"{Indent}{SafeText.Line($"{error.Severity} {error.SqlState}: {error.Message}")}", Screen.Warn));
        if (error.Detail.Length > 0)
            screen.Line(($"{Indent}{SafeText.Line($"detail: {error.Detail}")}", Screen.Warn));
        if (error.Hint.Length > 0)
            screen.Line(($"{Indent}{SafeText.Line($"hint: {error.Hint}")}", Screen.Warn));
    }

    private void Head(DateTimeOffset at, string word, string rest, Style? style) =>
        screen.Line(($"{Moment.Time(at)}  ", Screen.Dim), (SafeText.Line(word), style ?? Screen.Good), (rest.Length > 0 ? "  " + rest : "", style));

    private void Block(string text, Style? style)
    {
        foreach (string line in SafeText.Lines(text, MaxChars))
            screen.Line((Margin, Screen.Dim), (line, style));
    }

    private void Field(string name, string value) => screen.Line(($"{name,-8}  ", Screen.Dim), (SafeText.Line(value), null));
}
