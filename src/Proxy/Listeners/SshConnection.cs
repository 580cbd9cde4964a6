using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Listeners;

/// <summary>A connection of an SSH listener.</summary>
internal sealed class SshConnection(
    Socket socket, UnauthenticatedSlots.Slot slot, SshListener listener, SshDoors doors, Connections connections, Log log, CancellationToken stop)
    : ClientConnection(socket, slot, listener.Name, doors.Login, doors.Sessions, connections, log, stop)
{
    private readonly SshListener _listener = listener with { Authenticated = slot.Release };

    protected override async Task<(SessionEnd End, SessionFacts? Facts)> RunEngineAsync(IDuplex client, CancellationToken stop)
    {
        SshOutcome outcome = await SshSession.RunAsync(client, _listener, doors with { Login = this, Sessions = this }, stop).ConfigureAwait(false);
        return (outcome.End, outcome.Facts);
    }
}
