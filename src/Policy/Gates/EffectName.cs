using System.Diagnostics.CodeAnalysis;
using Sallyport.Contract;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>The name of an effect's object with its hashes, worked out once for all rules.</summary>
internal readonly ref struct EffectName
{
    private readonly DestinationName _destination;

    /// <param name="home">The account's home directory; empty when it is not known.</param>
    public EffectName(in ObjectRef effect, ReadOnlySpan<byte> names, ReadOnlySpan<byte> home = default)
    {
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
            Path = new PathName(Name, (effect.Flags & ObjectFlags.Below) != 0, home);
        }
        else
        {
            _destination = new DestinationName(HasQualifier, Qualifier, Name);
        }
    }

    public EffectSort Sort { get; }

    /// <summary>Of a file or a directory: its path.</summary>
    public PathName Path { get; }

    /// <summary>Of a forwarding: where to.</summary>
    [UnscopedRef]
    public ref readonly DestinationName Destination => ref _destination;

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
