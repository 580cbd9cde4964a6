using System.CommandLine;
using Sallyport.Proxy.Audit;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport audit verify-files</c>: whether the lines of audit files are those that were written.</summary>
internal static class AuditFilesVerb
{
    public static Command Create()
    {
        Argument<FileInfo[]> files = new("FILE") { Description = "The audit's files, oldest first", Arity = ArgumentArity.OneOrMore };
        var verify = new Command("verify-files", "Check that every line of audit files follows from the one before it; needs no server") { files };
        verify.SetAction(parsed => Verify(parsed.GetRequiredValue(files), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return verify;
    }

    private static int Verify(FileInfo[] files, TextWriter output, TextWriter error)
    {
        long count = 0;
        int wrong = 0;
        try
        {
            foreach ((long line, string what) in AuditChain.Verify(files.SelectMany(file => AuditFile.ReadAll(file.FullName)).Select(l =>
            {
                count++;
                return l;
            })))
            {
                wrong++;
                output.WriteLine($"line {line} {what}");
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"sallyport: {unreadable.Message}");
            return ExitCode.Failed;
        }

        output.WriteLine($"{count} lines, {wrong} wrong");
        return wrong == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
