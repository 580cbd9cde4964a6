using Sallyport.Contract;

namespace Sallyport.Policy.Gates;

/// <summary>
/// The effects of an action: its objects, and then, unless one of them carries the action's own verb, the own verb on no object.
/// </summary>
internal readonly ref struct ActionEffects
{
    private readonly ReadOnlySpan<ObjectRef> _objects;
    private readonly ObjectRef _own;

    public ActionEffects(in ActionView action)
    {
        _objects = action.Objects;
        _own = new ObjectRef(action.Verb, ObjectFlags.None, 0, 0, 0);
        Names = action.Names;
        Home = action.Home;
        Flags = action.Flags;
        IsWellFormed = true;
        bool ownVerb = false;
        foreach (ref readonly ObjectRef effect in _objects)
        {
            ownVerb |= effect.Verb == action.Verb;
            IsWellFormed &= IsInside(effect, action.Names.Length);
            // What is done to the object is not known: the same as an action that was not understood.
            if (effect.Verb == Verb.Unknown)
                Flags |= ActionFlags.Unparsed;
        }

        if (action.Verb == Verb.Unknown)
            Flags |= ActionFlags.Unparsed;
        Count = _objects.Length + (ownVerb ? 0 : 1);
    }

    /// <summary>The arena of the names.</summary>
    public ReadOnlySpan<byte> Names { get; }

    /// <summary>The account's home directory; empty when it is not known.</summary>
    public ReadOnlySpan<byte> Home { get; }

    /// <summary>The action's flags; <see cref="ActionFlags.Unparsed"/> also when a verb is unknown.</summary>
    public ActionFlags Flags { get; }

    /// <summary>False when a reference points outside the arena: nothing can be said of such an action.</summary>
    public bool IsWellFormed { get; }

    /// <summary>How many; at least one.</summary>
    public int Count { get; }

    public ObjectRef this[int index] => index < _objects.Length ? _objects[index] : _own;

    private static bool IsInside(in ObjectRef effect, int length)
    {
        if (effect.Start < 0 || effect.Length < 0 || effect.QualifierLength < 0 || effect.Start > length - effect.Length)
            return false;
        return effect.QualifierLength == 0 || effect.QualifierLength < effect.Length;
    }
}
