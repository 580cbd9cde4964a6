using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Cli;

/// <summary>Reads the configuration for a command, and reports what is wrong with it.</summary>
internal static class ConfigFile
{
    /// <summary>The configuration; null when it is wrong, which has then been reported.</summary>
    public static DaemonConfig? Read(FileInfo file, TextWriter error)
    {
        var bag = new DiagnosticBag();
        DaemonConfig? config = ConfigReader.Read(file.ToString(), bag);
        Report.Write(error, bag.Items);
        return config;
    }
}
