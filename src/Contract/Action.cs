namespace Sallyport.Contract;

/// <summary>The six kinds of action that policy judges.</summary>
public enum ActionKind : byte
{
    Login = 1,
    Statement = 2,
    Command = 3,
    FileAccess = 4,
    PortForward = 5,
    HttpRequest = 6,
}

/// <summary>What is known of an action as a whole.</summary>
[Flags]
public enum ActionFlags : ushort
{
    None = 0,

    /// <summary>The text, or a part of it, was not understood: verbs and objects may be incomplete. Denied unless a rule allows it.</summary>
    Unparsed = 1,

    /// <summary>Only the head of the text was seen. Denied unless a rule allows it.</summary>
    Truncated = 2,

    /// <summary>One of several statements that were sent as one text.</summary>
    MultiStatement = 4,
}

/// <summary>What is known of one effect of an action.</summary>
[Flags]
public enum ObjectFlags : byte
{
    None = 0,

    /// <summary>An UPDATE or DELETE without WHERE: it touches every row.</summary>
    WhereAbsent = 1,

    /// <summary>A file that is written from its end on or not at all there yet: nothing that was in it is lost.</summary>
    KeepsContent = 2,

    /// <summary>A directory with whatever lies below it: which files is known to the peers alone.</summary>
    Below = 4,
}

/// <summary>One effect of an action: a verb applied to one object, or to none when <see cref="Length"/> is 0. <c>INSERT INTO a SELECT … FROM b</c> has two: (Insert, a) and (Select, b).
/// A command's name is its program as written (the qualifier), then each argument behind a zero byte; a destination's is its host (the qualifier),
/// a colon and its port; a path stands alone, absolute and without <c>.</c>, <c>..</c> and doubled slashes where it could be made so. A Kubernetes resource is
/// <c>resource.group/subresource</c> (the qualifier), then namespace and name behind a zero byte each; a detail, after all effects, its attribute, a zero byte, its value.</summary>
/// <param name="Verb">What is done to the object.</param>
/// <param name="Flags">What else is known of this effect.</param>
/// <param name="Start">Offset of the normalised name in <see cref="ActionView.Names"/>, in bytes.</param>
/// <param name="Length">Length of the whole name in bytes, qualifier and dot included.</param>
/// <param name="QualifierLength">Bytes of the qualifier (a SQL schema, a program, a host) before the separating byte; 0 when the name stands alone.</param>
public readonly record struct ObjectRef(Verb Verb, ObjectFlags Flags, int Start, int Length, int QualifierLength)
{
    /// <summary>The qualifier of this object, without what separates it; empty when there is none.</summary>
    public ReadOnlySpan<byte> Qualifier(ReadOnlySpan<byte> names) => names.Slice(Start, QualifierLength);

    /// <summary>The name of this object without its qualifier; empty when the effect has no object.</summary>
    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> names)
    {
        int skip = QualifierLength == 0 ? 0 : QualifierLength + 1;
        return names.Slice(Start + skip, Length - skip);
    }
}

/// <summary>What someone is about to do, as a view over live buffers: valid only during the call it is passed to.</summary>
public readonly ref struct ActionView
{
    public required ActionKind Kind { get; init; }

    /// <summary>The verb of the action as a whole; <see cref="Objects"/> holds those of its parts.</summary>
    public required Verb Verb { get; init; }

    public ActionFlags Flags { get; init; }

    /// <summary>The text as the client sent it (UTF-8 or the client's encoding), for the record and for people; never parsed again.</summary>
    public ReadOnlySpan<byte> Text { get; init; }

    /// <summary>UTF-8 arena of normalised names that <see cref="Objects"/> points into.</summary>
    public ReadOnlySpan<byte> Names { get; init; }

    /// <summary>The account's home directory, absolute and normalised, where it is known: what lies below it is what <c>~/</c> means. Empty: it is not known.</summary>
    public ReadOnlySpan<byte> Home { get; init; }

    /// <summary>The effects. Empty means one effect: <see cref="Verb"/> on no object.</summary>
    public ReadOnlySpan<ObjectRef> Objects { get; init; }
}
