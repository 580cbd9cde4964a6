using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>Runs a program in this one's place: its terminal, its signals, its exit code.</summary>
internal static class ChildProcess
{
    /// <exception cref="ClientException">It cannot be started.</exception>
    public static async Task<int> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> variables)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach ((string name, string? value) in variables)
            start.Environment[name] = value;

        Process? child = null;
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        PosixSignalRegistration[] registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;

            // A terminal sends SIGINT and SIGQUIT to both; the others come to this process alone.
            if (signal is PosixSignal.SIGTERM or PosixSignal.SIGHUP && Volatile.Read(ref child) is { HasExited: false } running)
                Kill(running.Id, signal == PosixSignal.SIGTERM ? 15 : 1);
        }))];
        try
        {
            using Process process = Process.Start(start) ?? throw new ClientException($"{program} cannot be started.");
            Volatile.Write(ref child, process);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            Volatile.Write(ref child, null);
            return process.ExitCode;
        }
        catch (Win32Exception missing)
        {
            throw new ClientException($"{program} cannot be started: {missing.Message}. Is it installed?", missing);
        }
        finally
        {
            foreach (PosixSignalRegistration registration in registrations)
                registration.Dispose();
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
