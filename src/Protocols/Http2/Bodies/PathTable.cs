namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// The paths that were met in one answer, with their masks: a list has the same ones in every item, so each is looked up by patterns once. A tree of steps in a hash table; when it
/// is full it is begun anew, so objects without end, each with keys of its own, cost time and no memory.
/// </summary>
internal sealed class PathTable
{
    private const int MostNodes = 4096;
    private const int MostBytes = 1 << 17;
    private const int Slots = MostNodes * 2;

    private readonly MaskedPaths _masks;
    private Node[] _nodes = new Node[64];
    private int[] _slots = new int[128];
    private byte[] _bytes = new byte[1024];
    private int _used;
    private int _count;

    public PathTable(MaskedPaths masks)
    {
        _masks = masks;
        Clear();
    }

    private struct Node
    {
        public int Parent;
        public int Start;
        public int Length;
        public uint Hash;
        public PathMask Mask;
    }

    /// <summary>The node of the object itself.</summary>
    public const int Root = 0;

    public ref readonly PathMask this[int node] => ref _nodes[node].Mask;

    public bool IsFull => _count == MostNodes || _used > MostBytes;

    public void Clear()
    {
        _used = 0;
        _count = 1;
        Array.Fill(_slots, -1);
        _nodes[Root] = default;
    }

    /// <summary>The node of a step behind another; it is made when it is new. Not when the table is full.</summary>
    /// <param name="path">The whole path, which ends with the step.</param>
    public int Child(int parent, ReadOnlySpan<byte> step, ReadOnlySpan<byte> path)
    {
        uint hash = Hash(parent, step);
        for (int slot = (int)(hash & (uint)(_slots.Length - 1)); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            int found = _slots[slot];
            if (found < 0)
                return Add(parent, step, hash, path);
            ref readonly Node node = ref _nodes[found];
            if (node.Hash == hash && node.Parent == parent && _bytes.AsSpan(node.Start, node.Length).SequenceEqual(step))
                return found;
        }
    }

    private int Add(int parent, ReadOnlySpan<byte> step, uint hash, ReadOnlySpan<byte> path)
    {
        if (_count == _nodes.Length)
            Grow();
        if (_used + step.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_used + step.Length, _bytes.Length * 2));
        step.CopyTo(_bytes.AsSpan(_used));
        _nodes[_count] = new Node { Parent = parent, Start = _used, Length = step.Length, Hash = hash, Mask = _masks.Find(path) };
        _used += step.Length;
        Place(_count);
        return _count++;
    }

    private void Grow()
    {
        Array.Resize(ref _nodes, _nodes.Length * 2);
        _slots = new int[Math.Min(Slots, _nodes.Length * 2)];
        Array.Fill(_slots, -1);
        for (int i = 1; i < _count; i++)
            Place(i);
    }

    private void Place(int node)
    {
        int slot = (int)(_nodes[node].Hash & (uint)(_slots.Length - 1));
        while (_slots[slot] >= 0)
            slot = (slot + 1) & (_slots.Length - 1);
        _slots[slot] = node;
    }

    // Keys come from the target, and the table is small and begun anew: no key can make it slow for anybody else.
    private static uint Hash(int parent, ReadOnlySpan<byte> step)
    {
        ulong hash = ((ulong)(uint)parent * 0x9E3779B97F4A7C15) ^ (ulong)step.Length;
        while (step.Length >= 8)
        {
            hash = (hash ^ BitConverter.ToUInt64(step)) * 0x9FB21C651E98DF25;
            hash ^= hash >> 32;
            step = step[8..];
        }

        ulong rest = 0;
        foreach (byte c in step)
            rest = (rest << 8) | c;
        hash = (hash ^ rest) * 0x9FB21C651E98DF25;
        return (uint)(hash >> 32) ^ (uint)hash;
    }
}
