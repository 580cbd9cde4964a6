using System.CommandLine;
using Sallyport.Proxy.Cli.Client;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport keys create</c>: the only thing that ever makes the local issuer's key. The daemon itself never does. The store's keys: <see cref="StoreKeysCommand"/>.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        var create = new Command("create", "Make the local issuer's signing key (ECDSA P-256, readable by its owner only)") { config };
        create.SetAction(parsed => Run(parsed.GetRequiredValue(config), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return new Command("keys", "Your public keys; the local issuer's signing key; the keys of the store")
        {
            PersonKeysCommands.Add(), PersonKeysCommands.List(), PersonKeysCommands.Remove(), create, StoreKeysCommand.Rotate(), StoreKeysCommand.Rewrap(),
        };
    }

    private static int Run(FileInfo file, TextWriter output, TextWriter error)
    {
        if (ConfigFile.Read(file, error) is not { } config)
            return ExitCode.Config;
        if (config.Local is not { } local)
        {
            error.WriteLine("sallyport: the configuration has no identity.local");
            return ExitCode.Config;
        }

        try
        {
            LocalKey.Create(local.Key.Path);
            output.WriteLine(local.Key.Path);
            return ExitCode.Done;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"sallyport: {failure.Message}");
            return ExitCode.Failed;
        }
    }
}
