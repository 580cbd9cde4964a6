using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>A set of <see cref="Verb"/>s as a bitmap: membership is one shift and one mask.</summary>
public readonly record struct VerbSet
{
    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private VerbSet(ulong a, ulong b, ulong c, ulong d) => (_a, _b, _c, _d) = (a, b, c, d);

    /// <summary>Every verb, those of later versions included.</summary>
    public static VerbSet All => new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    /// <summary>True when no verb is in the set.</summary>
    public bool IsEmpty => (_a | _b | _c | _d) == 0;

    /// <summary>This set and <paramref name="verb"/>.</summary>
    public VerbSet With(Verb verb)
    {
        ulong bit = 1UL << ((int)verb & 63);
        return ((int)verb >> 6) switch
        {
            0 => new VerbSet(_a | bit, _b, _c, _d),
            1 => new VerbSet(_a, _b | bit, _c, _d),
            2 => new VerbSet(_a, _b, _c | bit, _d),
            _ => new VerbSet(_a, _b, _c, _d | bit),
        };
    }

    /// <summary>True when <paramref name="verb"/> is in the set.</summary>
    public bool Contains(Verb verb)
    {
        ulong word = ((int)verb >> 6) switch { 0 => _a, 1 => _b, 2 => _c, _ => _d };
        return (word >> ((int)verb & 63) & 1) != 0;
    }
}
