using Sallyport.Contract;

namespace Sallyport.Policy.Gates;

/// <summary>The name of an effect's object with its hashes, worked out once for all rules.</summary>
internal readonly ref struct EffectName
{
    public EffectName(in ObjectRef effect, ReadOnlySpan<byte> names)
    {
        HasObject = effect.Length > 0;
        HasQualifier = effect.QualifierLength > 0;
        Qualifier = effect.Qualifier(names);
        Name = effect.Name(names);
        NameHash = NameSet.Hash(NameSet.EmptyHash, Name);
        FullHash = HasQualifier ? NameSet.Hash(NameHash, Qualifier) : NameHash;
    }

    public bool HasObject { get; }

    public bool HasQualifier { get; }

    public ReadOnlySpan<byte> Qualifier { get; }

    public ReadOnlySpan<byte> Name { get; }

    public uint NameHash { get; }

    public uint FullHash { get; }
}
