using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// What was run earlier in the session that may change what later texts mean: settings such as search_path and role, things made under a name, code that
/// nobody saw. A held statement is approved with it, so that no approval covers the same text under another search_path. What failed or was rolled back
/// counts as well: then it is asked for once more than needed. Request loop only.
/// </summary>
internal sealed class PgSessionTrail
{
    /// <summary>The last of them are shown to approvers …</summary>
    private const int MostShown = 8;

    /// <summary>… each so far, characters.</summary>
    private const int LongestShown = 200;

    private readonly List<string> _shown = [];
    private byte[] _hash = [];
    private int _count;

    /// <summary>SHA-256 over all of it, in order; empty: there is none.</summary>
    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>A text is run, with no values of its own.</summary>
    public void Add(ReadOnlySpan<byte> text, SqlSettings settings)
    {
        string shown = PgHeld.Shown(text, settings);
        Add(text, shown.Length <= LongestShown ? shown : $"{shown[..LongestShown]}…");
    }

    /// <summary>Something is run whose text, or whose values, are not known: nothing later is the same as in any other session.</summary>
    public void AddUnknown() => Add(RandomNumberGenerator.GetBytes(32), "something that was not seen");

    /// <summary>For approvers, the last of it.</summary>
    public IEnumerable<HeldEffect> Effects()
    {
        if (_count > _shown.Count)
            yield return new HeldEffect(Verb.Unknown, $"earlier in this session: {_count - _shown.Count} more that may change what it means");
        foreach (string text in _shown)
            yield return new HeldEffect(Verb.Unknown, $"earlier in this session: {text}");
    }

    private void Add(ReadOnlySpan<byte> what, string shown)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_hash);
        hash.AppendPart(what);
        _hash = hash.GetHashAndReset();
        _count++;
        _shown.Add(shown);
        if (_shown.Count > MostShown)
            _shown.RemoveAt(0);
    }
}
