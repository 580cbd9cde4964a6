using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Peers;

/// <summary>Checks made through a peer before it is timed.</summary>
internal static class Check
{
    /// <summary>The accounts are all there and their sum is right, through this peer.</summary>
    public static Task AccountsAsync(IPeer peer) =>
        EqualsAsync(peer, "SELECT count(*), sum(aid) FROM pgbench_accounts", "1000000|500000500000");

    /// <summary>A query returns exactly this, as psql prints unaligned tuples.</summary>
    public static async Task EqualsAsync(IPeer peer, string sql, string expected)
    {
        string actual = await QueryAsync(peer.Endpoint, sql);
        if (actual != expected)
            throw new InvalidOperationException($"{peer.Name}: {sql} returned '{actual}', not '{expected}'.");
    }

    /// <summary>A statement is refused with a message that holds this text.</summary>
    public static async Task RefusedAsync(IPeer peer, string sql, string message)
    {
        try
        {
            string answer = await QueryAsync(peer.Endpoint, sql);
            throw new NotSupportedException($"{peer.Name}: {sql} was not refused but returned '{answer}'.");
        }
        catch (InvalidOperationException e) when (e.Message.Contains(message, StringComparison.Ordinal))
        {
            return;
        }
    }

    private static async Task<string> QueryAsync(Endpoint endpoint, string sql) =>
        (await Tool.RunAsync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql], endpoint.Environment)).Trim();
}
