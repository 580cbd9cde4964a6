using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Sallyport.Compare.Http;
using Sallyport.Compare.Peers;

namespace Sallyport.Compare.Comparisons;

/// <summary>
/// h2load over TLS and HTTP/2 to nghttpx, HAProxy, nginx, YARP and Sallyport in front of the same nginx; Sallyport with identity, policy and recording. Interleaved:
/// every round visits every peer for each load, starting with another one each time.
/// </summary>
internal sealed class HttpComparison : IComparison
{
    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write what was measured to this file." };
    private readonly Option<int?> _rounds = new("--rounds") { Description = "How often each load is run; 3, or 1 when quick." };
    private readonly Option<int?> _seconds = new("--seconds") { Description = "How long each run takes; 3, or 2 when quick." };
    private readonly Option<string> _connections = new("--connections") { Description = "Connections at a time.", DefaultValueFactory = _ => "1,16,64" };
    private readonly Option<string> _streams = new("--streams") { Description = "Streams at a time on each.", DefaultValueFactory = _ => "1,10,100" };
    private readonly Option<string> _only = new("--only") { Description = "Only these: small, large, idle.", DefaultValueFactory = _ => "small,large,idle" };
    private readonly Option<string?> _peers = new("--peers") { Description = "Only these, beside sallyport: direct, nghttpx, haproxy, nginx, yarp." };
    private readonly Option<bool> _quick = new("--quick") { Description = "One short round, to see that it works and roughly where it stands." };

    public string Name => "http2";

    public string Description => "requests a second and their latency, and bodies of 1 MiB: nghttpx, HAProxy, nginx, YARP, Sallyport";

    public Command Command()
    {
        var command = new Command(Name, Description) { _json, _rounds, _seconds, _connections, _streams, _only, _peers, _quick };
        command.SetAction((parsed, cancel) =>
        {
            bool quick = parsed.GetValue(_quick);
            var plan = new HttpPlan
            {
                Rounds = Math.Max(1, parsed.GetValue(_rounds) ?? (quick ? 1 : 3)),
                Seconds = Math.Max(1, parsed.GetValue(_seconds) ?? (quick ? 2 : 3)),
                Connections = Numbers(parsed.GetValue(_connections)!),
                Streams = Numbers(parsed.GetValue(_streams)!),
                Only = parsed.GetValue(_only)!.Split(','),
                Peers = parsed.GetValue(_peers)?.Split(','),
            };
            return RunAsync(plan, parsed.GetValue(_json)?.FullName, cancel);
        });
        return command;
    }

    private static IReadOnlyList<int> Numbers(string list) => [.. list.Split(',').Select(int.Parse)];

    private static async Task RunAsync(HttpPlan plan, string? json, CancellationToken cancel)
    {
        using var workspace = new Workspace();
        await using HttpMaterial material = await HttpMaterial.CreateAsync(workspace);
        List<IHttpPeer> peers = [];
        try
        {
            if (plan.Wants("direct"))
                peers.Add(new HttpDirect(material));
            if (plan.Wants("nghttpx"))
                peers.Add(await PlainHttpProxy.NghttpxAsync(workspace, material));
            if (plan.Wants("haproxy"))
                peers.Add(await PlainHttpProxy.HAProxyAsync(workspace, material));
            if (plan.Wants("nginx"))
                peers.Add(await PlainHttpProxy.NginxAsync(workspace, material));
            if (plan.Wants("yarp"))
                peers.Add(await PlainHttpProxy.YarpAsync(workspace, material));
            peers.Add(await HttpSallyport.StartAsync(workspace, material));
            List<HttpRun> runs = await MeasureAsync(plan, peers, material, workspace, cancel);
            IReadOnlyList<HttpRow> rows = HttpRow.From(runs);
            List<HttpIdleRun> idle = await IdleAsync(plan, peers, cancel);
            HttpReport.Print(Machine.Current(), plan, rows, idle);
            if (json is not null)
                HttpReport.WriteJson(json, Machine.Current(), plan, rows, idle);
        }
        finally
        {
            foreach (IHttpPeer peer in Enumerable.Reverse(peers))
                await peer.DisposeAsync();
        }
    }

