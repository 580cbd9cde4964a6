using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>The commands of one rule, compiled: only the patterns that could be about the program are tried.</summary>
internal sealed class CommandMatcher
{
    /// <summary>Into how many buckets programs fall, by the hash of their names.</summary>
    public const int Buckets = 256;

    private readonly Entry[][] _byProgram = new Entry[Buckets][];

    public CommandMatcher(IReadOnlyList<CommandPattern> patterns)
    {
        Entry[] all = [.. patterns.Select(p => new Entry(p, p.ProgramName is null ? null : NameSet.Hash(NameSet.EmptyHash, p.ProgramName)))];
        Entry[] always = [.. all.Where(e => e.Hash is null)];
        Array.Fill(_byProgram, always);
        foreach (IGrouping<int, Entry> group in all.Where(e => e.Hash is not null).GroupBy(e => Bucket(e.Hash!.Value)))
            _byProgram[group.Key] = [.. always, .. group];
    }

    /// <summary>The bucket of a program, by the hash of its name without the directory.</summary>
    public static int Bucket(uint hash) => (int)((hash ^ (hash >> 16)) & (Buckets - 1));

    /// <summary>False when no program of this bucket can match.</summary>
    public bool MayMatch(int bucket) => _byProgram[bucket].Length > 0;

    /// <summary>True when a pattern matches the command; <paramref name="narrow"/> as in <see cref="CommandPattern.Matches"/>.</summary>
    public bool Matches(in EffectName command, bool narrow)
    {
        foreach (ref readonly Entry entry in _byProgram[Bucket(command.NameHash)].AsSpan())
        {
            bool named = entry.Hash is null || entry.Hash == command.NameHash;
            if (named && entry.Pattern.Matches(command.Program, command.Arguments, narrow))
                return true;
        }

        return false;
    }

    // The hash of the program's name; null: the pattern says nothing certain of it.
    private readonly record struct Entry(CommandPattern Pattern, uint? Hash);
}
