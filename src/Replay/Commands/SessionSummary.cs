using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;

namespace Sallyport.Replay.Commands;

/// <summary>A recording in one line.</summary>
internal sealed record SessionSummary(string File, SessionFacts? Facts, long Statements, long Refusals, VerifyReport Report)
{
    /// <summary>Reads the whole recording; null when <paramref name="wanted"/> says no to its facts.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SessionSummary? Read(string file, Func<SessionFacts?, bool> wanted)
    {
        using Playback playback = Playback.Open(file, new PgTranscriptLimits { TextBytes = 256, ParameterBytes = 0, Parameters = 0 });
        if (!wanted(playback.Facts))
            return null;
        long statements = 0, refusals = 0;
        while (playback.Next() is { } item)
        {
            if (item.Entry is PgStatementEntry { Step: PgStep.Query or PgStep.Execute } or PgFunctionCallEntry || IsDone(item))
                statements++;
            else if (item.Decision is { Verdict: not VerdictKind.Allow })
                refusals++;
        }

        return new SessionSummary(file, playback.Facts, statements, refusals, playback.Report());
    }

    // What a session of HTTP was asked, and what one of SSH did: commands run, seen in a terminal or asked for, subsystems, and connections forwarded.
    private static bool IsDone(PlayedItem item) => item.Http is HttpExchangeEntry { Step: HttpExchangeStep.Asked } || item.Event is { Name: SshCommandEvent.Name }
        || item.Ssh is SshRequestEntry { Name: "exec" or "subsystem", FromTarget: false }
            or SshChannelEntry { Step: SshChannelStep.Opened, Channel.Type: not "session" };
}
