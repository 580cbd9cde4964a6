using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sallyport.EndToEnd.Tests.Federation;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>The machine of a person: a home folder with a client.yaml, a browser, and `sallyport` run in it.</summary>
internal sealed partial class PersonsMachine : IAsyncDisposable
{
    private readonly TempFolder _home = new();
    private readonly SallyportDaemon _daemon;

    private PersonsMachine(SallyportDaemon daemon, Browser browser)
    {
        _daemon = daemon;
        Browser = browser;
        _home.Write(".config/sallyport/client.yaml", $$"""
            broker: {{daemon.BrokerUrl}}
            admin: {{daemon.AdminUrl}}
            proxy: { host: {{SallyportDaemon.Host}}, port: {{daemon.Port}} }
            ca: {{daemon.CaFile}}
            """);
    }

    /// <summary>Script is off in it.</summary>
    public Browser Browser { get; }

    public IPage Page => Browser.Page;

    public static async Task<PersonsMachine> NewAsync(SallyportDaemon daemon) => new(daemon, await Browser.StartAsync());

    /// <summary>Runs `sallyport` to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        await using ChildProcess process = Start(arguments);
        process.Input.Close();
        int code = await process.WaitForExitAsync();
        return (code, process.Output, process.Error);
    }

    /// <summary>… and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task<string> SaysAsync(params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(arguments);
        return code == 0 ? output.Trim() : throw new InvalidOperationException($"sallyport {arguments[0]}: exit code {code}\n{output}{error}");
    }

    /// <summary>Opens an invitation and chooses a password.</summary>
    public async Task AcceptAsync(string invitation, string password)
    {
        await Page.GotoAsync(invitation);
        await Page.FillAsync("#password", password);
        await Page.FillAsync("#again", password);
        await Page.ClickAsync("button[type=submit]");
        await Steps.TextAsync(Page, "The password is set");
    }

    /// <summary>Fills in the sign-in page.</summary>
    public async Task SignInAsync(string user, string password)
    {
        await Page.FillAsync("#name", user);
        await Page.FillAsync("#password", password);
        await Page.ClickAsync("button[type=submit]");
    }

    /// <summary>`sallyport login`: in the browser <paramref name="signIn"/> is done, then the program agreed to.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> LoginAsync(Func<Task> signIn)
    {
        await using ChildProcess login = Start("login");
        await login.WaitForOutputAsync("https://");
        await Page.GotoAsync(Address().Match(login.Error).Value);
        await signIn();
        await Steps.TextAsync(Page, "Let this program act for you?");
        await Page.ClickAsync("button[value=yes]");
        int code = await login.WaitForExitAsync();
        return code == 0 ? login.Output : throw new InvalidOperationException($"sallyport login: exit code {code}\n{login.Output}{login.Error}");
    }

    /// <summary>Every file of the home folder.</summary>
    public IEnumerable<string> Files => Directory.EnumerateFiles(_home.FullName, "*", SearchOption.AllDirectories);

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        _home.Dispose();
    }

    private ChildProcess Start(params string[] arguments) =>
        ChildProcess.Start([Repository.Tool("sallyport"), .. arguments], new Dictionary<string, string> { ["HOME"] = _home.FullName, ["PGCONNECT_TIMEOUT"] = "20" });

    [GeneratedRegex(@"https://\S+")]
    private static partial Regex Address();
}
