using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>The commands of one rule, compiled: only the patterns that could be about the program are tried.</summary>
internal sealed class CommandMatcher
{
    /// <summary>Into how many buckets programs fall, by the hash of their names.</summary>
    public const int Buckets = 256;

    private readonly CommandPattern[][] _byProgram = new CommandPattern[Buckets][];

    public CommandMatcher(IReadOnlyList<CommandPattern> patterns)
    {
        CommandPattern[] always = [.. patterns.Where(p => p.ProgramName is null)];
        Array.Fill(_byProgram, always);
        foreach (IGrouping<int, CommandPattern> group in patterns.Where(p => p.ProgramName is not null).GroupBy(p => Bucket(NameSet.Hash(NameSet.EmptyHash, p.ProgramName))))
            _byProgram[group.Key] = [.. always, .. group];
    }

    /// <summary>The bucket of a program, by the hash of its name without the directory.</summary>
    public static int Bucket(uint hash) => (int)((hash ^ (hash >> 16)) & (Buckets - 1));

    /// <summary>False when no program of this bucket can match.</summary>
    public bool MayMatch(int bucket) => _byProgram[bucket].Length > 0;

    /// <summary>True when a pattern matches the command; <paramref name="narrow"/> as in <see cref="CommandPattern.Matches"/>.</summary>
    public bool Matches(in EffectName command, bool narrow)
    {
        foreach (CommandPattern pattern in _byProgram[Bucket(command.NameHash)])
        {
            if (pattern.Matches(command.Program, command.Arguments, narrow))
                return true;
        }

        return false;
    }
}
