namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>A psql that stays: statements go in one after the other, and what each of them printed is waited for.</summary>
public sealed class PsqlSession : IAsyncDisposable
{
    private int _asked;

    private PsqlSession(ChildProcess process) => Process = process;

    /// <summary>The process: signal it, or wait for its output.</summary>
    public ChildProcess Process { get; }

    /// <summary>Starts psql, unaligned and without headers.</summary>
    public static PsqlSession Start(PsqlTarget target, params string[] arguments) => new(Psql.Start(target, ["-At", .. arguments]));

    /// <summary>Types something and does not wait.</summary>
    public async Task TypeAsync(string text)
    {
        await Process.Input.WriteLineAsync(text);
        await Process.Input.FlushAsync();
    }

    /// <summary>Types a statement and waits until psql is through with it.</summary>
    /// <returns>What it printed since the last call.</returns>
    public async Task<string> AskAsync(string sql)
    {
        await TypeAsync(sql);
        return await AnswerAsync();
    }

    /// <summary>Waits until psql is through with all that was typed.</summary>
    /// <returns>What it printed since the last call, to standard output and then to standard error.</returns>
    public async Task<string> AnswerAsync()
    {
        int number = ++_asked;
        await TypeAsync($"\\echo answer-{number}-ends\n\\warn answer-{number}-is-whole");
        await Process.WaitForOutputAsync($"answer-{number}-ends");
        await Process.WaitForOutputAsync($"answer-{number}-is-whole");
        return Since(Process.Output, $"answer-{number - 1}-ends\n", $"answer-{number}-ends\n")
            + Since(Process.Error, $"answer-{number - 1}-is-whole\n", $"answer-{number}-is-whole\n");
    }

    /// <summary>Types a statement into a session that has ended meanwhile, whether psql knows it yet or not, and waits until psql has given up.</summary>
    /// <returns>All that it has printed to standard error.</returns>
    public async Task<string> LastWordsAsync(string sql)
    {
        try
        {
            await TypeAsync(sql);
            Process.Input.Close();
        }
        catch (IOException e)
        {
            return $"{await EndedAsync()}({e.Message})";
        }

        return await EndedAsync();

        async Task<string> EndedAsync()
        {
            await Process.WaitForExitAsync();
            return Process.Error;
        }
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static string Since(string all, string before, string end)
    {
        int from = all.IndexOf(before, StringComparison.Ordinal);
        from = from < 0 ? 0 : from + before.Length;
        return all[from..all.IndexOf(end, StringComparison.Ordinal)];
    }
}
