using System.Net.Sockets;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Cluster;

/// <summary>
/// HAProxy before several daemons, in TCP mode: TLS goes through to them. A daemon is used while its admin API says it is ready; connections to one that is
/// not any more are cut.
/// </summary>
internal sealed class HAProxy : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ChildProcess _process;

    private HAProxy(IReadOnlyList<SallyportDaemon> daemons, int brokerPort)
    {
        string config = _folder.Write("haproxy.cfg", $"""
            global
                maxconn 500
                stats socket {_folder.At("stats")} mode 600
            defaults
                mode tcp
                balance roundrobin
                option redispatch
                retries 3
                timeout connect 2s
                timeout check 2s
                timeout client 1h
                timeout server 1h
                option httpchk
                http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
                http-check expect status 200
                default-server check check-ssl check-sni localhost verify required ca-file {daemons[0].CaFile} inter 300ms fall 2 rise 1 on-marked-down shutdown-sessions
            listen postgres
                bind 127.0.0.1:{PostgresPort}
            {Servers(daemons, daemon => daemon.Port)}
            listen admin
                bind 127.0.0.1:{AdminPort}
            {Servers(daemons, daemon => daemon.AdminPort)}
            listen broker
                bind 127.0.0.1:{brokerPort}
            {Servers(daemons, daemon => daemon.BrokerPort)}

            """);
        _process = ChildProcess.Start(["haproxy", "-db", "-f", config]);
    }

    /// <summary>Where clients connect to.</summary>
    public int PostgresPort { get; } = FreePort.Next();

    public int AdminPort { get; } = FreePort.Next();

    public string AdminUrl => $"https://localhost:{AdminPort}";

    /// <summary>Starts it and waits until every daemon is in use.</summary>
    /// <param name="brokerPort">Where the daemons say that their broker is.</param>
    public static async Task<HAProxy> StartAsync(IReadOnlyList<SallyportDaemon> daemons, int brokerPort)
    {
        var proxy = new HAProxy(daemons, brokerPort);
        try
        {
            await proxy.WaitForAsync(daemons.Count);
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it leads to so many daemons, for PostgreSQL.</summary>
    /// <exception cref="TimeoutException">It did not within 30 s.</exception>
    public async Task WaitForAsync(int count)
    {
        long deadline = Environment.TickCount64 + 30_000;
        while (await UsedAsync() != count)
        {
            if (Environment.TickCount64 > deadline || _process.HasExited)
                throw new TimeoutException($"HAProxy does not lead to {count} daemons:\n{_process.Output}{_process.Error}");
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static string Servers(IReadOnlyList<SallyportDaemon> daemons, Func<SallyportDaemon, int> port) =>
        string.Join('\n', daemons.Select((daemon, i) => $"    server gate-{i + 1} 127.0.0.1:{port(daemon)} port {daemon.AdminPort}"));

    /// <summary>By the statistics socket ("show stat", HAProxy management guide 9.3): servers of the listener that a check has found up.</summary>
    private async Task<int> UsedAsync()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_folder.At("stats")));
        }
        catch (SocketException)
        {
            // It is not there yet.
            return -1;
        }

        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync("show stat\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        string[] lines = (await reader.ReadToEndAsync()).Split('\n');
        string[] names = lines[0].TrimStart('#', ' ').Split(',');
        int status = Array.IndexOf(names, "status"), check = Array.IndexOf(names, "check_status");
        return lines.Select(line => line.Split(',')).Count(cells =>
            cells.Length > check && cells[0] == "postgres" && cells[1].StartsWith("gate-", StringComparison.Ordinal) && cells[status] == "UP" && cells[check] == "L7OK");
    }
}
