using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>What was found so far: effects, their names, and what is not known.</summary>
internal sealed class ShellEffects
{
    private const int MostObjects = 256;
    private const int MostNames = 64 << 10;
    private byte[] _names = new byte[1024];
    private ObjectRef[] _objects = new ObjectRef[16];
    private int _used;
    private int _begun;

    public ActionFlags Flags { get; private set; }

    /// <summary>True once reading on makes no sense.</summary>
    public bool Failed { get; private set; }

    /// <summary>How deep the reading is in what holds commands.</summary>
    public int Depth { get; set; }

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Names => _names.AsSpan(0, _used);

    public ReadOnlySpan<ObjectRef> Objects => _objects.AsSpan(0, Count);

    public void Clear()
    {
        Flags = ActionFlags.None;
        Failed = false;
        Depth = 0;
        Forget();
    }

    /// <summary>Forgets the effects, and keeps what is known of the whole.</summary>
    public void Forget() => (Count, _used, _begun) = (0, 0, 0);

    /// <summary>Something of it is not known before it runs.</summary>
    public void MarkUnparsed() => Flags |= ActionFlags.Unparsed;

    /// <summary>It is not understood, and what follows cannot be.</summary>
    public void Fail()
    {
        MarkUnparsed();
        Failed = true;
    }

    /// <summary>Begins the name of an effect.</summary>
    public void Begin() => _begun = _used;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MostNames - _used)
        {
            Overflow();
            return;
        }

        if (bytes.Length > _names.Length - _used)
            Array.Resize(ref _names, Math.Max(_names.Length * 2, _used + bytes.Length));
        bytes.CopyTo(_names.AsSpan(_used));
        _used += bytes.Length;
    }

    /// <summary>Ends the name that was begun, and adds its effect.</summary>
    public void End(Verb verb, int qualifier = 0, ObjectFlags flags = ObjectFlags.None)
    {
        if (Count == MostObjects)
            Overflow();
        if (Failed && (Flags & ActionFlags.Truncated) != 0)
        {
            _used = _begun;
            return;
        }

        if (Count == _objects.Length)
            Array.Resize(ref _objects, _objects.Length * 2);
        _objects[Count++] = new ObjectRef(verb, flags, _begun, _used - _begun, qualifier);
    }

    public void Add(Verb verb, ReadOnlySpan<byte> name)
    {
        Begin();
        Append(name);
        End(verb);
    }

    private void Overflow()
    {
        Flags |= ActionFlags.Truncated;
        Fail();
    }
}
