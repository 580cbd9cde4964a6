namespace Sallyport.Contract;

/// <summary>How a field's bytes are to be understood by a mask.</summary>
public enum FieldKind : byte
{
    /// <summary>Characters, in an encoding whose ASCII bytes mean ASCII.</summary>
    Text = 0,

    /// <summary>Anything else: a mask that must produce a value of the type can only refuse it.</summary>
    Other = 1,
}

/// <summary>One masking strategy with its settings. Thread-safe, allocates nothing per call.</summary>
public interface IFieldMask
{
    /// <summary>The strategy's name in policy documents: <c>redact</c>, <c>last4</c>, <c>email</c>, <c>hash</c>, <c>null</c>.</summary>
    string Strategy { get; }

    /// <summary>The most bytes that <see cref="TryMask"/> writes for a value of <paramref name="length"/> bytes.</summary>
    int MaxLength(int length);

    /// <summary>Writes the masked form of <paramref name="value"/>.</summary>
    /// <returns>False when no type-correct masked form exists; the field then becomes NULL.</returns>
    bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written);
}

/// <summary>Masks what detectors find in a stream of text, wherever it is cut and whatever escape sequences stand between its characters. One for each stream; not thread-safe.</summary>
public interface IStreamMask
{
    /// <summary>The most bytes that one call of <see cref="Mask"/> writes for <paramref name="length"/> bytes, those held back included.</summary>
    int MaxLength(int length);

    /// <summary>Takes up <paramref name="input"/>, and writes all that can be told from it. What could still become a finding is held back, at most a few hundred bytes.</summary>
    /// <param name="flush">True: nothing is held back; the stream ends here, or its reader waits.</param>
    /// <returns>Bytes written.</returns>
    int Mask(ReadOnlySpan<byte> input, Span<byte> destination, bool flush);
}

/// <summary>The masks of one session on one target. A protocol asks by the identity of a field (for SQL as the catalog spells it), never by its label. Immutable; compared by reference.</summary>
public abstract class MaskPlan
{
    /// <summary>The mask of this field, or null when it is shown as it is.</summary>
    public abstract IFieldMask? Find(string schema, string table, string column);

    /// <summary>What is done to a value without an origin (an expression, an aggregate) of an action that may have read a masked field; null: it is shown.</summary>
    public abstract IFieldMask? Computed { get; }

    /// <summary>What is done to a stream of text without fields (a terminal, a command's output); null: it is shown as it is.</summary>
    public virtual IStreamMask? OpenStream() => null;

    /// <summary>The masks of what a request of HTTP is answered with; null: there are none. Theirs has <see cref="Computed"/>, for what has no path, if it masks fields by path at all.</summary>
    public virtual MaskPlan? Of(in ActionView request) => null;

    /// <summary>The mask of a field of such an answer, by its path as docs/policy.md writes it; with <c>.*</c> at its end, of any key below; null: it is shown as it is.</summary>
    public virtual IFieldMask? Find(ReadOnlySpan<byte> path) => null;
}
