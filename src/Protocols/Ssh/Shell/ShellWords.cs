namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>What is known of a word beside its bytes.</summary>
[Flags]
internal enum ShellWordFlags : byte
{
    None = 0,

    /// <summary>Some of it was quoted.</summary>
    Quoted = 1,

    /// <summary>A parameter, a command or a sum is put in its place when it runs; its bytes are as written there.</summary>
    Expansion = 2,

    /// <summary>It has <c>*</c>, <c>?</c> or <c>[</c> outside quotes: names of files may come in its place.</summary>
    Glob = 4,

    /// <summary>It begins with <c>~</c>.</summary>
    Tilde = 8,

    /// <summary>It has an open brace outside quotes.</summary>
    Brace = 16,

    /// <summary>It reads <c>NAME=value</c>, its name unquoted.</summary>
    Assignment = 32,

    /// <summary>What a shell may make something else of.</summary>
    NotLiteral = Expansion | Glob | Tilde | Brace,
}

/// <summary>A word without its quotes: a range of <see cref="ShellWords"/>' bytes.</summary>
/// <param name="NameLength">Bytes of the name that an assignment assigns to.</param>
internal readonly record struct ShellWord(int Start, int Length, ShellWordFlags Flags, int NameLength)
{
    public bool Is(ShellWordFlags any) => (Flags & any) != 0;
}

/// <summary>
/// The words of the commands that are being read, the innermost last: a stack. Bytes are never moved within it, and a larger array leaves the
/// old one as it was, so that a span of a word stays good while words are added behind it.
/// </summary>
internal sealed class ShellWords(int most)
{
    private byte[] _bytes = new byte[1024];
    private ShellWord[] _words = new ShellWord[32];
    private int _used;

    public int Count { get; private set; }

    /// <summary>True once more was to be kept than is allowed.</summary>
    public bool Overflow { get; private set; }

    public ShellWord this[int i] => _words[i];

    /// <summary>Where the next byte goes: a word starts here.</summary>
    public int Used => _used;

    public ReadOnlySpan<byte> Text(int i) => _bytes.AsSpan(_words[i].Start, _words[i].Length);

    /// <summary>The bytes since <paramref name="start"/>.</summary>
    public ReadOnlySpan<byte> Since(int start) => _bytes.AsSpan(start, _used - start);

    public void Clear()
    {
        (Count, _used, Overflow) = (0, 0, false);
    }

    /// <summary>Forgets what was added since.</summary>
    public void Truncate(int count, int used)
    {
        Count = count;
        _used = used;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > most - _used)
        {
            Overflow = true;
            return;
        }

        if (bytes.Length > _bytes.Length - _used)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(_used));
        _used += bytes.Length;
    }

    public void Append(byte b) => Append([b]);

    /// <summary>Makes a word of the bytes since <paramref name="start"/>.</summary>
    public void Add(int start, ShellWordFlags flags, int nameLength = 0)
    {
        if (Count == _words.Length)
            Array.Resize(ref _words, _words.Length * 2);
        _words[Count++] = new ShellWord(start, _used - start, flags, nameLength);
    }

    /// <summary>Adds a word again, as the last one.</summary>
    public void Repeat(ShellWord word)
    {
        if (Count == _words.Length)
            Array.Resize(ref _words, _words.Length * 2);
        _words[Count++] = word;
    }
}
