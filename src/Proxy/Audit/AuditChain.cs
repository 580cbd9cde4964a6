using System.Security.Cryptography;
using System.Text.Json;

namespace Sallyport.Proxy.Audit;

/// <summary>The end of the chain of lines.</summary>
/// <param name="Sequence">The last line's number; 0: there is none.</param>
/// <param name="Hash">The last line's SHA-256, in hexadecimal; empty: there is none.</param>
internal readonly record struct AuditChain(long Sequence, string Hash)
{
    /// <summary>Before the first line.</summary>
    public static AuditChain Start => new(0, "");

    /// <summary>The chain after a line of this number.</summary>
    public static AuditChain Of(long sequence, ReadOnlySpan<byte> line) => new(sequence, Convert.ToHexStringLower(SHA256.HashData(line)));

    /// <summary>Looks at lines in order.</summary>
    /// <returns>What is wrong, by line of the file; empty when every line follows from the one before it.</returns>
    public static IEnumerable<(long Line, string What)> Verify(IEnumerable<ReadOnlyMemory<byte>> lines)
    {
        AuditChain? chain = null;
        long number = 0;
        foreach (ReadOnlyMemory<byte> line in lines)
        {
            number++;
            if (SequenceOf(line.Span) is not { } own)
                yield return (number, "is no line of the audit: torn by a crash, or damaged");
            else if (chain is { } before && own.Previous != before.Hash)
                yield return (number, $"does not follow from the line before it: {(own.Sequence == before.Sequence + 1 ? "that was changed" : $"number {own.Sequence} after {before.Sequence}")}");
            else if (chain is { } last && own.Sequence != last.Sequence + 1)
                yield return (number, $"has number {own.Sequence} after {last.Sequence}");
            chain = Of(NumberOf(line.Span) ?? (chain ?? Start).Sequence + 1, line.Span);
        }
    }

    /// <summary>The number of a line; null for one that is torn.</summary>
    public static long? NumberOf(ReadOnlySpan<byte> line) => SequenceOf(line)?.Sequence;

    private static (long Sequence, string Previous)? SequenceOf(ReadOnlySpan<byte> line)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            using JsonDocument document = JsonDocument.ParseValue(ref json);
            return json.BytesConsumed == line.Length && document.RootElement.TryGetProperty("sequence", out JsonElement sequence)
                && document.RootElement.TryGetProperty("previous", out JsonElement previous)
                ? (sequence.GetInt64(), previous.GetString() ?? "")
                : null;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
