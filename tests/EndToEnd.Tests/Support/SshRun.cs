namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>What a client that ran to its end said.</summary>
public sealed record SshRun(int ExitCode, string Output, string Error)
{
    public static async Task<SshRun> OfAsync(string[] command, string input = "", IReadOnlyDictionary<string, string>? environment = null, TimeSpan? within = null)
    {
        await using ChildProcess process = ChildProcess.Start(command, environment);
        try
        {
            await process.Input.WriteAsync(input);
            process.Input.Close();
        }
        catch (IOException) when (input.Length > 0)
        {
            // It ended without reading all that it could have; what it says is in its output and exit code.
        }

        int code = await process.WaitForExitAsync(within ?? TimeSpan.FromMinutes(2));
        return new SshRun(code, process.Output, process.Error);
    }
}
