using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// The cancel keys given to clients, of all listeners of this node. A key of ours leads to the target's: a CancelRequest that comes in on any
/// listener reaches the right backend, and nobody learns the target's own key.
/// </summary>
public sealed class PgCancelKeys(IUpstream upstream)
{
    /// <summary>A cancel is worth little once it is late, and must not hold the connection it came on for long.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>A session that ends does not wait longer for it: whoever stops the daemon waits for all of them.</summary>
    private static readonly TimeSpan CutDeadline = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<int, Entry> _entries = new();

    /// <summary>What a client is told, and what it stands for.</summary>
    internal sealed record Entry(int ProcessId, byte[] Key, PgShared Shared, TargetInfo Target, PgTargetConnection Backend, PgLimits Limits)
    {
        internal int InFlight;

        internal SessionContext Session => Shared.Context;
    }

    /// <summary>Makes a key: 4 bytes for protocol 3.0, 32 for 3.2.</summary>
    internal Entry Issue(PgShared shared, TargetInfo target, PgTargetConnection backend, int clientVersion, PgLimits limits)
    {
        byte[] key = RandomNumberGenerator.GetBytes(clientVersion >= StartupCode.Version32 ? 32 : 4);
        while (true)
        {
            var entry = new Entry(RandomNumberGenerator.GetInt32(1, int.MaxValue), key, shared, target, backend, limits);
            if (_entries.TryAdd(entry.ProcessId, entry))
                return entry;
        }
    }

    internal void Withdraw(Entry entry) => _entries.TryRemove(new KeyValuePair<int, Entry>(entry.ProcessId, entry));

    /// <summary>
    /// Serves a CancelRequest (PostgreSQL 55.2.9): body of Int32 code, Int32 process, key. Whatever becomes of it, the client is told nothing.
    /// </summary>
    /// <returns>The session it belongs to, or null when the key is none of ours.</returns>
    internal async Task<SessionContext?> CancelAsync(ReadOnlyMemory<byte> body, System.Net.IPEndPoint source, CancellationToken cancel)
    {
        if (body.Length < 12)
            return null;
        int processId = BinaryPrimitives.ReadInt32BigEndian(body.Span[4..]);
        if (!_entries.TryGetValue(processId, out Entry? entry) || !CryptographicOperations.FixedTimeEquals(entry.Key, body.Span[8..]))
            return null;
        // What waits for approval is not at the target yet.
        if (entry.Shared.Withdrawal.TryAsk())
        {
            entry.Session.Event("cancel-request", $"from {source}, of a statement that waited for approval");
            return entry.Session;
        }

        if (Interlocked.Increment(ref entry.InFlight) > entry.Limits.CancelsInFlight)
        {
            Interlocked.Decrement(ref entry.InFlight);
            return entry.Session;
        }

        try
        {
            entry.Session.Event("cancel-request", $"from {source}");
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            timeout.CancelAfter(Deadline);
            await SendAsync(entry, timeout.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref entry.InFlight);
        }

        return entry.Session;
    }

    /// <summary>
    /// Stops what the target still runs for a session that is made to end. A backend notices that its connection is gone only when it next sends
    /// something: a statement that takes long, or a write, would be carried through and committed.
    /// </summary>
    internal async Task CutAsync(Entry entry)
    {
        using var timeout = new CancellationTokenSource(CutDeadline);
        try
        {
            await SendAsync(entry, timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            entry.Session.Event("cut-failed", $"the target could not be told to stop what it runs: {e.Message}");
        }
    }

    /// <summary>Sends the target's own key to the target, encrypted as its sessions are, and waits until it has been taken.</summary>
    private async Task SendAsync(Entry entry, CancellationToken cancel)
    {
        IDuplex duplex = await new PgTargetLogin(upstream, entry.Limits).DialAsync(entry.Target, cancel).ConfigureAwait(false);
        await using (duplex.ConfigureAwait(false))
        {
            using CancellationTokenRegistration cut = cancel.Register(static d => ((IDuplex)d!).Abort(), duplex);
            using var writer = new PgWriter();
            writer.BeginUntyped().Int32(StartupCode.CancelRequest).Int32(entry.Backend.ProcessId).Bytes(entry.Backend.CancelKey).End();
            await duplex.SendAsync(writer, cancel).ConfigureAwait(false);
            // The postmaster closes the connection once the signal is sent: only then is the cancel under way.
            await PgHandshakeIo.PeekAsync(duplex.Input, cancel).ConfigureAwait(false);
        }
    }
}
