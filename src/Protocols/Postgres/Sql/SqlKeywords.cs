using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Finds the keyword that an unquoted identifier spells, in any case (ScanKeywordLookup in kwlookup.c folds ASCII only).</summary>
internal static class SqlKeywords
{
    private const int Slots = 2048;
    private const int Shortest = 2;
    private const int Longest = 17;

    /// <summary>Maps A-Z onto a-z in eight bytes at once. Exact for keywords: they hold letters and underscores only, and no other
    /// byte that may stand in an identifier becomes one of these.</summary>
    private const ulong Fold = 0x2020202020202020;

    private static readonly Entry[] Table = Build();

    /// <summary>The keyword, or <see cref="Kw.None"/>. <paramref name="word"/> holds bytes of an unquoted identifier only.</summary>
    public static Kw Find(ReadOnlySpan<byte> word)
    {
        if (word.Length is < Shortest or > Longest)
            return Kw.None;

        (ulong head, ulong tail) = Pack(word);
        Entry[] table = Table;
        for (uint slot = Hash(head, tail, word.Length); ; slot++)
        {
            ref readonly Entry entry = ref table[slot & (Slots - 1)];
            if (entry.Keyword == Kw.None)
                return Kw.None;
            if (entry.Head == head && entry.Tail == tail && entry.Length == word.Length && (word.Length < Longest || (word[8] | 0x20) == entry.Middle))
                return entry.Keyword;
        }
    }

    /// <summary>May stand for a column, a table, an alias (ColId in gram.y).</summary>
    public static bool IsColId(Kw keyword) => keyword is Kw.None or > Kw.LastTypeFunc;

    /// <summary>The first eight and the last eight bytes, folded: all of a word but the middle byte of one of 17.</summary>
    private static (ulong Head, ulong Tail) Pack(ReadOnlySpan<byte> word)
    {
        if (word.Length >= 8)
            return (BinaryPrimitives.ReadUInt64LittleEndian(word) | Fold, BinaryPrimitives.ReadUInt64LittleEndian(word[^8..]) | Fold);

        ulong head = 0;
        for (int i = 0; i < word.Length; i++)
            head |= (ulong)(byte)(word[i] | 0x20) << (i * 8);
        return (head, 0);
    }

    private static uint Hash(ulong head, ulong tail, int length) =>
        (uint)(((head ^ (tail * 0x9E3779B97F4A7C15) ^ (uint)length) * 0xD6E8FEB86659FD93) >> 40);

    private static Entry[] Build()
    {
        var table = new Entry[Slots];
        foreach (Kw keyword in Enum.GetValues<Kw>())
        {
            if (keyword == Kw.None)
                continue;
            byte[] word = Encoding.ASCII.GetBytes(NameOf(keyword));
            (ulong head, ulong tail) = Pack(word);
            uint slot = Hash(head, tail, word.Length);
            while (table[slot & (Slots - 1)].Keyword != Kw.None && table[slot & (Slots - 1)].Keyword != keyword)
                slot++;
            table[slot & (Slots - 1)] = new Entry(head, tail, keyword, (byte)word.Length, word.Length == Longest ? (byte)(word[8] | 0x20) : (byte)0);
        }

        return table;
    }

    /// <summary>The members that end a category share their value with a keyword, whose name is the one meant.</summary>
    private static string NameOf(Kw keyword) => keyword switch
    {
        Kw.WITH => nameof(Kw.WITH),
        Kw.VERBOSE => nameof(Kw.VERBOSE),
        Kw.XMLTABLE => nameof(Kw.XMLTABLE),
        _ => keyword.ToString(),
    };

    private readonly record struct Entry(ulong Head, ulong Tail, Kw Keyword, byte Length, byte Middle);
}
