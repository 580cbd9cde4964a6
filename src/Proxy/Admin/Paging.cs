namespace Sallyport.Proxy.Admin;

/// <summary>A part of a list.</summary>
/// <param name="Next">What <c>after</c> must be to get the next part; null: this was the last.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next = null);

/// <summary>Paging.</summary>
internal static class Paging
{
    /// <summary>Items to answer with.</summary>
    /// <exception cref="AdminProblem">The caller asks for none, or for too many.</exception>
    public static int Limit(int? limit) => limit switch
    {
        null => AdminLimits.Page,
        >= 1 and <= AdminLimits.LargestPage => limit.Value,
        _ => throw AdminProblem.Wrong("limit-unfit", $"\"limit\" must be 1 to {AdminLimits.LargestPage}."),
    };

    /// <summary>A page of a list that was read one item further than the limit, to see whether there is more.</summary>
    public static Page<T> Of<T>(IReadOnlyList<T> items, int limit, Func<T, string> cursor) =>
        items.Count <= limit ? new Page<T>(items) : new Page<T>([.. items.Take(limit)], cursor(items[limit - 1]));
}
