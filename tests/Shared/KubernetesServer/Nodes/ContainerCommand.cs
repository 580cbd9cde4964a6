using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Streams;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>Runs a command of a container: a process of this machine, in the container's folder, with its environment, on a terminal or on pipes.</summary>
internal static class ContainerCommand
{
    /// <summary>Runs it to its end, or until the client goes.</summary>
    public static async Task RunAsync(RemoteCommand remote, TestContainer container, IEnumerable<KeyValuePair<string, string>> environment, CommandRequest asked)
    {
        try
        {
            await remote.ReadyAsync();
            if (asked.Attach)
            {
                await AttachAsync(remote, container, asked);
                await remote.EndAsync(Success());
                return;
            }

            container.Commands.Enqueue(string.Join(' ', asked.Command));
            if (!Exists(asked.Command[0], container.Folder))
            {
                await remote.EndAsync(Failure("InternalError", $"error executing command in container: exec: \"{asked.Command[0]}\": executable file not found in $PATH", null));
                return;
            }

            int code = asked.Tty ? await OnTerminalAsync(remote, container, environment, asked) : await OnPipesAsync(remote, container, environment, asked);
            await remote.EndAsync(code == 0 ? Success() : Failure("NonZeroExitCode", $"command terminated with non-zero exit code: exit status {code}", code));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or WebSocketException && remote.Gone.IsCancellationRequested)
        {
            // The client is gone: so is what it asked for.
        }
    }

    private static async Task<int> OnPipesAsync(RemoteCommand remote, TestContainer container, IEnumerable<KeyValuePair<string, string>> environment, CommandRequest asked)
    {
        using Process process = Start(asked.Command, container, environment);
        using CancellationTokenRegistration end = remote.Gone.Register(() => Kill(process));
        Task output = CopyAsync(process.StandardOutput.BaseStream, remote, RemoteCommand.Output, asked.Output);
        Task error = CopyAsync(process.StandardError.BaseStream, remote, RemoteCommand.Error, asked.Error);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(remote.Gone);
        Task input = asked.Input ? TypeAsync(remote, process.StandardInput.BaseStream, close: true, ended.Token) : Task.CompletedTask;
        if (!asked.Input)
            process.StandardInput.Close();
        await Task.WhenAll(output, error);
        await process.WaitForExitAsync(remote.Gone);
        // What it did not read is left: waiting for the client to stop typing would be waiting for a person.
        await ended.CancelAsync();
        await input;
        return process.ExitCode;
    }

    private static async Task<int> OnTerminalAsync(RemoteCommand remote, TestContainer container, IEnumerable<KeyValuePair<string, string>> environment, CommandRequest asked)
    {
        using var terminal = new PseudoTerminal();
        // The size comes first where the client says one, so that what starts sees it.
        if (await FirstSizeAsync(remote) is { } size)
            terminal.Resize(size);
        string[] command = ["/bin/sh", "-c", "exec setsid --ctty --wait \"$@\" <\"$0\" >\"$0\" 2>&1", terminal.Name, .. asked.Command];
        using Process process = Start(command, container, [.. environment, new("TERM", "xterm")]);
        using CancellationTokenRegistration end = remote.Gone.Register(() => Kill(process));
        process.StandardInput.Close();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(remote.Gone);
        Task sizes = ResizeAsync(remote, terminal, ended.Token);
        Task input = asked.Input ? TypeAsync(remote, terminal.Master, close: false, ended.Token) : Task.CompletedTask;
        Task exit = process.WaitForExitAsync(remote.Gone);
        Task output = Task.Run(() => CopyAsync(terminal.Master, remote, RemoteCommand.Output, send: true), remote.Gone);
        await exit;
        await output.WaitAsync(TimeSpan.FromSeconds(5), remote.Gone);
        await ended.CancelAsync();
        await Task.WhenAll(input, sizes);
        return process.ExitCode;
    }

    private static async Task<TerminalSize?> FirstSizeAsync(RemoteCommand remote)
    {
        try
        {
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(remote.Gone);
            soon.CancelAfter(TimeSpan.FromMilliseconds(200));
            return await remote.Sizes.ReadAsync(soon.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or System.Threading.Channels.ChannelClosedException)
        {
            remote.Gone.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>A container's main process here is <c>cat</c>: what is typed stands in its log, and the log is what it shows.</summary>
    private static async Task AttachAsync(RemoteCommand remote, TestContainer container, CommandRequest asked)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(remote.Gone);
        int from = container.Log.Start(0, null);
        Task typing = asked.Input ? EchoAsync(remote, container.Log, stop) : Task.CompletedTask;
        try
        {
            await foreach (string line in container.Log.ReadAsync(from, follow: true, timestamps: false, stop.Token))
                await remote.WriteAsync(RemoteCommand.Output, Encoding.UTF8.GetBytes(line));
        }
        catch (OperationCanceledException) when (!remote.Gone.IsCancellationRequested)
        {
            // The end of what was typed is the end of cat.
        }

        if (asked.Input && stop.IsCancellationRequested)
            await typing;
    }

    private static async Task EchoAsync(RemoteCommand remote, ContainerLog log, CancellationTokenSource stop)
    {
        using var lines = new StreamReader(remote.Input.AsStream());
        while (await lines.ReadLineAsync(remote.Gone) is { } line)
            log.Write(line);
        // Followers are a step behind: they get the last line before the end.
        await Task.Delay(TimeSpan.FromMilliseconds(50), remote.Gone);
        await stop.CancelAsync();
    }

    private static async Task TypeAsync(RemoteCommand remote, Stream to, bool close, CancellationToken ended)
    {
        try
        {
            await remote.Input.CopyToAsync(to, ended);
            if (close)
                to.Close();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The command reads no more, or the client is gone.
        }
    }

    private static async Task ResizeAsync(RemoteCommand remote, PseudoTerminal terminal, CancellationToken ended)
    {
        try
        {
            await foreach (TerminalSize size in remote.Sizes.ReadAllAsync(ended))
                terminal.Resize(size);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The command has ended.
        }
    }

    private static async Task CopyAsync(Stream from, RemoteCommand remote, byte channel, bool send)
    {
        byte[] buffer = new byte[32 * 1024];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, remote.Gone)) > 0)
            {
                if (send)
                    await remote.WriteAsync(channel, buffer.AsMemory(0, read));
            }
        }
        catch (IOException) when (from is FileStream)
        {
            // A terminal that nobody has any more answers EIO: that is its end.
        }
    }

    private static Process Start(string[] command, TestContainer container, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = container.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["HOME"] = container.Folder;
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static bool Exists(string program, string folder) =>
        program.Contains('/') ? File.Exists(Path.Combine(folder, program))
        : ((string[])["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]).Any(d => File.Exists(Path.Combine(d, program)));

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended, or been disposed of.
        }
    }

    private static JsonObject Success() => new() { ["metadata"] = new JsonObject(), ["status"] = "Success" };

    private static JsonObject Failure(string reason, string message, int? code)
    {
        var status = new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = message, ["reason"] = reason };
        if (code is not null)
            status["details"] = new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = code.Value.ToString(CultureInfo.InvariantCulture) }) };
        else
            status["code"] = 500;
        return status;
    }
}
