using System.ComponentModel;
using System.Diagnostics;

namespace Sallyport.Proxy.Configuration;

/// <summary>Runs a program that prints a secret, such as the client of a vault. No shell is between; what it writes to stderr is not looked at.</summary>
internal static class SecretCommand
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    /// <summary>Variables that let a child speak in the daemon's name (sd_notify(3)).</summary>
    private static readonly string[] Ours = ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID"];

    /// <summary>What it prints. Blocks for up to ten seconds.</summary>
    /// <param name="program">An absolute path.</param>
    /// <param name="longest">Most bytes it may print.</param>
    /// <exception cref="IOException">It cannot be run, takes too long, fails, or prints too much. The message names the program only.</exception>
    public static byte[] Run(string program, IEnumerable<string> arguments, int longest)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (string name in Ours)
            start.Environment.Remove(name);
        try
        {
            using Process process = Process.Start(start) ?? throw new IOException($"command {program} cannot be started");
            using var over = new CancellationTokenSource(Time);
            using CancellationTokenRegistration kill = over.Token.Register(() => Kill(process));
            process.StandardInput.Close();
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            byte[] output = new byte[longest + 1];
            int length = process.StandardOutput.BaseStream.ReadAtLeast(output, output.Length, throwOnEndOfStream: false);
            if (length > longest)
            {
                Kill(process);
                throw new IOException($"command {program} printed more than {longest} bytes");
            }

            // Not without a bound: a child of the child may hold stderr open for ever.
            bool ended = process.WaitForExit(Time) && !over.IsCancellationRequested;
            if (!ended)
            {
                Kill(process);
                throw new IOException($"command {program} took longer than {Time.TotalSeconds:0} s");
            }

            return process.ExitCode == 0 ? output[..length] : throw new IOException($"command {program} failed with exit code {process.ExitCode}");
        }
        catch (Win32Exception unstartable)
        {
            throw new IOException($"command {program} cannot be started: {unstartable.Message}", unstartable);
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }
}
