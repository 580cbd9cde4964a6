using System.Text.Json;
using Spectre.Console;

namespace Sallyport.Compare.Comparisons;

/// <summary>The rows as tables for people and as JSON for whoever follows numbers over time.</summary>
internal static class SshReport
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Print(Machine machine, SshPlan plan, IReadOnlyList<SshRow> rows)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 120);
        AnsiConsole.WriteLine(machine.ToString());
        AnsiConsole.WriteLine($"{plan.Rounds} rounds, interleaved; medians; ratios are medians of the rounds' own. Sallyport judges and records; both legs have the cipher that is named.");
        AnsiConsole.WriteLine("CPU and RSS are those of what is between client and target: the daemon, or the hop's sshd and ssh.");
        Print(rows, "echo", $"\none byte to `cat` and back over an open channel, runs of {plan.Seconds} s; less is better", "µs", "0", cpu: null);
        Print(rows, " true", $"\nsessions from connecting to the end of `true`, {plan.Clients} clients at a time, runs of {plan.Seconds} s: by OpenSSH's ssh, and by a client without a process of its own", "sessions/s", "0.0", "CPU ms/session");
        List<SshRow> copies = [.. rows.Where(row => !IsOther(row))];
        Print(copies, "", $"\ncopies of {plan.Megabytes} MiB of noise (zeros where it says so), by sftp and with other ciphers than the first of half as many, from the start of the client to its end", "MB/s", "0", "CPU s/GB");
    }

    public static void WriteJson(string file, Machine machine, SshPlan plan, IReadOnlyList<SshRow> rows)
    {
        using FileStream stream = File.Create(file);
        JsonSerializer.Serialize(stream, new { Comparison = "ssh", machine, plan, rows }, Format);
    }

    private static bool IsOther(SshRow row) => row.Load.StartsWith("echo", StringComparison.Ordinal) || row.Load.EndsWith(" true", StringComparison.Ordinal);

    private static void Print(IReadOnlyList<SshRow> all, string word, string heading, string unit, string format, string? cpu)
    {
        List<SshRow> rows = [.. all.Where(row => row.Load.Contains(word, StringComparison.Ordinal))];
        if (rows.Count == 0)
            return;
        AnsiConsole.WriteLine(heading);
        Table table = new Table().AddColumns("load", "cipher", "way");
        foreach (string column in (string[])[unit, "/direct", "/double hop", .. cpu is null ? (string[])[] : [cpu, "RSS MiB"]])
            table.AddColumn(column, c => c.RightAligned());
        (string, string) previous = default;
        foreach (SshRow row in rows)
        {
            if (previous != default && previous != (row.Load, row.Cipher))
                table.AddEmptyRow();
            previous = (row.Load, row.Cipher);
            string[] cells = [row.Load, row.Cipher, row.Peer, row.Value.ToString(format), row.ToDirect.ToString("0.00"), row.ToDoubleHop.ToString("0.00")];
            table.AddRow(cpu is null ? cells : [.. cells, Number(row.Cpu, "0.00"), Number(row.ResidentBytes / 1048576.0, "0")]);
        }

        AnsiConsole.Write(table);
    }

    private static string Number(double? value, string format) => value?.ToString(format) ?? "-";
}
