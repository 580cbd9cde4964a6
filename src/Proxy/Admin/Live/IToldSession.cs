using Sallyport.Contract;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>Turns the recorded bytes of one session into what is shown of it, in a protocol's own words. One for each reader.</summary>
internal interface IToldSession
{
    /// <summary>What these bytes tell, together with those before.</summary>
    List<TranscriptJson> Take(DateTimeOffset at, Direction direction, ReadOnlySpan<byte> bytes);

    /// <summary>Policy has decided, between the bytes before and those that follow.</summary>
    void Decide(FollowedDecision decision)
    {
    }

    /// <summary>Nothing more comes: what is under way is told as far as it is known.</summary>
    List<TranscriptJson> End(DateTimeOffset at) => [];
}

/// <summary>The protocols that can be told.</summary>
internal static class ToldSessions
{
    /// <param name="protocol">Of the session.</param>
    /// <param name="fromMiddle">The first bytes that come need not be the session's first.</param>
    /// <returns>Null: what the session carries is not understood here.</returns>
    public static IToldSession? Of(string protocol, bool fromMiddle) => protocol switch
    {
        "postgres" => new ToldPostgres(fromMiddle),
        "ssh" => new ToldSsh(),
        "http2" => new ToldHttp(),
        _ => null,
    };
}
