using System.Text.Json;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Holds;

/// <summary>A daemon that holds some of what is done by SSH until a person of the approvers has said yes.</summary>
public sealed partial class HoldingSsh(SshServerFixture sshd) : IAsyncLifetime
{
    private const string Policy = """
        policy: box
        rules:
          - {id: files, effect: allow, verbs: [terminal, subsystem, files-read, file-write, file-set-stat]}
          - {id: commands, effect: allow, verbs: [exec], commands: ["**"]}
          - {id: no-id, effect: deny, verbs: [exec], commands: [id]}
          - id: sorting
            effect: hold
            verbs: [exec]
            commands: ["sort **", "touch **"]
            hint: A lead must approve this.
            approval: {groups: [approvers], grants: [digest]}
          - {id: quick, effect: hold, verbs: [exec], commands: ["uname **"], approval: {groups: [approvers], timeout: 10s}}
          - {id: tunnel, effect: hold, verbs: [forward-local], approval: {groups: [approvers]}}
          - {id: remove, effect: hold, verbs: [file-remove], approval: {groups: [approvers]}}
        """;

    private SshDaemon? _daemon;

    public SshDaemon Daemon => _daemon!;

    public ControlPlane Control { get; } = new();

    public string Files => sshd.Server.Files;

    public async Task InitializeAsync() => _daemon = await SshDaemon.StartAsync(sshd.Server, Policy, Control.Sections);

    public async Task DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        Control.Dispose();
    }

    /// <summary>The id that a client is shown while it waits.</summary>
    public static async Task<string> WaitingAsync(ChildProcess ssh)
    {
        await ssh.WaitForOutputAsync("waiting for approval ");
        return Waiting().Match(ssh.Error + ssh.Output).Groups[1].Value;
    }

    /// <summary>The id of what waits with that text.</summary>
    public Task<string> PendingAsync(string text) => Control.PendingAsync(Daemon, text);

    /// <summary>Says yes or no.</summary>
    public Task DecideAsync(string word, string id, params string[] more) => Control.SaysAsync(Daemon, "bea@example.com", "approvers", ["approvals", word, id, .. more]);

    /// <summary>Ends the grant that was given last, once something runs under it.</summary>
    public async Task EndGrantAsync()
    {
        using JsonDocument list = JsonDocument.Parse(await Control.SaysAsync(Daemon, "bea@example.com", "approvers", "approvals", "grants", "--json"));
        JsonElement items = list.RootElement.ValueKind == JsonValueKind.Array ? list.RootElement : list.RootElement.GetProperty("items");
        string id = items[0].GetProperty("id").GetString()!;
        for (string sessions = ""; !sessions.Contains(id, StringComparison.Ordinal);)
            sessions = await Control.SaysAsync(Daemon, "vera@example.com", "viewers", "sessions", "list", "--json");
        await DecideAsync("revoke", id, "--reason", "no more");
    }

    [GeneratedRegex("waiting for approval ([0-9a-f-]{36})")]
    private static partial Regex Waiting();
}
