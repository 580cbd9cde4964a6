using Sallyport.Contract;

namespace Sallyport.Policy.Gates;

/// <summary>Rules by verb: for each verb the numbers of the rules that name it, in the order of their ids.</summary>
internal sealed class RuleTable
{
    /// <summary>The number that no rule has.</summary>
    public const int None = int.MaxValue;

    private readonly CompiledRule[] _rules;
    private readonly ushort[][] _byVerb = new ushort[256][];

    /// <param name="rules">Sorted by id.</param>
    public RuleTable(CompiledRule[] rules)
    {
        _rules = rules;
        List<ushort> numbers = new(rules.Length);
        for (int verb = 0; verb < _byVerb.Length; verb++)
        {
            numbers.Clear();
            for (int number = 0; number < rules.Length; number++)
            {
                if (rules[number].Verbs.Contains((Verb)verb))
                    numbers.Add((ushort)number);
            }

            // Most verbs share their list with the verb before: keep one.
            ushort[] before = verb == 0 ? [] : _byVerb[verb - 1];
            _byVerb[verb] = numbers.SequenceEqual(before) ? before : [.. numbers];
        }
    }

    public int Count => _rules.Length;

    public CompiledRule this[int number] => _rules[number];

    /// <summary>The first rule before <paramref name="best"/> that stops this effect; otherwise <paramref name="best"/>.</summary>
    public int FirstThatStops(int best, ActionFlags flags, in ObjectRef effect, in EffectName name)
    {
        foreach (ushort number in _byVerb[(byte)effect.Verb])
        {
            if (number >= best)
                break;
            if (_rules[number].Stops(flags, effect, name))
                return number;
        }

        return best;
    }

    /// <summary>Adds the numbers of all rules that stop this effect.</summary>
    public void AddAllThatStop(ISet<int> numbers, ActionFlags flags, in ObjectRef effect, in EffectName name)
    {
        foreach (ushort number in _byVerb[(byte)effect.Verb])
        {
            if (_rules[number].Stops(flags, effect, name))
                numbers.Add(number);
        }
    }

    /// <summary>The first rule that grants this effect; <see cref="None"/> when there is none.</summary>
    public int FirstThatGrants(ActionFlags flags, in ObjectRef effect, in EffectName name)
    {
        foreach (ushort number in _byVerb[(byte)effect.Verb])
        {
            if (_rules[number].Grants(flags, effect, name))
                return number;
        }

        return None;
    }
}
