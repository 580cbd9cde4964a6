using Sallyport.Contract;

namespace Sallyport.Proxy.Metrics;

/// <summary>
/// Counts verdicts by rule and kind. Each session counts for itself, without locks or shared memory; whoever looks adds up. A session that
/// ends leaves its counts here.
/// </summary>
internal sealed class Verdicts : IMetric
{
    /// <summary>Rules, times kinds. Policy may have 10 000 rules; those that ever decide are far fewer.</summary>
    private const int Most = 2000;

    private readonly Lock _lock = new();
    private readonly HashSet<OfSession> _live = [];
    private readonly CounterFamily _ended = new("sallyport_verdicts_total", "Actions judged, by rule and verdict.", Most, "rule", "verdict");

    /// <summary>Begins to count for a session.</summary>
    public OfSession Open()
    {
        var counts = new OfSession();
        lock (_lock)
            _live.Add(counts);
        return counts;
    }

    /// <summary>The session has ended.</summary>
    public void Close(OfSession counts)
    {
        lock (_lock)
        {
            if (!_live.Remove(counts))
                return;
            foreach (Cell cell in counts.Cells)
                _ended.Add(cell.RuleId, Word(cell.Kind), Volatile.Read(ref cell.Count));
        }
    }

    public void Write(MetricText text)
    {
        lock (_lock)
        {
            Dictionary<(string, string), long> live = [];
            foreach (Cell cell in _live.SelectMany(session => session.Cells))
            {
                (string, string) key = live.Count < Most || live.ContainsKey((cell.RuleId, Word(cell.Kind))) ? (cell.RuleId, Word(cell.Kind)) : (CounterFamily.Other, Word(cell.Kind));
                live[key] = live.GetValueOrDefault(key) + Volatile.Read(ref cell.Count);
            }

            _ended.Write(text, live);
        }
    }

    private static string Word(VerdictKind kind) => kind switch
    {
        VerdictKind.Allow => "allow",
        VerdictKind.Hold => "hold",
        _ => "deny",
    };

    internal sealed class Cell(string ruleId, VerdictKind kind)
    {
        public long Count;

        public string RuleId => ruleId;

        public VerdictKind Kind => kind;
    }

    /// <summary>One session's counts. <see cref="Count"/> is for its request loop only.</summary>
    internal sealed class OfSession
    {
        /// <summary>A session that meets more rules counts the rest as one.</summary>
        private const int MostCells = 64;

        private volatile Cell[] _cells = [];
        private Cell _last = new("", VerdictKind.Deny);

        public Cell[] Cells => _cells;

        public void Count(in Verdict verdict)
        {
            // A rule's id is one string for as long as its policy is in force: comparing references is nearly always enough.
            Cell cell = _last;
            if (!ReferenceEquals(cell.RuleId, verdict.RuleId) || cell.Kind != verdict.Kind)
                cell = Find(verdict);
            Volatile.Write(ref cell.Count, cell.Count + 1);
        }

        private Cell Find(in Verdict verdict)
        {
            foreach (Cell cell in _cells)
            {
                if (cell.Kind == verdict.Kind && cell.RuleId == verdict.RuleId)
                    return _last = cell;
            }

            if (_cells.Length >= MostCells)
                return _last = Rest(verdict.Kind);
            _last = new Cell(verdict.RuleId, verdict.Kind);
            _cells = [.. _cells, _last];
            return _last;
        }

        private Cell Rest(VerdictKind kind)
        {
            Cell? rest = _cells.FirstOrDefault(cell => cell.Kind == kind && cell.RuleId == CounterFamily.Other);
            if (rest is null)
            {
                rest = new Cell(CounterFamily.Other, kind);
                _cells = [.. _cells, rest];
            }

            return rest;
        }
    }
}
