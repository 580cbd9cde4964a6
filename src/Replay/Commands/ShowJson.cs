using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;
using Sallyport.Replay.Json;

namespace Sallyport.Replay.Commands;

/// <summary>A session as JSON lines.</summary>
internal sealed class ShowJson(TextWriter output, string file) : IShowOutput
{
    public void Begin(SessionFacts? facts)
    {
        if (facts is not null)
            ReplayJson.Write(output, SessionJson.Of(facts));
    }

    public void Item(PlayedItem item)
    {
        if (item.Entry is { } entry)
            Entry(entry);
        else if (item.Ssh is { } ssh)
            SshLine(ssh);
        else if (item.Http is HttpExchangeEntry { Step: HttpExchangeStep.Ended } ended)
            ReplayJson.Write(output, ExchangeJson.Of(ended.Exchange));
        else if (item.Http is HttpMalformedEntry malformed)
            ReplayJson.Write(output, new MalformedJson(malformed.At, Words.Kebab(malformed.Direction), malformed.Offset, malformed.Reason, malformed.Stopped));
        else if (item.Decision is { } decision)
            ReplayJson.Write(output, DecisionJson.Of(item, decision));
        else if (item.Event is { } happened)
            ReplayJson.Write(output, new EventJson(item.At, item.IsProven, happened.Name, happened.Detail));
        else if (item.Damage is { } damage)
            ReplayJson.Write(output, new DamageLineJson(item.At, DamageJson.Of(damage)));
    }

    public void End(VerifyReport report, Playback playback) =>
        ReplayJson.Write(output, new EndJson(SessionEndJson.Of(report.SessionEnd), VerifyJson.Of(file, report)));

    private void Entry(PgTranscriptEntry entry)
    {
        switch (entry)
        {
            case PgStatementEntry statement:
                ReplayJson.Write(output, StatementJson.Of(statement));
                break;
            case PgFunctionCallEntry call:
                ReplayJson.Write(output, new FunctionCallJson(
                    call.At, call.FunctionOid, Words.Kebab(call.Outcome), call.Duration?.TotalMilliseconds, ErrorJson.Of(call.Error)));
                break;
            case PgMessageEntry message:
                ReplayJson.Write(output, new MessageJson(message.At, message.IsError, ErrorJson.Of(message.Message)!));
                break;
            case PgNotificationEntry notification:
                ReplayJson.Write(output, new NotificationJson(notification.At, notification.ProcessId, notification.Channel, notification.Payload));
                break;
            case PgMalformedEntry malformed:
                ReplayJson.Write(output, new MalformedJson(
                    malformed.At, Words.Kebab(malformed.Direction), malformed.Offset, malformed.Reason, malformed.Stopped));
                break;
        }
    }

    private void SshLine(SshTranscriptEntry entry)
    {
        switch (entry)
        {
            case SshChannelEntry channel:
                ReplayJson.Write(output, ChannelJson.Of(channel));
                break;
            case SshRequestEntry request:
                ReplayJson.Write(output, RequestJson.Of(request));
                break;
            case SshGlobalEntry global:
                ReplayJson.Write(output, new GlobalRequestJson(global.At, global.Name, global.Destination, global.FromTarget));
                break;
            case SshMalformedEntry malformed:
                ReplayJson.Write(output, new MalformedJson(
                    malformed.At, Words.Kebab(malformed.Direction), malformed.Offset, malformed.Reason, malformed.Stopped));
                break;
        }
    }
}