    private static async Task<List<HttpRun>> MeasureAsync(HttpPlan plan, List<IHttpPeer> peers, HttpMaterial material, Workspace workspace, CancellationToken cancel)
    {
        // Nothing is timed that moves the wrong bytes; code is compiled meanwhile.
        foreach (IHttpPeer peer in peers)
        {
            await Console.Error.WriteLineAsync($"checking: {peer.Name}");
            await VerifyAsync(peer, material);
            await H2Load.RunAsync(peer, new HttpLoad("warm-up", HttpMaterial.SmallPath, 4, 10), 3, workspace);
            peer.Tidy();
        }

        List<HttpRun> runs = [];
        for (int round = 0; round < plan.Rounds; round++)
        {
            foreach (HttpLoad load in plan.Loads)
            {
                await Console.Error.WriteLineAsync($"round {round + 1}/{plan.Rounds}: {load}");
                for (int turn = 0; turn < peers.Count; turn++)
                {
                    cancel.ThrowIfCancellationRequested();
                    IHttpPeer peer = peers[(turn + round) % peers.Count];
                    runs.Add(await H2Load.RunAsync(peer, load, plan.Seconds, workspace));
                    peer.Tidy();
                }
            }
        }

        return runs;
    }

    private static async Task<List<HttpIdleRun>> IdleAsync(HttpPlan plan, List<IHttpPeer> peers, CancellationToken cancel)
    {
        List<HttpIdleRun> runs = [];
        if (!plan.Only.Contains("idle"))
            return runs;
        foreach (IHttpPeer peer in peers.Where(peer => peer.ProcessId is not null))
        {
            await Console.Error.WriteLineAsync($"idle: {peer.Name}");
            runs.Add(await HttpIdleRun.MeasureAsync(peer, cancel));
            peer.Tidy();
        }

        return runs;
    }

    /// <summary>The bytes are the upstream's; and without a token, or against a rule, Sallyport lets nobody through.</summary>
    private static async Task VerifyAsync(IHttpPeer peer, HttpMaterial material)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        using var client = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        byte[] large = await (await client.SendAsync(peer.Request(HttpMaterial.LargePath))).EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
        if (Convert.ToHexStringLower(SHA256.HashData(large)) != material.LargeDigest)
            throw new InvalidOperationException($"{peer.Name}: other bytes than the upstream's.");
        if (peer is not HttpSallyport)
            return;
        HttpStatusCode forbidden = (await client.SendAsync(peer.Request("/admin/x"))).StatusCode;
        HttpStatusCode stranger = (await client.GetAsync(peer.Url + HttpMaterial.SmallPath)).StatusCode;
        if ((forbidden, stranger) != (HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized))
            throw new InvalidOperationException($"{peer.Name}: {forbidden} by a rule, {stranger} without a token.");
    }
}

/// <summary>What the command line asked for.</summary>
internal sealed record HttpPlan
{
    public required int Rounds { get; init; }

    public required int Seconds { get; init; }

    public required IReadOnlyList<int> Connections { get; init; }

    public required IReadOnlyList<int> Streams { get; init; }

    public required IReadOnlyList<string> Only { get; init; }

    public required IReadOnlyList<string>? Peers { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public IEnumerable<HttpLoad> Loads
    {
        get
        {
            foreach (int connections in Only.Contains("small") ? Connections : [])
            {
                foreach (int streams in Streams)
                    yield return new HttpLoad("small", HttpMaterial.SmallPath, connections, streams);
            }

            if (!Only.Contains("large"))
                yield break;
            yield return new HttpLoad("1 MiB", HttpMaterial.LargePath, 1, 1);
            yield return new HttpLoad("1 MiB", HttpMaterial.LargePath, 16, 10);
        }
    }

    public bool Wants(string peer) => Peers is null || Peers.Contains(peer);
}
