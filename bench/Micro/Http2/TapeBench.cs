using System.Text;
using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Micro.Http2;

/// <summary>What recording adds to a request of kubectl: its head without secrets, the answer's, and the end. 0 bytes.</summary>
public class TapeBench
{
    private readonly HttpHead _request = Head(
        ":method: GET", ":scheme: https", ":authority: api.example.com:6443", ":path: /api/v1/namespaces/shop/pods?limit=500", "user-agent: kubectl/v1.30.0 (linux/amd64) kubernetes/1234567",
        "accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "accept-encoding: gzip", "authorization: Bearer x", "kubectl-command: kubectl get", "kubectl-session: 5b0c6f3e-77a4-4a4b-9d5c-0f6f0b9f8f10");

    private readonly HttpHead _unknown = Head(":method: GET", ":path: /", "x-datadog-trace-id: 1", "x-datadog-parent-id: 2", "x-some-access-token: 3");
    private readonly HttpHead _response = Head(":status: 200", "content-type: application/json", "cache-control: no-cache, private", "audit-id: 1", "date: Thu, 01 Jan 2026 00:00:00 GMT");
    private readonly Sink _sink = new();
    private HttpTape _tape = null!;

    [GlobalSetup]
    public void Setup()
    {
        _tape = new HttpTape(_sink);
        long before = _sink.Bytes;
        Sample.Require(Request() && Response() && Unknown() && _sink.Bytes > before + 500, "everything is recorded");
    }

    [Benchmark]
    public bool Request() => _tape.Request(1, _request, TapeRoute.Kubernetes, 0);

    [Benchmark]
    public bool Response() => _tape.Head(Direction.ToClient, 1, _response) & _tape.End(1, 200, 3, 0, 1000);

    /// <summary>Fields whose names decide by the words in them.</summary>
    [Benchmark]
    public bool Unknown() => _tape.Request(1, _unknown, TapeRoute.None, 0);

    private static HttpHead Head(params string[] fields)
    {
        var head = new HttpHead(64 << 10, 100);
        foreach (string field in fields)
        {
            int colon = field.IndexOf(": ", 1, StringComparison.Ordinal);
            Sample.Require(head.TryAdd(Encoding.ASCII.GetBytes(field[..colon]), Encoding.ASCII.GetBytes(field[(colon + 2)..])), "it fits");
        }

        return head;
    }

    private sealed class Sink : ISessionRecorder
    {
        public long Bytes { get; private set; }

        public bool Data(Direction direction, ReadOnlySpan<byte> bytes)
        {
            Bytes += bytes.Length;
            return true;
        }

        public bool Decision(in ActionView action, in Verdict verdict) => true;

        public bool Event(string name, string detail) => true;

        public ValueTask ReadyAsync(CancellationToken cancel) => default;

        public ValueTask CompleteAsync(SessionEnd end) => default;
    }
}
