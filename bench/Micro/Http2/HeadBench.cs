using System.Text;
using BenchmarkDotNet.Attributes;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;

namespace Sallyport.Micro.Http2;

/// <summary>A request of ten fields, as kubectl sends it again and again: decoded, judged, copied for the target, encoded. 0 bytes.</summary>
public class HeadBench
{
    private static readonly string[] Fields =
        [
            ":method: GET", ":scheme: https", ":authority: api.example.com:6443", ":path: /api/v1/namespaces/shop/pods?limit=500", "user-agent: kubectl/v1.30.0 (linux/amd64) kubernetes/1234567",
            "accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "accept-encoding: gzip", "kubectl-command: kubectl get", "kubectl-session: 5b0c6f3e-77a4-4a4b-9d5c-0f6f0b9f8f10", "content-type: application/json",
        ];

    private readonly HpackEncoder _encoder = new();
    private readonly HpackDecoder _decoder = new();
    private readonly HttpHead _head = new(64 << 10, 100);
    private readonly HttpHead[] _others = new HttpHead[64];
    private readonly HttpHead _into = new(64 << 10, 100);
    private readonly HttpHead _copy = new(64 << 10, 100);
    private readonly byte[] _block = new byte[4096];
    private readonly byte[] _written = new byte[4096];
    private readonly byte[] _token = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ", 20)));
    private readonly byte[] _coded = new byte[1024];
    private readonly byte[] _decoded = new byte[2048];
    private byte[] _secret = [];
    private int _codedLength;
    private int _length;
    private int _turn;

    [GlobalSetup]
    public void Setup()
    {
        Fill(_head, Fields);
        for (int i = 0; i < _others.Length; i++)
            Fill(_others[i] = new HttpHead(64 << 10, 100), [.. Fields.Select(f => f.StartsWith(":path", StringComparison.Ordinal) ? $":path: /api/v1/namespaces/shop/pods/web-{i * 7919}" : f)]);

        // Twice: what is often unique enters the table the second time, and is one byte the third.
        for (int i = 0; i < 3; i++)
        {
            _length = _encoder.Encode(_head, _block);
            Sample.Require(_decoder.Decode(_block.AsSpan(0, _length), _into) == HpackStatus.Done && _into.Count == Fields.Length, "what is encoded decodes");
        }

        Sample.Require(_length == Fields.Length, "a field is a byte");
        Sample.Require(Decode() && Judge() && Copy() && _copy.Count == Fields.Length, "a request that may be forwarded is");
        _codedLength = HuffmanEncode();
        Sample.Require(HuffmanDecode() == _token.Length, "a token decodes");

        // authorization, never indexed (RFC 7541 6.2.3): | 0x10 + 15 | 23 - 15 |, then the value.
        byte[] length = new byte[HpackInteger.MostBytes];
        _secret = [0x1f, 0x08, .. length.AsSpan(0, HpackInteger.Write(length, 0x80, 7, _codedLength)), .. _coded.AsSpan(0, _codedLength)];
        Sample.Require(RepeatedToken() && _into.Value("authorization"u8).SequenceEqual(_token), "a token that is not indexed decodes");
    }

    [Benchmark]
    public bool Decode() => _decoder.Decode(_block.AsSpan(0, _length), _into) == HpackStatus.Done;

    [Benchmark]
    public int Encode() => _encoder.Encode(_head, _written);

    /// <summary>With a path that was never seen.</summary>
    [Benchmark]
    public int EncodeAnother() => _encoder.Encode(_others[_turn++ & 63], _written);

    [Benchmark]
    public bool Judge() => HeadRules.Request(_head, HeadForm.Http2, out _) is null;

    [Benchmark]
    public bool Copy() => ForwardedFields.CopyRequest(_head, _copy) is null;

    /// <summary>A token of 680 bytes, which is in no table.</summary>
    [Benchmark]
    public int HuffmanEncode()
    {
        int length = Huffman.EncodedLength(_token);
        Huffman.Encode(_token, _coded.AsSpan(0, length));
        return length;
    }

    /// <summary>The same token again, as it is decoded when it is the first.</summary>
    [Benchmark]
    public int HuffmanDecode() => Huffman.Decode(_coded.AsSpan(0, _codedLength), _decoded);

    /// <summary>A head of that token alone, never indexed, as each request of a connection brings it.</summary>
    [Benchmark]
    public bool RepeatedToken() => _decoder.Decode(_secret, _into) == HpackStatus.Done;

    private static void Fill(HttpHead head, string[] fields)
    {
        foreach (string field in fields)
        {
            int colon = field.IndexOf(": ", 1, StringComparison.Ordinal);
            Sample.Require(head.TryAdd(Encoding.ASCII.GetBytes(field[..colon]), Encoding.ASCII.GetBytes(field[(colon + 2)..])), "it fits");
        }
    }
}
