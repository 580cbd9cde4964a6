using System.Net;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Recording;
using Sallyport.Replay.Tests.Ssh;

namespace Sallyport.Replay.Tests.Http;

/// <summary>A recording of HTTP, written by the real recorder and the real tape: calls of kubectl, a watch, a terminal, a refusal, bodies, secrets, and hostile output.</summary>
internal static class HttpSample
{
    public const string Hostile = "\u001b]0;owned\u0007\u001b[6n\u202e";

    private sealed class NoMasks : MaskPlan
    {
        public override IFieldMask? Computed => null;

        public override IFieldMask? Find(string schema, string table, string column) => null;
    }

    public static async Task<string> RecordAsync(string folder, string subject = "ada@example.com", bool complete = true)
    {
        var time = new SampleTime();
        var facts = new SessionFacts
        {
            SessionId = Guid.Parse("0195941e-8d00-7000-8000-0123456789ac"),
            Node = "node-1",
            Listener = "kube",
            Protocol = "http2",
            Target = "prod",
            Source = IPEndPoint.Parse("192.0.2.7:50123"),
            StartedAt = SampleTime.Start,
            ClientApplication = "kubectl/v1.30.0",
            ClientTls = true,
            Identity = new Identity { Subject = subject, Kind = IdentityKind.Human, Issuer = "https://id.example.com", ExpiresAt = SampleTime.Start.AddHours(1) },
        };
        await using var recorder = new Recorder(new RecordingOptions { Directory = folder, MinFreeBytes = 0 }, time);
        ISessionRecorder session = recorder.Open(facts);
        Play(session, new HttpTape(session), time);
        if (complete)
            await session.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"));
        return Path.Combine(folder, Recorder.FileName(facts));
    }

    private static void Play(ISessionRecorder session, HttpTape tape, SampleTime time)
    {
        // A watch that lasts until the end: everything after it has to wait for it, and none of it may be lost.
        time.After(1);
        uint watch = Ask(session, tape, "GET", "/api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true", "s1", "kubectl get", VerdictKind.Allow, "dev/read");
        Answer(tape, watch, 200);
        time.After(0.5);
        uint list = Ask(session, tape, "GET", "/api/v1/namespaces/shop/secrets?limit=500&token=hush-query", "s2", "kubectl get", VerdictKind.Allow, "dev/secrets", masks: true);
        tape.Data(Direction.ToClient, list, "{\"items\":[\"needle in a "u8);
        Answer(tape, list, 200);
        tape.Data(Direction.ToClient, list, "haystack\"]}"u8);
        tape.End(list, 200, 12, 0, 100);
        time.After(1);
        uint refused = Ask(session, tape, "DELETE", "/api/v1/namespaces/shop/pods/web-1", "s3", "kubectl delete", VerdictKind.Deny, "prod/no-delete");
        Answer(tape, refused, 403);
        tape.End(refused, 403, 1, 0, 200);
        time.After(60);
        uint exec = Ask(session, tape, "GET", "/api/v1/namespaces/shop/pods/web-1/exec?command=sh&container=app&stdin=true&stdout=true&tty=true", "s4", "kubectl exec", VerdictKind.Allow, "dev/exec");
        Answer(tape, exec, 101);
        tape.Tunnel(Direction.FromClient, exec, TapeChannel.Resize, "{\"Width\":40,\"Height\":6}"u8);
        tape.Tunnel(Direction.ToClient, exec, TapeChannel.Output, "/ # "u8);
        time.After(2);
        tape.Tunnel(Direction.FromClient, exec, TapeChannel.Input, "ls\r"u8);
        tape.Tunnel(Direction.ToClient, exec, TapeChannel.Output, Encoding.UTF8.GetBytes($"ls\r\n{Hostile}launch codes\r\n/ # "));
        tape.Tunnel(Direction.ToClient, exec, TapeChannel.Outcome, "{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"7\"}]}}"u8);
        session.Event("file", "{\"path\":\"/srv/data.csv\",\"direction\":\"download\",\"bytes\":1234,\"sha256\":null,\"ms\":250,\"status\":\"complete\",\"channel\":4,\"by\":\"kubectl-cp\"}");
        tape.End(exec, 101, 2000, 0, 0);
        time.After(1);
        uint post = tape.Next();
        tape.Request(post, Head((":method", "POST"), (":scheme", "https"), (":authority", "prod.example.com"), (":path", "/version"), ("content-type", "text/plain"), ("user-agent", $"curl/8 {Hostile}")), TapeRoute.Kubernetes | TapeRoute.Http1, 0);
        tape.Data(Direction.FromClient, post, [0xff, 0xfe]);
        tape.Reset(Direction.ToClient, post, H2ErrorCode.INTERNAL_ERROR);
        tape.End(post, 0, 5, 2, 0);
        tape.End(watch, 200, 65000, 0, 5000);
    }

    private static uint Ask(ISessionRecorder session, HttpTape tape, string method, string path, string call, string command, VerdictKind verdict, string rule, bool masks = false)
    {
        uint exchange = tape.Next();
        tape.Request(exchange, Head(
            (":method", method), (":scheme", "https"), (":authority", "prod.example.com"), (":path", path), ("authorization", "Bearer hush-token"), ("cookie", "sid=hush-cookie"),
            ("kubectl-command", command), ("kubectl-session", call), ("user-agent", "kubectl/v1.30.0")), TapeRoute.Kubernetes, 0);
        byte[] names = "pods\0shop\0web-1"u8.ToArray();
        var action = new ActionView
        {
            Kind = ActionKind.HttpRequest,
            Verb = Verb.KubeGet,
            Text = Encoding.UTF8.GetBytes($"{method} {path.Replace("hush-query", "[redacted]", StringComparison.Ordinal)}"),
            Names = names,
            Objects = (ObjectRef[])[new ObjectRef(Verb.KubeGet, ObjectFlags.None, 0, names.Length, 4)],
        };
        session.Decision(action, new Verdict(verdict, rule, 3, verdict == VerdictKind.Deny ? "Ask the owner." : null) { Masks = masks ? new NoMasks() : null });
        return exchange;
    }

    private static void Answer(HttpTape tape, uint exchange, int status) =>
        tape.Head(Direction.ToClient, exchange, Head((":status", $"{status}"), ("content-type", "application/json"), ("set-cookie", "sid=hush-set")));

    private static HttpHead Head(params (string Name, string Value)[] fields)
    {
        var head = new HttpHead(64 << 10, 100);
        foreach ((string name, string value) in fields)
            head.TryAdd(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        return head;
    }
}
