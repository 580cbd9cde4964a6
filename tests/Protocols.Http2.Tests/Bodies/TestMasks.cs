using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Tests.Bodies;

/// <summary>Masks every field whose path begins so, with stars, or behind an equals sign is so; and a word in every text, if there is one.</summary>
internal sealed class TestMasks(params string[] starts) : MaskPlan, IFieldMask
{
    private readonly byte[][] _starts = [.. starts.SelectMany(s => s.EndsWith('.') ? new[] { s, s[..^1] + "[\"" } : [s]).Select(Encoding.UTF8.GetBytes)];

    public string? Word { get; init; }

    public string Strategy => "redact";

    public override IFieldMask? Computed => starts.Length == 0 ? null : this;

    public override IFieldMask? Find(string schema, string table, string column) => null;

    /// <summary>The actions that they are about; null: all.</summary>
    public string? About { get; init; }

    public override MaskPlan? Of(in ActionView request) => About is null || Encoding.UTF8.GetString(request.Text).Contains(About, StringComparison.Ordinal) ? this : null;

    public override IFieldMask? Find(ReadOnlySpan<byte> path)
    {
        foreach (byte[] start in _starts)
        {
            bool isWhole = start[0] == '=';
            if (isWhole ? path.SequenceEqual(start.AsSpan(1)) : path.StartsWith(start) || (path.EndsWith(".*"u8) && start.AsSpan().StartsWith(path[..^1])))
                return this;
        }

        return null;
    }

    public override IStreamMask? OpenStream() => Word is null ? null : new WordMask(Word);

    public int MaxLength(int length) => 3;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        "***"u8.CopyTo(destination);
        written = 3;
        return true;
    }

    // Told whole texts only.
    private sealed class WordMask(string word) : IStreamMask
    {
        public int MaxLength(int length) => length;

        public int Mask(ReadOnlySpan<byte> input, Span<byte> destination, bool flush)
        {
            Assert(flush);
            return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(input).Replace(word, "###", StringComparison.Ordinal), destination);
        }

        private static void Assert(bool holds)
        {
            if (!holds)
                throw new InvalidOperationException();
        }
    }
}
