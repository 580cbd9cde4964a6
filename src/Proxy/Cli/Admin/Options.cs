using System.CommandLine;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary>Options and arguments that several verbs have.</summary>
internal static class Options
{
    public static Option<string> Reason() => new("--reason", "-r") { Description = "Why; it is kept in the audit", HelpName = "TEXT", Required = true };

    public static Option<int> Most() => new("--most") { Description = "How many at most", HelpName = "COUNT", DefaultValueFactory = _ => 1000 };

    public static Argument<Guid> Id(string what) => new(what) { Description = $"The {what}'s id", HelpName = what.ToUpperInvariant() };

    public static Argument<string> Name(string what) => new(what) { Description = $"The {what}'s name", HelpName = what.ToUpperInvariant() };

    public static Option<DateTimeOffset?> Since() => new("--since") { Description = "Only from then on, such as 2030-01-31T22:00:00Z", HelpName = "TIME" };

    public static Option<DateTimeOffset?> Until() => new("--until") { Description = "Only before then", HelpName = "TIME" };

    public static Option<FileInfo?> Output() => new("--output", "-o") { Description = "Where to write it; standard output by default", HelpName = "FILE" };

    /// <summary>Writes to a file that must not be there yet and only its owner may read, or to standard output.</summary>
    public static async Task WriteAsync(FileInfo? file, Func<Stream, Task> write)
    {
        await using Stream stream = file is null
            ? Console.OpenStandardOutput()
            : new FileStream(file.FullName, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await write(stream).ConfigureAwait(false);
    }
}
