using System.Globalization;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Documents;

/// <summary>A time for which a change was approved beforehand, elsewhere, under a reference: one stretch of time, or one that comes back every week.</summary>
internal sealed class ChangeWindow
{
    private readonly TimeWindow? _weekly;
    private readonly DateTimeOffset _from;
    private readonly DateTimeOffset _to;

    /// <param name="reference">Where the approval is written down.</param>
    /// <param name="weekly">When.</param>
    public ChangeWindow(string reference, TimeWindow weekly)
    {
        Reference = reference;
        _weekly = weekly;
        Text = $"{reference} ({weekly.Text})";
    }

    /// <param name="reference">Where the approval is written down.</param>
    /// <param name="from">The first moment.</param>
    /// <param name="to">The first moment after it.</param>
    public ChangeWindow(string reference, DateTimeOffset from, DateTimeOffset to)
    {
        Reference = reference;
        _from = from;
        _to = to;
        Text = string.Create(CultureInfo.InvariantCulture, $"{reference} ({from:yyyy-MM-dd'T'HH:mmzzz} to {to:yyyy-MM-dd'T'HH:mmzzz})");
    }

    public string Reference { get; }

    /// <summary>For people.</summary>
    public string Text { get; }

    /// <summary>True when the moment lies in the window.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="until">If it does: when the window ends, or an earlier moment that is worth asking again at.</param>
    public bool Contains(DateTimeOffset now, out DateTimeOffset until)
    {
        until = _to;
        return _weekly?.Contains(now, out until) ?? (now >= _from && now < _to);
    }
}
