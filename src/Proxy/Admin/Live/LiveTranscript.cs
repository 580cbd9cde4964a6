namespace Sallyport.Proxy.Admin.Live;

/// <summary>Turns what a follower gets into a transcript, from the middle of a session on. Decisions and events are shown at once.</summary>
internal sealed class LiveTranscript(string protocol)
{
    private readonly IToldSession? _session = ToldSessions.Of(protocol, fromMiddle: true);

    /// <summary>What this item tells.</summary>
    public IEnumerable<TranscriptJson> Take(FollowedItem item)
    {
        if (item.Decision is { } decision)
        {
            _session?.Decide(decision);
            return [TranscriptJson.Of(item.At, decision)];
        }

        if (item.Event is { } happened)
            return [new TranscriptJson("event", item.At) { Name = happened.Name, Detail = happened.Detail }];
        return item.Data is { } data && _session is not null ? _session.Take(item.At, data.Direction, data.Bytes) : [];
    }
}
