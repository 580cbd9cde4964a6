using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Fuzz.Targets;

/// <summary>An object that a request sends, in the form that the first byte says: its fields are bounded, and the same when it is read again.</summary>
internal sealed class HttpBodyTarget : ITarget
{
    private static readonly (string Type, Verb Verb)[] Forms =
    [
        ("application/json", Verb.KubeCreate), ("application/yaml", Verb.KubeCreate), ("application/json-patch+json", Verb.KubePatch), ("application/strategic-merge-patch+json", Verb.KubePatch),
        ("application/cbor", Verb.KubeCreate), ("application/vnd.kubernetes.protobuf", Verb.KubeDelete),
    ];

    public string Name => "HttpBody";

    public long MaxAllocation(int inputLength) => (8 << 20) + (4096L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        (string type, Verb verb) = Forms[input[0] % Forms.Length];
        var head = new HttpHead(1 << 12, 10);
        head.TryAdd("content-type"u8, System.Text.Encoding.ASCII.GetBytes(type));
        var body = new BodyFields();
        bool isOwn = input[0] / Forms.Length % 2 == 0;
        (BodyReading Reading, int Count, uint Sum) first = Read(body, head, verb, input[1..], isOwn);
        OracleException.Require(first == Read(body, head, verb, input[1..], isOwn), "other fields the second time");
        OracleException.Require(first.Count <= FieldList.MostFields, $"{first.Count} fields");
    }

    private static (BodyReading Reading, int Count, uint Sum) Read(BodyFields body, HttpHead head, Verb verb, ReadOnlySpan<byte> input, bool isOwn)
    {
        BodyReading reading = body.Read(head, verb, input, isOwn);
        uint sum = 0;
        body.Fields.ForEach((path, value) =>
        {
            OracleException.Require(!path.IsEmpty, "a field without a path");
            foreach (byte c in path)
                sum = (sum * 31) + c;
            foreach (byte c in value)
                sum = (sum * 31) + c;
        });
        return (reading, body.Fields.Count, sum);
    }
}
