using System.Runtime.InteropServices;

namespace Sallyport.Compare;

/// <summary>The machine that numbers come from; without it they mean nothing.</summary>
/// <param name="Cpu">Model name.</param>
/// <param name="Cores">Logical processors we may use.</param>
/// <param name="MemoryMiB">RAM.</param>
/// <param name="Kernel">Operating system and kernel.</param>
/// <param name="Runtime">.NET version.</param>
internal sealed record Machine(string Cpu, int Cores, long MemoryMiB, string Kernel, string Runtime)
{
    /// <summary>This one.</summary>
    public static Machine Current()
    {
        string cpu = Value("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        string memory = Value("/proc/meminfo", "MemTotal") ?? "0 kB";
        return new Machine(
            cpu,
            Environment.ProcessorCount,
            long.Parse(memory.Split(' ')[0]) / 1024,
            $"{RuntimeInformation.OSDescription}, Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}",
            RuntimeInformation.FrameworkDescription);
    }

    public override string ToString() => $"{Cpu}, {Cores} cores, {MemoryMiB} MiB, {Kernel}, {Runtime}";

    private static string? Value(string file, string key) => File.ReadLines(file)
        .Where(line => line.StartsWith(key, StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault();
}
