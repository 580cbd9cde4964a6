using System.Diagnostics;
using System.Text;

namespace Sallyport.Protocols.Ssh.Tests.Shell;

/// <summary>Runs lines by real shells, in an empty directory, where the only commands are ones that write down how they were called.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class RealShells : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string _folder = Directory.CreateTempSubdirectory("sallyport-shell-").FullName;
    private int _runs;

    public RealShells()
    {
        string bin = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName;
        foreach (string name in Names)
        {
            string stub = Path.Combine(bin, name);
            // One write for each call: they may run at the same time.
            using var file = new StreamWriter(new FileStream(stub, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Executable }));
            file.Write("#!/bin/sh\nprintf '%s\\037' \"${0##*/}\" \"$@\" '\u001e' >> \"$SHELL_LOG\"\n");
        }

        foreach (string name in (string[])["sh", "env", "nice", "nohup", "timeout", "xargs", "find", "setsid", "stdbuf"])
            File.CreateSymbolicLink(Path.Combine(bin, name), Path.Combine("/usr/bin", name));
    }

    /// <summary>The commands there are.</summary>
    public static IReadOnlyList<string> Names { get; } = ["c1", "c2", "c3", "c4"];

    public static bool Has(string shell) => File.Exists(Path.Combine("/usr/bin", shell));

    /// <summary>The commands that ran, each with its arguments, a blank between them.</summary>
    public List<string> Run(string shell, string line)
    {
        // A place and a log of its own: what a line leaves running in the background writes to nobody else's.
        string place = Directory.CreateDirectory(Path.Combine(_folder, $"place{++_runs}")).FullName;
        string log = Path.Combine(_folder, $"log{_runs}");
        var start = new ProcessStartInfo(Path.Combine("/usr/bin", shell)) { WorkingDirectory = place, RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(line + "\nwait");
        start.Environment.Clear();
        start.Environment["PATH"] = Path.Combine(_folder, "bin");
        start.Environment["SHELL_LOG"] = log;
        using (Process process = Process.Start(start)!)
        {
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            errors.Wait();
            Assert(process.WaitForExit(10_000), line);
        }

        if (!File.Exists(log))
            return [];
        return [.. File.ReadAllText(log, Encoding.UTF8).Split("\u001e\u001f", StringSplitOptions.RemoveEmptyEntries).Select(call => call[..^1].Replace('\u001f', ' '))];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Assert(bool ended, string line) => Xunit.Assert.True(ended, $"A shell did not end: {line}");
}
