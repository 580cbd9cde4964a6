using System.Diagnostics;
using System.Text.Json;
using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Identity;

/// <summary>One kind of login.</summary>
/// <param name="Issuer"><c>local</c> or <c>broker</c>.</param>
/// <param name="Tokens"><c>distinct</c>: each login brings a token that was never seen; <c>reused</c>: one token each client.</param>
/// <param name="End"><c>session</c>: until ReadyForQuery; <c>route</c>: known, but refused the target, so that no backend is forked.</param>
internal sealed record LoginCase(string Issuer, string Tokens, string End)
{
    public static IReadOnlyList<LoginCase> All { get; } =
    [
        .. from end in new[] { "session", "route" } from issuer in new[] { "local", "broker" } from tokens in new[] { "distinct", "reused" } select new LoginCase(issuer, tokens, end),
    ];

    public bool IsDistinct => Tokens == "distinct";

    public string Group => End == "session" ? IdentityDaemon.Members : IdentityDaemon.Strangers;

    /// <summary>The SQLSTATE that every login of this kind must end with; null: it gets in.</summary>
    public string? Refusal => End == "session" ? null : "28P01";
}

/// <summary>One run.</summary>
/// <param name="PerSecond">Logins a second, with all that client and target cost.</param>
/// <param name="CpuMilliseconds">The daemon's own CPU time, per login.</param>
/// <param name="P50">ms.</param>
/// <param name="P99">ms.</param>
internal sealed record LoginRun(LoginCase Case, double PerSecond, double CpuMilliseconds, double P50, double P99);

/// <summary>All runs of one kind: medians.</summary>
/// <param name="OwnPerSecondOnTwoCores">What two cores would do if they did nothing else: by the daemon's own CPU time.</param>
internal sealed record LoginRow(string Issuer, string Tokens, string End, double PerSecond, double CpuMilliseconds, double OwnPerSecondOnTwoCores, double P50, double P99, IReadOnlyList<double> PerSecondOfRounds);

/// <summary>Logins by token over TLS.</summary>
internal sealed class LoginLoad
{
    private readonly IdentityDaemon _daemon;
    private readonly int _clients;
    private readonly int _logins;
    private readonly Dictionary<string, string> _secrets = [];
    private readonly List<double> _issued = [];

    private LoginLoad(IdentityDaemon daemon, int clients, int logins)
    {
        _daemon = daemon;
        _clients = clients;
        _logins = logins;
    }

    /// <summary>Tokens a second that the broker issued to agents, by request, from several clients.</summary>
    public double IssuedPerSecond => Statistics.Median(_issued);

