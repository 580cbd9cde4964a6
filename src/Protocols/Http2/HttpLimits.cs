namespace Sallyport.Protocols.Http2;

/// <summary>Every bound of the engine, with its reason.</summary>
public sealed record HttpLimits
{
    /// <summary>From accept to the first whole request: TLS, preface and head.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A head that has begun must be whole by then: slow heads hold memory and a slot.</summary>
    public TimeSpan Head { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection with no request under way is closed after this; policy's own idle time ends sessions.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Largest head by the count of RFC 9113 6.5.2, bytes. Kubernetes clients with group claims in fields come close to 32 KiB.</summary>
    public int HeadBytes { get; init; } = 64 << 10;

    /// <summary>Most field lines of a head.</summary>
    public int HeadFields { get; init; } = 256;

    /// <summary>CONTINUATION frames of one head; more is the flood of CVE-2023-45288.</summary>
    public int Continuations { get; init; } = 16;

    /// <summary>Streams of one client connection at a time (SETTINGS_MAX_CONCURRENT_STREAMS); a stream counts until the target is done with it, too.</summary>
    public int Streams { get; init; } = 250;

    /// <summary>Streams of one connection that either side resets in a second: rapid reset (CVE-2023-44487) and what makes us reset (CVE-2025-8671).</summary>
    public int ResetsPerSecond { get; init; } = 200;

    /// <summary>Frames in a second that cost us work and carry nothing: SETTINGS, PING, PRIORITY, empty DATA and HEADERS, WINDOW_UPDATE of one byte.</summary>
    public int IdleFramesPerSecond { get; init; } = 2000;

    /// <summary>Answers to PING and SETTINGS that the peer may leave unread, bytes.</summary>
    public int UnreadAnswers { get; init; } = 64 << 10;

    /// <summary>What a peer may send on one stream before it is forwarded, bytes.</summary>
    public int StreamWindow { get; init; } = 256 << 10;

    /// <summary>
    /// What a client may have sent on all its streams together that is not forwarded, bytes: the memory that slow targets can hold. A target, whose connection many clients share, may send
    /// <see cref="StreamWindow"/> on each of its <see cref="UpstreamStreams"/>, which is what those clients may hold anyway: a slow client slows nobody but itself.
    /// </summary>
    public int ConnectionWindow { get; init; } = 4 << 20;

    /// <summary>What waits for one socket before streams have to wait, bytes.</summary>
    public int OutputBytes { get; init; } = 256 << 10;

    /// <summary>Largest body that is looked into before it is let through: etcd takes 1.5 MiB, an API server 3 MiB.</summary>
    public int Body { get; init; } = 4 << 20;

    /// <summary>Bodies of one connection that are looked into at a time, bytes together: one at the limit of <see cref="Body"/>, or many small ones.</summary>
    public int CollectedBytes { get; init; } = 32 << 20;

    /// <summary>A body that is looked into must be whole by then.</summary>
    public TimeSpan BodyWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Identities and targets of one connection that are in use: each is a session of its own.</summary>
    public int Sessions { get; init; } = 16;

    /// <summary>Time to reach a target, TLS included.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What a peer gets to take the last word.</summary>
    public TimeSpan LastWord { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Requests that one connection to a target carries at a time, if the target lets it. Few connections are busy ones, which send more at once.</summary>
    public int UpstreamStreams { get; init; } = 1000;

    /// <summary>Connections that speak HTTP/2 to one target for one identity: each carries up to <see cref="UpstreamStreams"/> requests.</summary>
    public int UpstreamConnections { get; init; } = 8;

    /// <summary>Those that speak HTTP/1.1, each of which carries one request, or one tunnel for as long as that lasts.</summary>
    public int UpstreamHttp1Connections { get; init; } = 128;

    /// <summary>A connection to a target that nobody uses is closed after this.</summary>
    public TimeSpan UpstreamIdle { get; init; } = TimeSpan.FromMinutes(1);
}
