using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Http2.Bodies;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// An answer that is masked: what comes out is the same wherever it was cut, nothing changes where nothing is masked, what is JSON is let through and is JSON afterwards, and a masked text is gone.
/// </summary>
internal sealed class JsonMaskerTarget : ITarget
{
    private static readonly MaskedPaths Nothing = new(null);
    private static readonly MaskedPaths Data = new(new DataMasks(), "data");

    public string Name => "JsonMasker";

    public long MaxAllocation(int inputLength) => (16 << 20) + (4096L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[]? whole = Mask(Data, input, input.Length);
        byte[]? bytes = Mask(Data, input, 1);
        OracleException.Require(whole is null == bytes is null, "refused or not by where it is cut");
        OracleException.Require(whole is null || whole.AsSpan().SequenceEqual(bytes), "another answer by where it is cut");
        byte[]? same = Mask(Nothing, input, 3);
        OracleException.Require(same is null || input.SequenceEqual(same), "changed where nothing is masked");
        if (IsJson(input))
        {
            OracleException.Require(same is not null, "JSON that is refused");
            OracleException.Require(whole is not null && IsJson(whole), "JSON that is none any more");
            Check(whole!);
        }
    }

    private static void Check(byte[] masked)
    {
        using JsonDocument document = JsonDocument.Parse(masked);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            return;
        foreach (JsonProperty data in document.RootElement.EnumerateObject().Where(p => p.NameEquals("data"u8) && p.Value.ValueKind == JsonValueKind.Object))
        {
            foreach (JsonProperty value in data.Value.EnumerateObject())
                OracleException.Require(value.Value.ValueKind == JsonValueKind.Null || value.Value.ValueEquals("Kio="u8), "a value that is not masked");
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> input)
    {
        var reader = new Utf8JsonReader(input, new JsonReaderOptions { MaxDepth = 100 });
        try
        {
            bool any = false;
            while (reader.Read())
            {
                any = true;
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
                    reader.GetString();
            }

            return any;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static byte[]? Mask(MaskedPaths paths, ReadOnlySpan<byte> input, int size)
    {
        var masker = new JsonMasker(paths, null);
        var masked = new MemoryStream();
        for (int at = 0; at < input.Length; at += size)
        {
            int take = Math.Min(size, input.Length - at);
            masked.Write(masker.Take(input.Slice(at, take), at + take == input.Length, out HttpRefusal? refusal));
            if (refusal is not null)
                return null;
        }

        return masked.ToArray();
    }

    private sealed class DataMasks : MaskPlan, IFieldMask
    {
        public string Strategy => "redact";

        public override IFieldMask? Computed => this;

        public override IFieldMask? Find(string schema, string table, string column) => null;

        public override IFieldMask? Find(ReadOnlySpan<byte> path) => path.Length > 4 && path.StartsWith("data"u8) && path[4] is (byte)'.' or (byte)'[' ? this : null;

        public int MaxLength(int length) => 2;

        public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
        {
            "**"u8.CopyTo(destination);
            written = 2;
            return true;
        }
    }
}
