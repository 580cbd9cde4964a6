using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Listeners;

/// <summary>A connection of a PostgreSQL listener.</summary>
internal sealed class PgConnection(
    Socket socket, UnauthenticatedSlots.Slot slot, PgListener listener, PgDoors doors, Connections connections, Log log, CancellationToken stop)
    : ClientConnection(socket, slot, listener.Name, doors.Login, doors.Sessions, connections, log, stop)
{
    private readonly PgListener _listener = listener with { Authenticated = slot.Release };

    protected override async Task<(SessionEnd End, SessionFacts? Facts)> RunEngineAsync(IDuplex client, CancellationToken stop)
    {
        PgOutcome outcome = await PgSession.RunAsync(client, _listener, doors with { Login = this, Sessions = this }, stop).ConfigureAwait(false);
        return (outcome.End, outcome.Facts);
    }
}
