using System.CommandLine;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>How commands of the client end: what went wrong is said, and what to do about it.</summary>
internal static class ClientRun
{
    public static async Task<int> GuardAsync(ParseResult parsed, Func<Task<int>> run)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (ClientException wrong)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"sallyport: {wrong.Message}");
            return ExitCode.Failed;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"sallyport: {failure.Message}");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            parsed.InvocationConfiguration.Error.WriteLine("sallyport: interrupted");
            return ExitCode.Failed;
        }
    }
}
