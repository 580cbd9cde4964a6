using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;
using Sallyport.Replay.Http;

namespace Sallyport.Replay;

/// <summary>One thing that somebody did, whatever the protocol. It is a line of <c>timeline --json</c> as it stands.</summary>
internal sealed record TimelineAction(DateTimeOffset At, Guid SessionId, string Subject, IReadOnlyList<string>? ActingFor, string Protocol, string Target, string Kind, string Text)
{
    /// <summary>What came of it; null: it is not known.</summary>
    public string? Outcome { get; init; }

    public double? DurationMs { get; init; }

    public string? Verdict { get; init; }

    public string? RuleId { get; init; }

    public bool Masked { get; init; }

    /// <summary>The call of a program that it belongs to, where the program says so: the same in every session that it is in.</summary>
    public string? Command { get; init; }

    /// <inheritdoc cref="Command"/>
    public string? CommandId { get; init; }

    public bool Proven { get; init; } = true;
}

/// <summary>Reads what was done of a recording.</summary>
internal sealed class Timeline
{
    private readonly SessionFacts _facts;
    private readonly Action<TimelineAction> _did;

    private Timeline(SessionFacts facts, Action<TimelineAction> did) => (_facts, _did) = (facts, did);

    /// <summary>Tells each action, in the order of the recording.</summary>
    /// <returns>What the file proves; null: <paramref name="wanted"/> said no, or it has no facts.</returns>
    public static VerifyReport? Read(string file, Func<SessionFacts, bool> wanted, Action<TimelineAction> did)
    {
        using Playback playback = Playback.Open(file, new PgTranscriptLimits { TextBytes = 4096, ParameterBytes = 0, Parameters = 0 });
        if (playback.Facts is not { } facts || !wanted(facts))
            return null;
        var timeline = new Timeline(facts, did);
        while (playback.Next() is { } item)
            timeline.Take(item);
        return playback.Report();
    }

    private void Take(PlayedItem item)
    {
        switch (item)
        {
            case { Entry: PgStatementEntry { Step: PgStep.Query or PgStep.Execute } statement }:
                Tell(Of(statement.At, "statement", statement.Text) with { Outcome = Words.Kebab(statement.Outcome), DurationMs = statement.Duration?.TotalMilliseconds });
                break;
            case { Http: HttpExchangeEntry { Step: HttpExchangeStep.Ended, Exchange: var exchange } }:
                Tell(Of(exchange));
                break;
            case { Ssh: SshRequestEntry { Name: "exec" or "subsystem" or "shell", FromTarget: false } request }:
                Tell(Of(request.At, request.Name, request.Text));
                break;
            case { Ssh: SshChannelEntry { Step: SshChannelStep.Opened, Channel.Destination.Length: > 0 } opened }:
                Tell(Of(opened.At, "forward", opened.Channel.Destination));
                break;
            case { Event: { } told }:
                Event(item, told);
                break;
            // An exchange tells its own.
            case { Decision: { Verdict: not VerdictKind.Allow } decision, Exchange: null }:
                Tell(Of(item.At, Words.Kebab(decision.Kind), decision.Text.Length > 0 ? decision.Text : Words.Effects(decision)) with
                {
                    Verdict = Words.Verdict(decision.Verdict),
                    RuleId = decision.RuleId,
                    Proven = item.IsProven,
                });
                break;
        }
    }

    private void Event(PlayedItem item, EventRecord told)
    {
        TimelineAction? action = told.Name switch
        {
            SshCommandEvent.Name when SshCommandEvent.Read(told.Detail) is { } command => Of(item.At, "command", command.Text),
            SshFileEvent.Name when SshFileEvent.Read(told.Detail) is { } file => Of(item.At, file.Direction, file.Path) with { Outcome = file.Status, DurationMs = file.Ms },
            SshGitPushEvent.Name when SshGitPushEvent.Read(told.Detail) is { } push => Of(item.At, "git-push", $"{push.Path} {push.Ref}"),
            SshForwardEvent.Name when _facts.Protocol == "http2" && SshForwardEvent.Read(told.Detail) is { } forward => Of(item.At, "forward", forward.Destination),
            _ => null,
        };
        if (action is not null)
            Tell(action with { Proven = item.IsProven });
    }

    private TimelineAction Of(HttpTranscriptExchange exchange) => Of(exchange.At, "request", HttpWords.What(exchange)) with
    {
        Outcome = HttpWords.Outcome(exchange),
        DurationMs = exchange.Duration?.TotalMilliseconds,
        Verdict = exchange.Verdict is { } verdict ? Words.Verdict(verdict) : null,
        RuleId = exchange.Verdict is null ? null : exchange.Rule,
        Masked = exchange.IsMasked,
        Command = exchange.Command?.Name,
        CommandId = exchange.Command is { Session.Length: > 0 } command ? command.Session : null,
    };

    private TimelineAction Of(DateTimeOffset at, string kind, string text) =>
        new(at, _facts.SessionId, _facts.Identity.Subject, _facts.Identity.ActingFor.Length > 0 ? _facts.Identity.ActingFor : null, _facts.Protocol, Words.Target(_facts), kind, text);

    private void Tell(TimelineAction action) => _did(action);
}
