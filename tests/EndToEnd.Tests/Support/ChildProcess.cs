using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>Signals by their Linux numbers.</summary>
public enum UnixSignal
{
    Hup = 1,
    Int = 2,
    Quit = 3,
    Kill = 9,
    Term = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>
/// A child process whose output is kept and can be waited for. It cannot outlive the test run: the kernel kills it when we die
/// (PR_SET_PDEATHSIG, by way of setpriv), and <see cref="DisposeAsync"/> when we don't.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    // PR_SET_PDEATHSIG counts the death of the *thread* that forked (prctl(2)), so one thread that lives as long as we do forks them all.
    private static readonly BlockingCollection<Action> Forks = [];

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _waits = [];
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _errorEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    static ChildProcess()
    {
        var forker = new Thread(() =>
        {
            foreach (Action fork in Forks.GetConsumingEnumerable())
                fork();
        })
        { IsBackground = true, Name = "forks child processes" };
        forker.Start();
    }

    private ChildProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data, _outputEnded);
        _process.ErrorDataReceived += (_, line) => Keep(_error, line.Data, _errorEnded);
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>What it has written to its standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>What it has written to its standard error so far.</summary>
    public string Error => Read(_error);

    /// <summary>Its standard input.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>True once it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program with an environment of its own: PATH and what is given, nothing inherited.</summary>
    public static ChildProcess Start(IEnumerable<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("setpriv")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string word in (IEnumerable<string>)["--pdeathsig", "KILL", .. command])
            start.ArgumentList.Add(word);

        start.Environment.Clear();
        foreach (string inherited in (ReadOnlySpan<string>)["PATH", "HOME", "DOTNET_ROOT", "TMPDIR"])
        {
            if (Environment.GetEnvironmentVariable(inherited) is { } value)
                start.Environment[inherited] = value;
        }

        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        var child = new ChildProcess(start);
        var started = new TaskCompletionSource();
        Forks.Add(() =>
        {
            try
            {
                child._process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        started.Task.GetAwaiter().GetResult();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits until it has written <paramref name="text"/> within one line, since it started, to either output.</summary>
    /// <exception cref="InvalidOperationException">It ended without writing it.</exception>
    /// <exception cref="TimeoutException">It did not within <paramref name="limit"/> (30 s when not given).</exception>
    public async Task WaitForOutputAsync(string text, TimeSpan? limit = null)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waits)
        {
            if (Output.Contains(text, StringComparison.Ordinal) || Error.Contains(text, StringComparison.Ordinal))
                return;
            _waits.Add((text, seen));
        }

        Task ended = Task.WhenAll(_outputEnded.Task, _errorEnded.Task);
        Task first = await Task.WhenAny(seen.Task, ended, Task.Delay(limit ?? TimeSpan.FromSeconds(30)));
        if (seen.Task.IsCompleted)
            return;
        string said = $"\n--- output\n{Output}\n--- error\n{Error}";
        throw first == ended
            ? new InvalidOperationException($"'{_process.StartInfo.ArgumentList[2]}' ended without writing '{text}'.{said}")
            : new TimeoutException($"'{_process.StartInfo.ArgumentList[2]}' did not write '{text}'.{said}");
    }

    /// <summary>Sends a signal to it. Does nothing once it has ended.</summary>
    public void Signal(UnixSignal signal)
    {
        if (!_process.HasExited && kill(_process.Id, (int)signal) != 0 && !_process.HasExited)
            throw new InvalidOperationException($"kill({_process.Id}, {signal}): error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Waits until it has ended and its output is whole.</summary>
    /// <returns>Its exit code: 128 + n when a signal n ended it.</returns>
    /// <exception cref="TimeoutException">It did not within <paramref name="limit"/> (60 s when not given).</exception>
    public async Task<int> WaitForExitAsync(TimeSpan? limit = null)
    {
        await _process.WaitForExitAsync().WaitAsync(limit ?? TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    /// <summary>Asks it to end with <paramref name="signal"/>, and kills it with all its children if it does not within <paramref name="limit"/> (30 s when not given).</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(UnixSignal signal = UnixSignal.Term, TimeSpan? limit = null)
    {
        Signal(signal);
        try
        {
            return await WaitForExitAsync(limit ?? TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            return await WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(StringBuilder into, string? line, TaskCompletionSource ended)
    {
        if (line is null)
        {
            ended.TrySetResult();
            return;
        }

        lock (into)
            into.Append(line).Append('\n');

        lock (_waits)
        {
            foreach ((string text, TaskCompletionSource seen) in _waits)
            {
                if (line.Contains(text, StringComparison.Ordinal))
                    seen.TrySetResult();
            }
        }
    }

    private static string Read(StringBuilder from)
    {
        lock (from)
            return from.ToString();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
