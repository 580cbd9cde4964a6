using Sallyport.Protocols.Postgres.Catalog;

namespace Sallyport.Protocols.Postgres;

/// <summary>The last plans of a session by the exact bytes of their RowDescription, so that a statement run again costs a comparison.</summary>
internal sealed class PgPlanCache
{
    private const int Capacity = 8;

    /// <summary>Longest description kept, bytes: about 60 columns.</summary>
    private const int MaxDescription = 2048;

    private readonly (byte[] Description, PgMaskIndex? Index, bool MayShow, PgMaskPlan? Plan)[] _entries = new (byte[], PgMaskIndex?, bool, PgMaskPlan?)[Capacity];
    private int _next;

    public PgMaskPlan? Find(ReadOnlySpan<byte> description, PgMaskIndex index, bool mayShow)
    {
        foreach (ref readonly var entry in _entries.AsSpan())
        {
            if (ReferenceEquals(entry.Index, index) && entry.MayShow == mayShow && description.SequenceEqual(entry.Description))
                return entry.Plan;
        }

        return null;
    }

    public void Add(ReadOnlySpan<byte> description, PgMaskIndex index, bool mayShow, PgMaskPlan plan)
    {
        if (description.Length > MaxDescription)
            return;
        _entries[_next] = (description.ToArray(), index, mayShow, plan);
        _next = (_next + 1) % Capacity;
    }
}
