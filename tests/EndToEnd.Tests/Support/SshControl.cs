using System.Collections.Concurrent;
using System.Text.Json;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>What makes an <see cref="SshDaemon"/> one with a store, a broker and an admin API: its sections, and people who use them by command.</summary>
public sealed class SshControl : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<(string Subject, string Groups), Task<string>> _tokens = new();

    public SshControl()
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

    /// <summary>For the <c>more</c> of <see cref="SshDaemon.StartAsync"/>.</summary>
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
    public async Task<SshRun> RunAsync(SshDaemon daemon, string subject, string groups, params string[] arguments)
    {
        string token = await _tokens.GetOrAdd((subject, groups), _ => TokenFileAsync(daemon, subject, groups));
        return await SshRun.OfAsync([Repository.Tool("sallyport"), .. arguments, "--url", AdminUrl, "--token-file", token, "--ca", CaFile]);
    }

    /// <summary>Starts one that goes on until it is ended.</summary>
    public async Task<ChildProcess> StartAsync(SshDaemon daemon, string subject, string groups, params string[] arguments)
    {
        string token = await _tokens.GetOrAdd((subject, groups), _ => TokenFileAsync(daemon, subject, groups));
        return ChildProcess.Start([Repository.Tool("sallyport"), .. arguments, "--url", AdminUrl, "--token-file", token, "--ca", CaFile]);
    }

    /// <summary>… which must succeed; returns what it printed.</summary>
    public async Task<string> SaysAsync(SshDaemon daemon, string subject, string groups, params string[] arguments)
    {
        SshRun run = await RunAsync(daemon, subject, groups, arguments);
        return run.ExitCode == 0 ? run.Output : throw new InvalidOperationException($"sallyport {string.Join(' ', arguments)}: {run}");
    }

    /// <summary>The status of an approval.</summary>
    public async Task<string> StatusAsync(SshDaemon daemon, string id)
    {
        using JsonDocument shown = JsonDocument.Parse(await SaysAsync(daemon, "bea@example.com", "approvers", "approvals", "show", id, "--json"));
        return shown.RootElement.GetProperty("status").GetString()!;
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> TokenFileAsync(SshDaemon daemon, string subject, string groups)
    {
        SshRun run = await SshRun.OfAsync(
            [Repository.Tool("sallyport"), "token", "create", "--config", daemon.ConfigFile, "--subject", subject, "--groups", groups, "--kind", "human", "--ttl", "1h", "--admin"]);
        return run.ExitCode == 0 ? _folder.Write($"tokens/{Guid.NewGuid():N}", run.Output.Trim()) : throw new InvalidOperationException(run.ToString());
    }
}
