using System.CommandLine;

namespace Sallyport.Proxy.Cli.Client;

/// <summary><c>sallyport kube-token</c>: the credential plugin that <c>sallyport kubeconfig</c> names.</summary>
internal static class KubeTokenCommand
{
    public static Command Create()
    {
        Option<Uri?> broker = UrlOption.Create("Where you are logged in; needed when you are at several", "--broker");
        Option<bool> device = new("--device") { Description = "When a login is needed, log in on another device" };
        Option<FileInfo?> file = ClientConfig.FileOption();
        var command = new Command("kube-token", "Give kubectl and other Kubernetes clients a fresh token of your login (ExecCredential)") { broker, device, file };
        command.SetAction((parsed, cancel) => ClientRun.GuardAsync(parsed, async () =>
        {
            var asked = ExecCredential.Read(Environment.GetEnvironmentVariable(ExecCredential.Variable));
            var session = new ClientSession(ClientConfig.Read(parsed.GetValue(file)), SavedLogins.Default, TimeProvider.System);
            SavedToken token = await TokenAsync(session, parsed.GetValue(broker), asked.IsInteractive, parsed.GetValue(device), parsed.InvocationConfiguration.Error, BrowserLogin.OpenWithDesktop, cancel).ConfigureAwait(false);
            // Standard output is read by a program: nothing else may stand there.
            parsed.InvocationConfiguration.Output.WriteLine(asked.Answer(token));
            return ExitCode.Done;
        }));
        return command;
    }

    /// <summary>A token; when nobody is logged in and somebody is there, of a login that is made now.</summary>
    /// <exception cref="ClientException">Nobody is logged in.</exception>
    internal static async Task<SavedToken> TokenAsync(ClientSession session, Uri? broker, bool interactive, bool device, TextWriter error, Func<string, bool> open, CancellationToken cancel)
    {
        try
        {
            return (await session.TokenAsync(broker, ClientSession.DataScope, cancel).ConfigureAwait(false)).Token;
        }
        catch (NotLoggedInException) when (interactive)
        {
            await session.LoginAsync(broker, device, error, open, cancel).ConfigureAwait(false);
            return (await session.TokenAsync(broker, ClientSession.DataScope, cancel).ConfigureAwait(false)).Token;
        }
    }
}
