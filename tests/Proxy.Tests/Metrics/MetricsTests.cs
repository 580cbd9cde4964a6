using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Tests.Admin;
using Xunit;

namespace Sallyport.Proxy.Tests.Metrics;

public sealed partial class MetricsTests
{
    private readonly ProxyMetrics _metrics = new();

    [Fact]
    public async Task What_happened_is_counted_and_the_text_is_Prometheus_s()
    {
        await using AdminHouse house = await AdminHouse.StartAsync();
        TestSession session = await house.EnterAsync();
        for (int i = 0; i < 130; i++)
            session.Context.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Select, Text = "select 1"u8 }, out _);
        Dictionary<string, double> live = await ScrapeAsync(house);
        Assert.Equal(1, live["sallyport_sessions_started_total{protocol=\"postgres\"}"]);
        Assert.Equal(130, live.Where(sample => sample.Key.StartsWith("sallyport_verdicts_total{", StringComparison.Ordinal)).Sum(sample => sample.Value));
        Assert.Equal(2, live["sallyport_stage_seconds_count{stage=\"judge\"}"]);
        Assert.Equal(live["sallyport_stage_seconds_count{stage=\"judge\"}"], live["sallyport_stage_seconds_bucket{stage=\"judge\",le=\"+Inf\"}"]);

        await session.Recorder.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"));
        Dictionary<string, double> ended = await ScrapeAsync(house);
        Assert.Equal(1, ended["sallyport_sessions_ended_total{reason=\"closed\"}"]);
        Assert.Equal(130, ended.Where(sample => sample.Key.StartsWith("sallyport_verdicts_total{", StringComparison.Ordinal)).Sum(sample => sample.Value));
    }

    [Fact]
    public async Task The_address_for_metrics_gives_metrics_and_nothing_else()
    {
        await using AdminHouse house = await AdminHouse.StartAsync(config: AdminRig.Config with { Metrics = new IPEndPoint(IPAddress.Loopback, 0) });
        using var http = new HttpClient { BaseAddress = house.Rig.Server.MetricsAddress };
        Assert.Contains("sallyport_stage_seconds", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        foreach (string path in new[] { "/healthz", "/v1/me", "/v1/sessions", "/openapi.json", "/metrics/x" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + AdminRig.Token("alice", AdminRig.Roles));
            using HttpResponseMessage response = await http.SendAsync(request);
            Assert.Equal((path, HttpStatusCode.NotFound), (path, response.StatusCode));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await house.Rig.SendAsync(HttpMethod.Get, "/metrics", null)).Status);
    }

    [Fact]
    public async Task Logins_are_counted_by_the_reason_of_their_refusal()
    {
        var login = new MeteredLogin(new Refusing(), _metrics);
        for (int i = 0; i < 3; i++)
            await login.LoginAsync(new LoginProof("t", "u", new IPEndPoint(IPAddress.Loopback, 1)), default);
        Assert.Equal(3, _metrics.LoginsRefused.Of("token-expired"));
        Assert.Equal(3, _metrics.Stages.Count(Stage.Login));
    }

    [Fact]
    public void Made_up_values_become_other_after_a_bound()
    {
        var family = new CounterFamily("x_total", "X.", 10, "reason");
        for (int i = 0; i < 1000; i++)
            family.Add($"reason-{i}");
        var text = new MetricText();
        family.Write(text);
        Assert.Equal(11, Samples(text.ToString()).Count);
        Assert.Equal(990, family.Of(CounterFamily.Other));
    }

    [Fact]
    public void Values_cannot_break_out_of_their_line()
    {
        var family = new CounterFamily("x_total", "X.", 10, "reason");
        family.Add("a\"} 1\nevil_total{x=\"\\");
        var text = new MetricText();
        family.Write(text);
        Assert.Equal("x_total{reason=\"a\\\"} 1\\nevil_total{x=\\\"\\\\\"}", Samples(text.ToString()).Single().Key);
    }

    [Fact]
    public void Counting_a_judgement_allocates_nothing()
    {
        ISessionRecorder recorder = new MeteredRecorder(new Unrecorded(), _metrics).Open(AdminHouse.Facts("carol", Guid.NewGuid()));
        IGate gate = new MeteredPolicy(new Allowing(), _metrics).Open(AdminHouse.Facts("carol", Guid.NewGuid()));
        Assert.Equal(0, Allocation.Least(20_000, Judge));

        void Judge()
        {
            var own = new ActionView { Kind = ActionKind.Statement, Verb = Verb.Select };
            recorder.Decision(own, gate.Judge(own));
        }
    }

    private static async Task<Dictionary<string, double>> ScrapeAsync(AdminHouse house)
    {
        (HttpStatusCode status, string body) = await house.Rig.SendAsync(HttpMethod.Get, "/metrics", AdminRig.Token("victor", AdminRole.Viewer));
        Assert.Equal(HttpStatusCode.OK, status);
        return Samples(body);
    }

    /// <summary>Every line must be a comment of ours or a sample.</summary>
    private static Dictionary<string, double> Samples(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Dictionary<string, double> samples = [];
        foreach (string line in text[..^1].Split('\n'))
        {
            if (Comment().IsMatch(line))
                continue;
            Match sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            samples.Add(sample.Groups[1].Value, double.Parse(sample.Groups[2].Value, CultureInfo.InvariantCulture));
        }

        return samples;
    }

    [GeneratedRegex("^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))$")]
    private static partial Regex Comment();

    [GeneratedRegex("""^([a-z_]+(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)+\})?) (\S+)$""")]
    private static partial Regex Sample();

    private sealed class Refusing : ILogin
    {
        public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) => new(new LoginResult(null, "token-expired"));
    }

    private sealed class Allowing : IPolicy, IGate
    {
        private readonly Verdict _verdict = new(VerdictKind.Allow, "readers/read", 1);

        public int Version => 1;

        public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

        public MaskPlan? Masks => null;

        public SessionLimits Limits => SessionLimits.None;

        public IGate Open(SessionFacts facts) => this;

        public Verdict Judge(in ActionView action) => _verdict;
    }
}
