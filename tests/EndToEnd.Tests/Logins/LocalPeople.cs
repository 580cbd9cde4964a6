using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>A daemon with a user of its own: ada, administrator and reader, who has chosen a password.</summary>
public sealed class LocalPeople(PostgresServer postgres) : IAsyncLifetime
{
    public const string User = "ada";
    public const string Password = "canary horse battery staple";

    private const string Policy = """
        policy: people
        match: {groups: administrators, kinds: [human]}
        rules:
          - {id: use, effect: allow, verbs: [login, read, session, transaction, call]}
        ---
        policy: agents
        match: {groups: readers, kinds: [agent]}
        rules:
          - {id: enter, effect: allow, verbs: [login, session]}
          - {id: look, effect: allow, verbs: [read], objects: "*.customers"}
        ---
        policy: fresh
        match: {groups: administrators, kinds: [human], authenticated-within: 15s}
        rules:
          - {id: delete, effect: allow, verbs: [delete]}
        """;

    private readonly List<string> _secrets = [Password, PostgresServer.AppPassword];
    private SallyportDaemon? _daemon;

    public SallyportDaemon Daemon => _daemon!;

    public PostgresServer Postgres => postgres;

    public async Task InitializeAsync()
    {
        _daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policy) with { Control = true });
        (int code, string output, string error) = await SallyportDaemon.CommandAsync("init", "--config", Daemon.ConfigFile, "--user", User);
        Assert.True(code == 0, error);
        string invitation = output.Split('\n').Single(line => line.StartsWith("invitation: ", StringComparison.Ordinal))["invitation: ".Length..].Trim();
        Secret(invitation.Split('=')[^1]);
        await using PersonsMachine machine = await PersonsMachine.NewAsync(Daemon);
        await machine.AcceptAsync(invitation, Password);

        // The invitation was good once.
        await machine.Page.GotoAsync(invitation);
        Assert.Contains("is not good, has been used", await Steps.TextAsync(machine.Page, "This did not work"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await SallyportDaemon.CommandAsync("init", "--config", Daemon.ConfigFile, "--user", "eve")).ExitCode);
    }

    /// <summary>Ends the class with a look for every secret there was.</summary>
    public async Task DisposeAsync()
    {
        if (_daemon is null)
            return;
        await using SallyportDaemon daemon = _daemon;
        await Leaks.AssertNoneAsync(daemon, [.. _secrets]);
    }

    /// <summary>Notes a secret that must turn up nowhere.</summary>
    public string Secret(string secret)
    {
        lock (_secrets)
            _secrets.Add(secret);
        return secret;
    }

    /// <summary>A machine where ada has logged in.</summary>
    internal async Task<PersonsMachine> LoggedInAsync()
    {
        PersonsMachine machine = await PersonsMachine.NewAsync(Daemon);
        try
        {
            await LoginAsync(machine);
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>`sallyport login` by ada, with her password.</summary>
    internal static async Task LoginAsync(PersonsMachine machine) =>
        Assert.Contains("Logged in as " + User, await machine.LoginAsync(() => machine.SignInAsync(User, Password)), StringComparison.Ordinal);
}
