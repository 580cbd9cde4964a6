using System.Diagnostics.CodeAnalysis;
using Sallyport.Contract;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>The name of an effect's object with its hashes, worked out once for all rules.</summary>
internal readonly ref struct EffectName
{
    private readonly DestinationName _destination;

    /// <param name="effect">The effect.</param>
    /// <param name="effects">Those it is one of.</param>
    public EffectName(in ObjectRef effect, scoped in ActionEffects effects)
    {
        ReadOnlySpan<byte> names = effects.Names;
        Details = effects.Details;
        HasObject = effect.Length > 0;
        HasQualifier = effect.QualifierLength > 0;
        Qualifier = effect.Qualifier(names);
        Name = effect.Name(names);
        Sort = EffectSorts.Of(effect.Verb);
        if (Sort == EffectSort.Command)
        {
            NameHash = NameSet.Hash(NameSet.EmptyHash, PathComponents.Last(Program));
        }
        else if (Sort == EffectSort.Name)
        {
            NameHash = NameSet.Hash(NameSet.EmptyHash, Name);
            FullHash = HasQualifier ? NameSet.Hash(NameHash, Qualifier) : NameHash;
        }
        else if (Sort == EffectSort.Path)
        {
            Path = new PathName(Name, (effect.Flags & ObjectFlags.Below) != 0, effects.Home);
        }
        else if (Sort == EffectSort.Resource)
        {
            Resource = new ResourceName(effect.Verb, Qualifier, Name);
        }
        else
        {
            _destination = new DestinationName(HasQualifier, Qualifier, Name);
        }
    }

    /// <summary>No object, and nothing else that is known.</summary>
    public static EffectName None => default;

    public EffectSort Sort { get; }

    /// <summary>What is known of the action beside its effects.</summary>
    public ActionDetails Details { get; }

    /// <summary>Of a file or a directory: its path.</summary>
    public PathName Path { get; }

    /// <summary>Of a forwarding: where to.</summary>
    [UnscopedRef]
    public ref readonly DestinationName Destination => ref _destination;

    /// <summary>Of what is done in a Kubernetes cluster: to what.</summary>
    public ResourceName Resource { get; }

    public bool HasObject { get; }

    public bool HasQualifier { get; }

    public ReadOnlySpan<byte> Qualifier { get; }

    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Of a command: its program as written.</summary>
    public ReadOnlySpan<byte> Program => HasQualifier ? Qualifier : Name;

    /// <summary>Of a command: its arguments.</summary>
    public ArgumentList Arguments => new(HasQualifier ? Name : [], HasQualifier);

    /// <summary>Of the name; of a command: of its program without the directory. 0 for paths and destinations, which are not looked up.</summary>
    public uint NameHash { get; }

    public uint FullHash { get; }
}
