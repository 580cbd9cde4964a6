using System.Text;
using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;

namespace Sallyport.Micro.Http2;

/// <summary>A list of pods of about 1 MB, in the chunks that it comes in, with the values of all environment variables masked: 0 bytes a chunk, at least 200 MB/s.</summary>
public class MaskBench
{
    private const int Chunk = 16 << 10;

    private readonly JsonMasker _masker = new(new MaskedPaths(new EnvMasks()), null);
    private readonly JsonMasker _unmasked = new(new MaskedPaths(null), null);
    private byte[] _pods = [];

    [GlobalSetup]
    public void Setup()
    {
        var json = new StringBuilder("""{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[""");
        for (int i = 0; i < 700; i++)
        {
            json.Append(i == 0 ? "" : ",").Append($$"""{"metadata":{"name":"web-{{i}}","namespace":"shop","uid":"5b0c6f3e-77a4-4a4b-9d5c-0f6f0b9f8f10","labels":{"app.kubernetes.io/name":"web","pod-template-hash":"5d4f8c7b9"},""")
                .Append(""" "annotations":{"note":"a \"quoted\" word"}},"spec":{"containers":[{"name":"web","image":"registry.example.com/shop/web:1.2.3","env":[{"name":"A","value":"hunter2"},{"name":"PASSWORD","value":"correct horse battery staple"}],""")
                .Append(""" "resources":{"limits":{"cpu":"500m","memory":"128Mi"}},"ports":[{"containerPort":8080,"protocol":"TCP"}],"terminationMessagePath":"/dev/termination-log"}],"restartPolicy":"Always","nodeName":"node-1"},""")
                .Append(""" "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"},{"type":"Initialized","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}],"podIP":"10.0.0.1","qosClass":"Burstable"} }""");
        }

        _pods = Encoding.UTF8.GetBytes(json.Append("]}\n").ToString());
        var masked = new MemoryStream();
        for (int at = 0; at < _pods.Length; at += Chunk)
            masked.Write(_masker.Take(_pods.AsSpan(at, Math.Min(Chunk, _pods.Length - at)), false, out _));
        string text = Encoding.UTF8.GetString(masked.ToArray());
        Sample.Require(!text.Contains("hunter2", StringComparison.Ordinal) && text.Contains("\"value\":\"[redacted]\"", StringComparison.Ordinal), "the values are masked");
        Sample.Require(System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("items").GetArrayLength() == 700, "it is JSON");
        Console.WriteLine($"// {_pods.Length} bytes");
    }

    [Benchmark]
    public int Masked() => Run(_masker);

    [Benchmark]
    public int Unmasked() => Run(_unmasked);

    private int Run(JsonMasker masker)
    {
        int written = 0;
        for (int at = 0; at < _pods.Length; at += Chunk)
            written += masker.Take(_pods.AsSpan(at, Math.Min(Chunk, _pods.Length - at)), false, out _).Length;
        return written;
    }

    private sealed class EnvMasks : MaskPlan, IFieldMask
    {
        public string Strategy => "redact";

        public override IFieldMask? Computed => this;

        public override IFieldMask? Find(string schema, string table, string column) => null;

        public override IFieldMask? Find(ReadOnlySpan<byte> path) => path.SequenceEqual("spec.containers[*].env[*].value"u8) ? this : null;

        public int MaxLength(int length) => 10;

        public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
        {
            "[redacted]"u8.CopyTo(destination);
            written = 10;
            return true;
        }
    }
}
