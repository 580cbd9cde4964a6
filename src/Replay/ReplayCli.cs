using System.CommandLine;
using Sallyport.Replay.Commands;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay;

/// <summary>The command line of sallyport-replay.</summary>
internal static class ReplayCli
{
    private const string Description = """
        Lists, shows, plays, searches and verifies Sallyport's session recordings.

        Exit codes: 0 all is well; 1 a recording is damaged; 2 wrong usage, or a file cannot be read;
        3 (verify) intact, but a recording has no trailer: its session still runs, or the daemon died.
        """;

    /// <summary>Runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var screen = new Screen(output);
        var root = new RootCommand(Description)
        {
            ListCommand.Make(screen, error), ShowCommand.Make(screen, error), VerifyCommand.Make(screen, error),
            PlayCommand.Make(screen, error), ExportCommand.Make(screen, error), SearchCommand.Make(screen, error),
            TimelineCommand.Make(screen, error),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
                error.WriteLine(SafeText.Line(fault.Message));
            error.WriteLine("Try 'sallyport-replay --help'.");
            return ExitCode.Usage;
        }

        return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
    }
}
