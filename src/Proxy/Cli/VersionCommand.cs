using System.CommandLine;
using System.Reflection;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport version</c>.</summary>
internal static class VersionCommand
{
    /// <summary>The version of this build, with the commit when the build knew it.</summary>
    public static string Version =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static Command Create()
    {
        var command = new Command("version", "Print the version");
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine($"sallyport {Version}");
            return ExitCode.Done;
        });
        return command;
    }
}
