using System.Collections.Concurrent;
using System.Text.Json;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>A daemon that a test has written the configuration of.</summary>
public interface IConfiguredDaemon
{
    string ConfigFile { get; }
}

/// <summary>What makes a daemon one with a store, a broker and an admin API: its sections, and people who use them by command.</summary>
public sealed class ControlPlane : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<(string Subject, string Groups), Task<string>> _tokens = new();

    public ControlPlane()
    {
        (string certificate, string key) = Pem.NewServer();
        _folder.Write("listener.crt", certificate);
        _folder.Write("listener.key", key);
        _folder.Write("store.key", SallyportDaemon.NewStoreKey());
    }

    public int AdminPort { get; } = FreePort.Next();

    public int BrokerPort { get; } = FreePort.Next();

    public string AdminUrl => $"https://localhost:{AdminPort}";

    public string BrokerUrl => $"https://localhost:{BrokerPort}";

    public string CaFile => _folder.At("listener.crt");

    public string AuditFile => _folder.At("audit.jsonl");

    /// <summary>More top-level sections for a daemon's configuration.</summary>
    public string Sections => $"""
        store:
          sqlite:
            file: {_folder.At("sallyport.db")}
          key:
            file: {_folder.At("store.key")}
        audit:
          file: {AuditFile}
        broker:
          address: 127.0.0.1:{BrokerPort}
          url: {BrokerUrl}
          tls:
            certificate: {CaFile}
            key: {_folder.At("listener.key")}
        admin:
          address: 127.0.0.1:{AdminPort}
          url: {AdminUrl}
          tls:
            certificate: {CaFile}
            key: {_folder.At("listener.key")}
          roles:
            viewer: [viewers, administrators]
            approver: [approvers]
            auditor: [auditors]
            administrator: administrators
        """;

    /// <summary>Runs a verb of the admin API as a person of the local issuer, to its end.</summary>
    public async Task<SshRun> RunAsync(IConfiguredDaemon daemon, string subject, string groups, params string[] arguments)
    {
        string token = await _tokens.GetOrAdd((subject, groups), _ => TokenFileAsync(daemon, subject, groups));
        return await SshRun.OfAsync([Repository.Tool("sallyport"), .. arguments, "--url", AdminUrl, "--token-file", token, "--ca", CaFile]);
    }

    /// <summary>Starts one that goes on until it is ended.</summary>
    public async Task<ChildProcess> StartAsync(IConfiguredDaemon daemon, string subject, string groups, params string[] arguments)
    {
        string token = await _tokens.GetOrAdd((subject, groups), _ => TokenFileAsync(daemon, subject, groups));
        return ChildProcess.Start([Repository.Tool("sallyport"), .. arguments, "--url", AdminUrl, "--token-file", token, "--ca", CaFile]);
    }

    /// <summary>… which must succeed; returns what it printed.</summary>
    public async Task<string> SaysAsync(IConfiguredDaemon daemon, string subject, string groups, params string[] arguments)
    {
        SshRun run = await RunAsync(daemon, subject, groups, arguments);
        return run.ExitCode == 0 ? run.Output : throw new InvalidOperationException($"sallyport {string.Join(' ', arguments)}: {run}");
    }

    /// <summary>The id of what waits for approval with that text.</summary>
    public async Task<string> PendingAsync(IConfiguredDaemon daemon, string text)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            string? id = (await ApprovalsAsync(daemon)).FirstOrDefault(item => item.GetRawText().Contains(text, StringComparison.Ordinal) && item.GetRawText().Contains("pending", StringComparison.Ordinal)) is { ValueKind: JsonValueKind.Object } found
                ? found.GetProperty("id").GetString()
                : null;
            if (id is not null)
                return id;
        }

        throw new TimeoutException($"Nothing waits with the text {text}.");
    }

    /// <summary>All approvals, as the list has them.</summary>
    public async Task<IReadOnlyList<JsonElement>> ApprovalsAsync(IConfiguredDaemon daemon)
    {
        using JsonDocument list = JsonDocument.Parse(await SaysAsync(daemon, "bea@example.com", "approvers", "approvals", "list", "--json"));
        JsonElement items = list.RootElement.ValueKind == JsonValueKind.Array ? list.RootElement : list.RootElement.GetProperty("items");
        return [.. items.EnumerateArray().Select(item => item.Clone())];
    }

    /// <summary>The status of an approval.</summary>
    public async Task<string> StatusAsync(IConfiguredDaemon daemon, string id)
    {
        using JsonDocument shown = JsonDocument.Parse(await SaysAsync(daemon, "bea@example.com", "approvers", "approvals", "show", id, "--json"));
        return shown.RootElement.GetProperty("status").GetString()!;
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> TokenFileAsync(IConfiguredDaemon daemon, string subject, string groups)
    {
        SshRun run = await SshRun.OfAsync(
            [Repository.Tool("sallyport"), "token", "create", "--config", daemon.ConfigFile, "--subject", subject, "--groups", groups, "--kind", "human", "--ttl", "1h", "--admin"]);
        return run.ExitCode == 0 ? _folder.Write($"tokens/{Guid.NewGuid():N}", run.Output.Trim()) : throw new InvalidOperationException(run.ToString());
    }
}
