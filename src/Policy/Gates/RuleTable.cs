using Sallyport.Contract;

namespace Sallyport.Policy.Gates;

/// <summary>Rules by verb: for each verb the numbers of the rules that name it, in the order of their ids.</summary>
internal sealed class RuleTable
{
    /// <summary>The number that no rule has.</summary>
    public const int None = int.MaxValue;

    private readonly CompiledRule[] _rules;
    private readonly CompiledRule[] _bounded;
    private readonly ushort[][] _byVerb = new ushort[256][];

    // Of the rules about commands, those that could be about the program: guard rails may list hundreds of programs.
    private readonly ushort[][] _byProgram = new ushort[CommandMatcher.Buckets][];

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

        ushort[] exec = _byVerb[(byte)Verb.Exec];
        for (int bucket = 0; bucket < _byProgram.Length; bucket++)
            _byProgram[bucket] = Array.TrueForAll(exec, n => rules[n].MayMatchCommands(bucket)) ? exec : [.. exec.Where(n => rules[n].MayMatchCommands(bucket))];
        _bounded = [.. rules.Where(r => r.MaxSize > 0)];
    }

    public int Count => _rules.Length;

    public CompiledRule this[int number] => _rules[number];

    /// <summary>The first rule before <paramref name="best"/> that stops this effect; otherwise <paramref name="best"/>.</summary>
    public int FirstThatStops(int best, ActionFlags flags, in ObjectRef effect, in EffectName name)
    {
        foreach (ushort number in Candidates(effect, name))
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
        foreach (ushort number in Candidates(effect, name))
        {
            if (_rules[number].Stops(flags, effect, name))
                numbers.Add(number);
        }
    }

    /// <summary>The first rule that grants this effect; <see cref="None"/> when there is none.</summary>
    public int FirstThatGrants(ActionFlags flags, in ObjectRef effect, in EffectName name)
    {
        foreach (ushort number in Candidates(effect, name))
        {
            if (_rules[number].Grants(flags, effect, name))
                return number;
        }

        return None;
    }

    /// <summary>The least size of all rules that grant this effect, if it is the content of a file; otherwise, and without a bound, <paramref name="least"/>.</summary>
    public long LeastSize(long least, ActionFlags flags, in ObjectRef effect, in EffectName name)
    {
        if (effect.Verb is not (Verb.FileRead or Verb.FileWrite))
            return least;
        foreach (CompiledRule rule in _bounded)
        {
            bool tighter = least == 0 || rule.MaxSize < least;
            if (tighter && rule.Verbs.Contains(effect.Verb) && rule.Grants(flags, effect, name))
                least = rule.MaxSize;
        }

        return least;
    }

    private ushort[] Candidates(in ObjectRef effect, in EffectName name) =>
        effect.Verb == Verb.Exec && name.HasObject ? _byProgram[CommandMatcher.Bucket(name.NameHash)] : _byVerb[(byte)effect.Verb];
}
