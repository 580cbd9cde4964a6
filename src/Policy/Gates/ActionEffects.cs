using Sallyport.Contract;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>
/// The effects of an action: its objects, and then, unless one of them carries the action's own verb, the own verb on no object. The details that
/// stand behind them are no effects.
/// </summary>
internal readonly ref struct ActionEffects
{
    private readonly ReadOnlySpan<ObjectRef> _objects;
    private readonly ObjectRef _own;
    private readonly bool _isCall;

    public ActionEffects(in ActionView action)
    {
        _own = new ObjectRef(action.Verb, ObjectFlags.None, 0, 0, 0);
        _isCall = action.Verb == Verb.GrpcCall;
        Names = action.Names;
        Home = action.Home;
        Flags = action.Flags;
        IsWellFormed = action.Verb != Verb.HttpDetail;
        bool ownVerb = false;
        int effects = 0;
        int index = 0;
        foreach (ref readonly ObjectRef effect in action.Objects)
        {
            index++;
            IsWellFormed &= IsInside(effect, action.Names.Length) && IsShaped(effect, action.Names);
            if (effect.Verb == Verb.HttpDetail)
                continue;
            // An effect behind a detail would be overlooked.
            IsWellFormed &= ++effects == index;
            ownVerb |= effect.Verb == action.Verb;
            // What is done to the object is not known: the same as an action that was not understood.
            if (effect.Verb == Verb.Unknown)
                Flags |= ActionFlags.Unparsed;
        }

        if (action.Verb == Verb.Unknown)
            Flags |= ActionFlags.Unparsed;
        _objects = action.Objects[..effects];
        Details = new ActionDetails(action.Objects[effects..], action.Names);
        Count = effects + (ownVerb ? 0 : 1);
        // A resource cannot be left out.
        IsWellFormed &= ownVerb || EffectSorts.Of(action.Verb) != EffectSort.Resource;
    }

    /// <summary>The arena of the names.</summary>
    public ReadOnlySpan<byte> Names { get; }

    /// <summary>What is known of the action beside its effects.</summary>
    public ActionDetails Details { get; }

    /// <summary>The account's home directory; empty when it is not known.</summary>
    public ReadOnlySpan<byte> Home { get; }

    /// <summary>The action's flags; <see cref="ActionFlags.Unparsed"/> also when a verb is unknown.</summary>
    public ActionFlags Flags { get; }

    /// <summary>False when a reference points outside the arena, or a name is not what its verb asks for: nothing can be said of such an action.</summary>
    public bool IsWellFormed { get; }

    /// <summary>How many; at least one.</summary>
    public int Count { get; }

    public ObjectRef this[int index] => index < _objects.Length ? _objects[index] : _own;

    /// <summary>False of the path of a call of gRPC: rules may stop it, but what is granted is the method, which that path names.</summary>
    public bool NeedsGrant(in ObjectRef effect) => !_isCall || effect.Verb != Verb.HttpPost;

    private static bool IsInside(in ObjectRef effect, int length)
    {
        if (effect.Start < 0 || effect.Length < 0 || effect.QualifierLength < 0 || effect.Start > length - effect.Length)
            return false;
        return effect.QualifierLength == 0 || effect.QualifierLength < effect.Length;
    }

    // Of what is inside: a resource has three parts, a detail two.
    private static bool IsShaped(in ObjectRef effect, ReadOnlySpan<byte> names)
    {
        bool resource = effect.Verb is >= Verb.KubeGet and <= Verb.KubeConnect;
        if (!resource && effect.Verb != Verb.HttpDetail)
            return true;
        if (!IsInside(effect, names.Length) || effect.QualifierLength == 0 || names[effect.Start + effect.QualifierLength] != 0)
            return false;
        return !resource || effect.Name(names).Count((byte)0) == 1;
    }
}