    /// <param name="clients">Clients at a time.</param>
    /// <param name="logins">Logins of each run.</param>
    public static async Task<(IReadOnlyList<LoginRow> Rows, double IssuedPerSecond)> MeasureAsync(
        Workspace workspace, BenchDatabase database, int rounds, int clients, int logins, CancellationToken cancel)
    {
        await using IdentityDaemon daemon = await IdentityDaemon.StartAsync(workspace, database, "logins");
        var load = new LoginLoad(daemon, clients, logins);
        foreach (string group in new[] { IdentityDaemon.Members, IdentityDaemon.Strangers })
            load._secrets[group] = await daemon.RegisterAsync("agent-" + group, group);
        await load.VerifyAsync(cancel);

        // Code is compiled before anything counts.
        foreach (LoginCase warm in LoginCase.All)
            await load.RunAsync(warm, cancel);
        List<LoginRun> runs = [];
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < LoginCase.All.Count; turn++)
            {
                LoginCase now = LoginCase.All[(turn + round) % LoginCase.All.Count];
                await Console.Error.WriteLineAsync($"round {round + 1}/{rounds}: logins, {now.Issuer}, {now.Tokens}, {now.End}");
                runs.Add(await load.RunAsync(now, cancel));
            }
        }

        return (Rows(runs), load.IssuedPerSecond);
    }

    private static IReadOnlyList<LoginRow> Rows(List<LoginRun> runs) =>
    [
        .. from kind in LoginCase.All
           let run = runs.Where(r => r.Case == kind).ToList()
           let cpu = Statistics.Median(run.Select(r => r.CpuMilliseconds))
           select new LoginRow(
               kind.Issuer,
               kind.Tokens,
               kind.End,
               Statistics.Median(run.Select(r => r.PerSecond)),
               cpu,
               2000 / cpu,
               Statistics.Median(run.Select(r => r.P50)),
               Statistics.Median(run.Select(r => r.P99)),
               [.. run.Select(r => r.PerSecond)]),
    ];

    /// <summary>Each kind ends as it says, a forged token does not get in, and the daemon counted as many as there were.</summary>
    private async Task VerifyAsync(CancellationToken cancel)
    {
        foreach (LoginCase kind in LoginCase.All)
        {
            string token = (await TokensAsync(kind, 1, cancel))[0];
            Require(await _daemon.Client.RunAsync(token, cancel) == kind.Refusal, $"{kind} ended otherwise");
            double refused = await _daemon.CounterAsync("sallyport_logins_refused_total");
            Require(await _daemon.Client.RunAsync(Forged(token), cancel) == "28P01", $"{kind}: a forged token was not refused");
            Require(await _daemon.CounterAsync("sallyport_logins_refused_total") == refused + 1, $"{kind}: a forged token was not counted");
        }
    }

    /// <summary>Another signature: the first character of it is exchanged.</summary>
    private static string Forged(string token)
    {
        int at = token.LastIndexOf('.') + 1;
        return token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];
    }

    private async Task<LoginRun> RunAsync(LoginCase kind, CancellationToken cancel)
    {
        string[] tokens = await TokensAsync(kind, kind.IsDistinct ? _logins : _clients, cancel);
        if (!kind.IsDistinct)
        {
            foreach (string token in tokens)
                Require(await _daemon.Client.RunAsync(token, cancel) == kind.Refusal, $"{kind} ended otherwise");
        }

        double accepted = await _daemon.CounterAsync("sallyport_logins_total");
        double[] times = new double[_logins];
        int next = -1;
        double before = Usage.Of(_daemon.Server.Id).CpuSeconds;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, _clients).Select(client => Task.Run(
            async () =>
            {
                for (int login = Interlocked.Increment(ref next); login < _logins; login = Interlocked.Increment(ref next))
                {
                    long began = Stopwatch.GetTimestamp();
                    string? refusal = await _daemon.Client.RunAsync(tokens[kind.IsDistinct ? login : client], cancel);
                    Require(refusal == kind.Refusal, $"{kind} ended with {refusal ?? "ReadyForQuery"}");
                    times[login] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                }
            },
            cancel)));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double cpu = Usage.Of(_daemon.Server.Id).CpuSeconds - before;

        // A refusal at the route looks like one of the token to the client: the daemon knows that each was verified.
        Require(await _daemon.CounterAsync("sallyport_logins_total") == accepted + _logins, $"{kind}: not every token was found good");
        Array.Sort(times);
        return new LoginRun(kind, _logins / seconds, cpu * 1000 / _logins, Statistics.Percentile(times, 50), Statistics.Percentile(times, 99));
    }

    private async Task<string[]> TokensAsync(LoginCase kind, int count, CancellationToken cancel)
    {
        if (kind.Issuer == "local")
            return [.. Enumerable.Range(0, count).Select(_ => _daemon.LocalToken("alice", kind.Group))];
        using HttpClient client = _daemon.NewBrokerClient();
        string[] tokens = new string[count];
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancel }, async (i, stop) => tokens[i] = await TokenAsync(client, kind.Group, stop));
        if (count >= _logins)
            _issued.Add(count / Stopwatch.GetElapsedTime(start).TotalSeconds);
        Require(tokens.Distinct(StringComparer.Ordinal).Count() == count, "the broker issued a token twice");
        return tokens;
    }

    /// <summary>Client credentials (RFC 6749 4.4).</summary>
    private async Task<string> TokenAsync(HttpClient client, string group, CancellationToken cancel)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = "agent-" + group,
            ["client_secret"] = _secrets[group],
            ["scope"] = "sallyport",
        });
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/token", UriKind.Relative), form, cancel);
        string body = await answer.Content.ReadAsStringAsync(cancel);
        Require(answer.IsSuccessStatusCode, $"/token: {(int)answer.StatusCode} {body}");
        using JsonDocument json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("access_token").GetString()!;
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException("Not timed, because wrong: " + what);
    }
}
