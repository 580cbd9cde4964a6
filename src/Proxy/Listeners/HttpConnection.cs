using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Listeners;

/// <summary>A connection of an HTTP listener.</summary>
internal sealed class HttpConnection(
    Socket socket, UnauthenticatedSlots.Slot slot, HttpListener listener, HttpDoors doors, Connections connections, Log log, CancellationToken stop)
    : ClientConnection(socket, slot, listener.Name, doors.Login, doors.Sessions, connections, log, stop)
{
    private readonly HttpListener _listener = listener with { Authenticated = slot.Release };

    protected override async Task<(SessionEnd End, SessionFacts? Facts)> RunEngineAsync(IDuplex client, CancellationToken stop)
    {
        HttpOutcome outcome = await HttpSession.RunAsync(client, _listener with { Forbidden = NoteForbidden }, doors with { Login = this, Sessions = this }, stop).ConfigureAwait(false);
        return (outcome.End, outcome.Facts);
    }
}
