using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// The paths of one request, made absolute from the home directory, without <c>.</c>, <c>..</c> and doubled slashes. <c>..</c> is folded by its text: what
/// was folded is sent to the target folded, so that it opens what was judged. Symbolic links are the target's to follow.
/// </summary>
internal sealed class SftpPaths
{
    private readonly ObjectRef[] _objects = new ObjectRef[8];
    private byte[] _names = new byte[512];
    private int _used;
    private byte[]? _home;

    /// <summary>Where relative paths start; null while it is not known: <c>~</c> then.</summary>
    public void SetHome(ReadOnlySpan<byte> home) => Volatile.Write(ref _home, home.ToArray());

    /// <summary>The home directory; empty while it is not known.</summary>
    public ReadOnlySpan<byte> Home => Volatile.Read(ref _home);

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Names => _names.AsSpan(0, _used);

    public ReadOnlySpan<ObjectRef> Objects => _objects.AsSpan(0, Count);

    public ReadOnlySpan<byte> this[int i] => _names.AsSpan(_objects[i].Start, _objects[i].Length);

    /// <summary>A path had <c>..</c> in it.</summary>
    public bool Folded { get; private set; }

    public void Clear()
    {
        (Count, _used) = (0, 0);
        Folded = false;
    }

    public void Add(Verb verb, ReadOnlySpan<byte> path, ObjectFlags flags = ObjectFlags.None) =>
        Add(verb, path, Volatile.Read(ref _home) ?? "~"u8, flags);

    /// <summary>A path whose start is elsewhere.</summary>
    public void Add(Verb verb, ReadOnlySpan<byte> path, ReadOnlySpan<byte> from, ObjectFlags flags = ObjectFlags.None)
    {
        int start = _used;
        if (!path.StartsWith("/"u8))
            Components(start, from);
        Components(start, path);
        if (_used == start)
            Put("/"u8);
        _objects[Count++] = new ObjectRef(verb, flags, start, _used - start, 0);
    }

    /// <summary>A name that is no path here: <c>~user</c>.</summary>
    public void AddName(Verb verb, ReadOnlySpan<byte> name)
    {
        int start = _used;
        Put(name);
        _objects[Count++] = new ObjectRef(verb, ObjectFlags.None, start, _used - start, 0);
    }

    private void Components(int start, ReadOnlySpan<byte> path)
    {
        bool tilde = _used == start && path.StartsWith("~"u8);
        while (!path.IsEmpty)
        {
            int slash = path.IndexOf((byte)'/');
            ReadOnlySpan<byte> component = slash < 0 ? path : path[..slash];
            path = slash < 0 ? default : path[(slash + 1)..];
            if (component.IsEmpty || component.SequenceEqual("."u8))
                continue;
            if (component.SequenceEqual(".."u8))
            {
                Folded = true;
                int parent = _names.AsSpan(start, _used - start).LastIndexOf((byte)'/');
                // Above an unknown home directory nothing is known at all: it stays, and no pattern of a path matches it.
                if (parent >= 0)
                    _used = start + parent;
                else if (_used > start)
                    Put("/.."u8);
                continue;
            }

            if (!tilde)
                Put("/"u8);
            tilde = false;
            Put(component);
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _names.Length - _used)
            Array.Resize(ref _names, Math.Max(_names.Length * 2, _used + bytes.Length));
        bytes.CopyTo(_names.AsSpan(_used));
        _used += bytes.Length;
    }
}
