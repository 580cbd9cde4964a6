using System.Globalization;

namespace Sallyport.Compare.Processes;

/// <summary>What a process and its descendants have used, as the kernel counts it (proc(5)).</summary>
/// <param name="CpuSeconds">User and system time, of ended children too.</param>
/// <param name="ResidentBytes">Resident memory now.</param>
internal readonly record struct Usage(double CpuSeconds, long ResidentBytes)
{
    // proc(5): times are in clock ticks; USER_HZ is 100 on every architecture .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>The usage of the tree under <paramref name="root"/> now.</summary>
    public static Usage Of(int root)
    {
        var processes = new Dictionary<int, (int Parent, Usage Usage)>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out int id) && Read(id) is { } stat)
                processes[id] = stat;
        }

        double cpu = 0;
        long resident = 0;
        foreach (int id in processes.Keys)
        {
            if (!IsWithin(id, root, processes))
                continue;
            cpu += processes[id].Usage.CpuSeconds;
            resident += processes[id].Usage.ResidentBytes;
        }

        return new Usage(cpu, resident);
    }

    private static bool IsWithin(int id, int root, Dictionary<int, (int Parent, Usage Usage)> processes)
    {
        for (int at = id; processes.TryGetValue(at, out var process); at = process.Parent)
        {
            if (at == root)
                return true;
        }

        return false;
    }

    private static (int Parent, Usage Usage)? Read(int id)
    {
        string text;
        try
        {
            text = File.ReadAllText($"/proc/{id}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended since the folder was listed.
            return null;
        }

        // The name (field 2) is in parentheses and may hold anything, so count from the last one: field 3 is words[0].
        string[] words = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        double ticks = Number(words[11]) + Number(words[12]) + Number(words[13]) + Number(words[14]);
        return ((int)Number(words[1]), new Usage(ticks / TicksPerSecond, Number(words[21]) * Environment.SystemPageSize));
    }

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}
