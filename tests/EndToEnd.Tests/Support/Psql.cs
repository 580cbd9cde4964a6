namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>Where psql connects to, and as whom.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">Port.</param>
/// <param name="Database">Database; through Sallyport the target.</param>
/// <param name="User">Start-up user name; through Sallyport only a label.</param>
/// <param name="Password">Password; through Sallyport the token.</param>
public sealed record PsqlTarget(string Host, int Port, string Database, string User, string Password)
{
    /// <summary>libpq's sslmode.</summary>
    public string SslMode { get; init; } = "verify-full";

    /// <summary>PEM file of the CA that the server's certificate is checked against.</summary>
    public string? RootCertificate { get; init; }

    /// <summary>Further libpq environment variables (PGOPTIONS, PGAPPNAME, …).</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a run of psql ended.</summary>
public sealed record PsqlResult(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>The real psql, without anybody's psqlrc, pgpass or PG* variables.</summary>
public static class Psql
{
    /// <summary>Runs <paramref name="script"/> as psql's standard input, one statement after the other, going on after errors.</summary>
    public static Task<PsqlResult> ScriptAsync(PsqlTarget target, string script, params string[] arguments) =>
        RunAsync(target, script, ["-f", "-", .. arguments]);

    /// <summary>Runs psql with <paramref name="arguments"/>: <c>-c</c> statements, meta-commands, formats.</summary>
    public static async Task<PsqlResult> RunAsync(PsqlTarget target, string input, params string[] arguments)
    {
        await using ChildProcess psql = Start(target, arguments);
        string unread = "";
        try
        {
            await psql.Input.WriteAsync(input);
            psql.Input.Close();
        }
        catch (IOException)
        {
            // A refused login ends psql before it has read its input.
            unread = "(psql ended without reading its input)\n";
        }

        int code = await psql.WaitForExitAsync();
        return new PsqlResult(code, psql.Output, psql.Error + unread);
    }

    /// <summary>Starts psql and leaves it running: write to <see cref="ChildProcess.Input"/>, signal it, wait for its output.</summary>
    public static ChildProcess Start(PsqlTarget target, params string[] arguments) =>
        ChildProcess.Start(["psql", "--no-psqlrc", "--no-password", "--quiet", .. arguments], EnvironmentOf(target));

    /// <summary>
    /// Starts psql on a terminal of its own, which is what makes it interactive: it goes on after Ctrl-C (write <c>\x03</c>). script(1), of Debian's
    /// base system, is the terminal; what is typed is echoed into the output.
    /// </summary>
    /// <param name="arguments">Words without blanks or quotes.</param>
    public static ChildProcess StartOnTerminal(PsqlTarget target, params string[] arguments) => ChildProcess.Start(
        ["script", "--quiet", "--return", "--command", string.Join(' ', ["exec psql", "--no-psqlrc", "--no-password", "--quiet", "--no-readline", "--pset=pager=off", .. arguments]), "/dev/null"],
        EnvironmentOf(target));

    private static Dictionary<string, string> EnvironmentOf(PsqlTarget target)
    {
        var environment = new Dictionary<string, string>
        {
            ["PGHOST"] = target.Host,
            ["PGPORT"] = target.Port.ToString(),
            ["PGDATABASE"] = target.Database,
            ["PGUSER"] = target.User,
            ["PGPASSWORD"] = target.Password,
            ["PGSSLMODE"] = target.SslMode,
            ["PGCONNECT_TIMEOUT"] = "20",
            ["PGPASSFILE"] = "/dev/null",
            ["HOME"] = "/nonexistent",
        };
        if (target.RootCertificate is not null)
            environment["PGSSLROOTCERT"] = target.RootCertificate;
        foreach ((string name, string value) in target.Environment)
            environment[name] = value;
        return environment;
    }
}
