using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Mcp;

namespace Sallyport.Protocols.Http2;

/// <summary>All connections to targets, kept between clients' connections: one <see cref="HttpUpstream"/> for each identity at each target.</summary>
public sealed class HttpUpstreams : IAsyncDisposable
{
    private static readonly TimeSpan TidyEvery = TimeSpan.FromSeconds(10);

    private readonly IUpstream _door;
    private readonly HttpLimits _limits;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _failed;
    private readonly Lock _lock = new();
    private readonly Dictionary<(HttpTarget Target, string Issuer, string Subject), HttpUpstream> _upstreams = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _tidying;

    /// <param name="door">Connects to targets, and holds their credentials.</param>
    /// <param name="limits">How many connections there may be.</param>
    /// <param name="time">Ages of connections.</param>
    /// <param name="failed">Told of what a connection ended of, when that was neither side's fault: a bug.</param>
    public HttpUpstreams(IUpstream door, HttpLimits limits, TimeProvider time, Action<Exception> failed)
    {
        _failed = failed;
        _door = door;
        _limits = limits;
        _time = time;
        _tidying = TidyAsync();
    }

    /// <summary>Whose the sessions of MCP servers are, over all connections.</summary>
    internal McpSessions McpSessions { get; } = new();

    /// <summary>Those of one identity at one target. The session says when it is over, by <see cref="HttpUpstream.Leave"/>.</summary>
    internal HttpUpstream For(HttpTarget target, SessionFacts facts)
    {
        (HttpTarget, string, string) key = (target, facts.Identity.Issuer, facts.Identity.Subject);
        lock (_lock)
        {
            if (!_upstreams.TryGetValue(key, out HttpUpstream? upstream))
                _upstreams.Add(key, upstream = new HttpUpstream(target, facts, _door, _limits, _time, _failed));
            upstream.Enter();
            return upstream;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _tidying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        HttpUpstream[] all;
        lock (_lock)
        {
            all = [.. _upstreams.Values];
            _upstreams.Clear();
        }

        foreach (HttpUpstream upstream in all)
            await upstream.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task TidyAsync()
    {
        using var timer = new PeriodicTimer(TidyEvery, _time);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
        {
            KeyValuePair<(HttpTarget, string, string), HttpUpstream>[] all;
            lock (_lock)
                all = [.. _upstreams];
            foreach (KeyValuePair<(HttpTarget, string, string), HttpUpstream> entry in all)
            {
                if (!await entry.Value.TidyAsync().ConfigureAwait(false))
                    continue;
                lock (_lock)
                {
                    // A session that has it would make connections that nobody tidies.
                    if (entry.Value.HasUsers)
                        continue;
                    _upstreams.Remove(entry.Key);
                }

                await entry.Value.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
