using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// Named statements or portals of a session. PostgreSQL keeps only the first 63 bytes of such a name (NAMEDATALEN - 1), so two longer names
/// can be one to it: they are one here too.
/// </summary>
internal sealed class PgNames<T>
{
    private const int KeyLength = 63;

    private readonly Dictionary<string, T> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> _byChars;

    public PgNames() => _byChars = _byName.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Count => _byName.Count;

    public Dictionary<string, T>.ValueCollection Values => _byName.Values;

    public bool TryGet(ReadOnlySpan<byte> name, [MaybeNullWhen(false)] out T value)
    {
        Span<char> key = stackalloc char[KeyLength];
        return _byChars.TryGetValue(key[..Widen(name, key)], out value);
    }

    public void Set(ReadOnlySpan<byte> name, T value)
    {
        Span<char> key = stackalloc char[KeyLength];
        _byChars[key[..Widen(name, key)]] = value;
    }

    public void Remove(ReadOnlySpan<byte> name)
    {
        Span<char> key = stackalloc char[KeyLength];
        _byChars.Remove(key[..Widen(name, key)]);
    }

    /// <summary>Bytes as the chars of the same numbers: a key need only tell names apart.</summary>
    private static int Widen(ReadOnlySpan<byte> name, Span<char> key)
    {
        int length = Math.Min(name.Length, KeyLength);
        for (int i = 0; i < length; i++)
            key[i] = (char)name[i];
        return length;
    }
}
