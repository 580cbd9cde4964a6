using System.Numerics;

namespace Sallyport.Policy.Gates;

/// <summary>
/// A fixed set of names, with or without a qualifier, looked up by bytes. Open addressing, at most half full. FNV-1a suffices: the entries are
/// the operator's, so nobody else can make them collide.
/// </summary>
internal sealed class NameSet
{
    /// <summary>The hash of nothing: FNV-1a's offset basis.</summary>
    public const uint EmptyHash = 2166136261;

    private readonly Entry[] _slots;
    private readonly uint _mask;

    /// <param name="names">Pairs of qualifier (empty: none) and name.</param>
    public NameSet(IReadOnlyCollection<(byte[] Qualifier, byte[] Name)> names)
    {
        _slots = names.Count == 0 ? [] : new Entry[BitOperations.RoundUpToPowerOf2((uint)names.Count * 2)];
        _mask = (uint)Math.Max(_slots.Length - 1, 0);
        foreach ((byte[] qualifier, byte[] name) in names)
        {
            uint hash = Hash(Hash(EmptyHash, name), qualifier);
            if (Contains(hash, qualifier, name))
                continue;
            uint slot = hash & _mask;
            while (_slots[slot].Name is not null)
                slot = (slot + 1) & _mask;
            _slots[slot] = new Entry(hash, qualifier, name);
        }
    }

    /// <summary>Continues a hash with more bytes.</summary>
    public static uint Hash(uint hash, ReadOnlySpan<byte> bytes)
    {
        const uint Prime = 16777619;
        foreach (byte b in bytes)
            hash = (hash ^ b) * Prime;
        return hash;
    }

    /// <summary>True when the set has the name with this qualifier.</summary>
    public bool Contains(uint hash, ReadOnlySpan<byte> qualifier, ReadOnlySpan<byte> name)
    {
        if (_slots.Length == 0)
            return false;
        for (uint slot = hash & _mask; _slots[slot].Name is not null; slot = (slot + 1) & _mask)
        {
            ref readonly Entry entry = ref _slots[slot];
            if (entry.Hash == hash && name.SequenceEqual(entry.Name) && qualifier.SequenceEqual(entry.Qualifier))
                return true;
        }

        return false;
    }

    private readonly record struct Entry(uint Hash, byte[] Qualifier, byte[] Name);
}
