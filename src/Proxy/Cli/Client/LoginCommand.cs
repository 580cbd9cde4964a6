using System.CommandLine;

namespace Sallyport.Proxy.Cli.Client;

/// <summary><c>sallyport login</c> and <c>sallyport logout</c>.</summary>
internal static class LoginCommand
{
    public static Command CreateLogin()
    {
        Option<Uri?> url = UrlOption.Create("The broker's address; \"broker\" of client.yaml by default", "--url", "-u");
        Option<bool> device = new("--device") { Description = "Log in on another device: for machines without a browser" };
        Option<FileInfo?> file = ClientConfig.FileOption();
        var command = new Command("login", "Log in at the broker. The login is kept in ~/.config/sallyport, for you only") { url, device, file };
        command.SetAction((parsed, cancel) => ClientRun.GuardAsync(parsed, async () =>
        {
            var session = new ClientSession(ClientConfig.Read(parsed.GetValue(file)), SavedLogins.Default, TimeProvider.System);
            SavedLogin login = await session.LoginAsync(parsed.GetValue(url), parsed.GetValue(device), parsed.InvocationConfiguration.Error, BrowserLogin.OpenWithDesktop, cancel).ConfigureAwait(false);
            parsed.InvocationConfiguration.Output.WriteLine($"Logged in as {BrokerClient.Safe(login.Subject ?? "?")} at {BrokerClient.Safe(login.Issuer)}");
            return ExitCode.Done;
        }));
        return command;
    }

    public static Command CreateLogout()
    {
        Option<Uri?> url = UrlOption.Create("The broker's address; needed when you are logged in at several", "--url", "-u");
        Option<FileInfo?> file = ClientConfig.FileOption();
        var command = new Command("logout", "Log out: the saved tokens go, here and at the broker") { url, file };
        command.SetAction((parsed, cancel) => ClientRun.GuardAsync(parsed, async () =>
        {
            var session = new ClientSession(ClientConfig.Read(parsed.GetValue(file)), SavedLogins.Default, TimeProvider.System);
            if (await session.LogoutAsync(parsed.GetValue(url), cancel).ConfigureAwait(false) is { } problem)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"sallyport: logged out here, but the broker was not told: {problem}");
                return ExitCode.Failed;
            }

            parsed.InvocationConfiguration.Output.WriteLine("Logged out.");
            return ExitCode.Done;
        }));
        return command;
    }
}
