using Sallyport.Contract;

namespace Sallyport.Protocols.Http2;

/// <summary>
/// The names and objects of one action at a time: effects first, details behind them, whatever the order they come in. Buffers are kept for the next action; what does not fit makes the
/// action truncated, so that policy refuses it unless a rule says otherwise.
/// </summary>
internal sealed class HttpActionArena
{
    /// <summary>Most bytes of all names together: the fields of an object of 1 MiB, with their paths, would be more, and nobody writes rules for that.</summary>
    public const int MostBytes = 1 << 18;

    /// <summary>Most effects and details together.</summary>
    public const int MostObjects = 4096;

    // What an idle connection keeps.
    private const int KeptBytes = 1 << 13;
    private const int KeptObjects = 128;

    private byte[] _names = new byte[512];
    private ObjectRef[] _objects = new ObjectRef[16];
    private int _used;
    private int _count;
    private int _effects;

    public ReadOnlySpan<byte> Names => _names.AsSpan(0, _used);

    public ReadOnlySpan<ObjectRef> Objects => _objects.AsSpan(0, _count);

    /// <summary>Something did not fit.</summary>
    public bool IsFull { get; private set; }

    public void Clear()
    {
        if (_names.Length > KeptBytes)
            _names = new byte[KeptBytes];
        if (_objects.Length > KeptObjects)
            _objects = new ObjectRef[KeptObjects];
        (_used, _count, _effects, IsFull) = (0, 0, 0, false);
    }

    /// <summary>Space at the end of the names; what is written there counts once it is added. Empty when there is none left.</summary>
    public Span<byte> Space(int length)
    {
        if (_used + length > MostBytes)
        {
            IsFull = true;
            return [];
        }

        if (_used + length > _names.Length)
            Array.Resize(ref _names, Math.Min(MostBytes, Math.Max(_used + length, _names.Length * 2)));
        return _names.AsSpan(_used, length);
    }

    /// <summary>Adds an effect or a detail whose name was written into <see cref="Space"/>.</summary>
    public void Add(Verb verb, int length, int qualifierLength)
    {
        if (_count == MostObjects)
        {
            IsFull = true;
            return;
        }

        if (_count == _objects.Length)
            Array.Resize(ref _objects, Math.Min(MostObjects, _count * 2));
        var added = new ObjectRef(verb, ObjectFlags.None, _used, length, qualifierLength);
        _used += length;
        if (verb == Verb.HttpDetail)
        {
            _objects[_count++] = added;
            return;
        }

        Array.Copy(_objects, _effects, _objects, _effects + 1, _count - _effects);
        _objects[_effects++] = added;
        _count++;
    }

    /// <summary>Adds an effect or a detail.</summary>
    /// <param name="verb">What is done to it.</param>
    /// <param name="qualifier">Empty: it has none, and no separator.</param>
    /// <param name="separator">Between the two.</param>
    /// <param name="name">The rest.</param>
    public void Add(Verb verb, ReadOnlySpan<byte> qualifier, byte separator, ReadOnlySpan<byte> name)
    {
        int skip = qualifier.IsEmpty ? 0 : qualifier.Length + 1;
        Span<byte> space = Space(skip + name.Length);
        if (space.Length < skip + name.Length)
            return;
        qualifier.CopyTo(space);
        if (skip > 0)
            space[qualifier.Length] = separator;
        name.CopyTo(space[skip..]);
        Add(verb, skip + name.Length, qualifier.Length);
    }
}
