using System.Text;
using Sallyport.Contract;

namespace Sallyport.Recording;

/// <summary>One object of a recorded decision.</summary>
/// <param name="Verb">What was to be done to it.</param>
/// <param name="Flags">What else was known of this effect.</param>
/// <param name="Name">Its normalised name, qualifier and dot included; empty when the effect has no object.</param>
public sealed record DecisionObject(Verb Verb, ObjectFlags Flags, string Name);

/// <summary>An action and what policy said of it, as recorded. Layout: docs/recording-format.md, "Decision".</summary>
public sealed record DecisionRecord
{
    private const int MaxObjects = 64;
    private const int MaxName = 512;
    private const int MaxRuleChars = 256;
    private const int MaxHintChars = 1024;

    public required ActionKind Kind { get; init; }

    public required Verb Verb { get; init; }

    public required ActionFlags Flags { get; init; }

    public required VerdictKind Verdict { get; init; }

    /// <summary>True when an allowed action's results are masked.</summary>
    public required bool Masked { get; init; }

    /// <summary>True when <see cref="Objects"/> lacks some, or a name was cut.</summary>
    public required bool ObjectsTruncated { get; init; }

    public required int PolicyVersion { get; init; }

    /// <summary>How many bytes of the client's and for the client had been recorded before.</summary>
    public required long FromClientOffset { get; init; }

    /// <inheritdoc cref="FromClientOffset"/>
    public required long ToClientOffset { get; init; }

    public required string RuleId { get; init; }

    /// <summary>What the person was told to do about it; null when the rule says nothing.</summary>
    public required string? Hint { get; init; }

    /// <summary>The head of the action's text, its bytes read as UTF-8.</summary>
    public required string Text { get; init; }

    /// <summary>Length of the whole text in bytes.</summary>
    public required long TextLength { get; init; }

    public required bool TextTruncated { get; init; }

    public required IReadOnlyList<DecisionObject> Objects { get; init; }

    [Flags]
    private enum Bits : byte
    {
        Masked = 1,
        ObjectsTruncated = 2,
        HasHint = 4,
    }

    /// <summary>No payload of this decision is longer.</summary>
    internal static int MaxBytes(in ActionView action, in Verdict verdict, int textBytes)
    {
        int objects = Math.Min(action.Objects.Length, MaxObjects);
        return 64 + (3 * (Math.Min(verdict.RuleId.Length, MaxRuleChars) + Math.Min(verdict.Hint?.Length ?? 0, MaxHintChars)))
            + Math.Min(action.Text.Length, textBytes) + (objects * (MaxName + 8));
    }

    internal static int Write(
        Span<byte> target, in ActionView action, in Verdict verdict, int textBytes, (long FromClient, long ToClient) offsets, out RecordFlags flags)
    {
        ReadOnlySpan<byte> text = action.Text[..Math.Min(action.Text.Length, textBytes)];
        int objects = Math.Min(action.Objects.Length, MaxObjects);
        bool cut = objects < action.Objects.Length;
        foreach (ObjectRef item in action.Objects[..objects])
            cut |= item.Length > MaxName;
        flags = cut || text.Length < action.Text.Length ? RecordFlags.Truncated : RecordFlags.None;

        var writer = new SpanWriter(target);
        writer.U8((byte)action.Kind);
        writer.U8((byte)action.Verb);
        writer.U16((ushort)action.Flags);
        writer.U8((byte)verdict.Kind);
        writer.U8((byte)((verdict.Masks is null ? 0 : Bits.Masked) | (cut ? Bits.ObjectsTruncated : 0) | (verdict.Hint is null ? 0 : Bits.HasHint)));
        writer.Varint((uint)verdict.PolicyVersion);
        writer.Varint((ulong)offsets.FromClient);
        writer.Varint((ulong)offsets.ToClient);
        writer.Text(Head(verdict.RuleId, MaxRuleChars));
        writer.Text(Head(verdict.Hint, MaxHintChars));
        writer.Varint((ulong)action.Text.Length);
        writer.Bytes(text);
        writer.Varint((ulong)objects);
        foreach (ObjectRef item in action.Objects[..objects])
        {
            writer.U8((byte)item.Verb);
            writer.U8((byte)item.Flags);
            writer.Bytes(action.Names.Slice(item.Start, Math.Min(item.Length, MaxName)));
        }

        return writer.Position;
    }

    /// <summary>The decision that a record holds, or null when its payload is none.</summary>
    public static DecisionRecord? Read(ReadOnlySpan<byte> payload)
    {
        var reader = new SpanReader(payload);
        var kind = (ActionKind)reader.U8();
        var verb = (Verb)reader.U8();
        var flags = (ActionFlags)reader.U16();
        byte verdict = reader.U8();
        var bits = (Bits)reader.U8();
        long version = reader.Varint();
        long fromClient = reader.Varint();
        long toClient = reader.Varint();
        string rule = reader.Text();
        string hint = reader.Text();
        long textLength = reader.Varint();
        ReadOnlySpan<byte> text = reader.Bytes();
        DecisionObject[]? objects = ReadObjects(ref reader);

        if (!reader.Ok || objects is null || verdict > (byte)VerdictKind.Allow || version > uint.MaxValue || text.Length > textLength)
            return null;
        return new DecisionRecord
        {
            Kind = kind,
            Verb = verb,
            Flags = flags,
            Verdict = (VerdictKind)verdict,
            Masked = bits.HasFlag(Bits.Masked),
            ObjectsTruncated = bits.HasFlag(Bits.ObjectsTruncated),
            PolicyVersion = (int)version,
            FromClientOffset = fromClient,
            ToClientOffset = toClient,
            RuleId = rule,
            Hint = bits.HasFlag(Bits.HasHint) ? hint : null,
            Text = Encoding.UTF8.GetString(text),
            TextLength = textLength,
            TextTruncated = text.Length < textLength,
            Objects = objects,
        };
    }

    private static DecisionObject[]? ReadObjects(ref SpanReader reader)
    {
        // Each takes at least three bytes, so a count beyond what is left is a lie and must not size an array.
        long count = reader.Varint();
        if (!reader.Ok || count > reader.Left / 3)
            return null;
        var objects = new DecisionObject[count];
        for (int i = 0; i < objects.Length; i++)
            objects[i] = new DecisionObject((Verb)reader.U8(), (ObjectFlags)reader.U8(), reader.Text());
        return objects;
    }

    private static ReadOnlySpan<char> Head(string? text, int chars) => text.AsSpan(0, Math.Min(text?.Length ?? 0, chars));
}
