using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Lobby;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh;

/// <summary>How a connection ended, and whose it was once that was known.</summary>
public sealed record SshOutcome(SessionEnd End, SessionFacts? Facts);

/// <summary>
/// One connection from an SSH client, start to end:
/// (1) key exchange and login; (2) route and facts; (3) policy's gate; (4) recording; (5) target; (6) two loops; (7) one end.
/// A client that names no target is led to one by <see cref="SshLobby"/> between (1) and (2).
/// Nothing here throws to the caller: every way out is a <see cref="SessionEnd"/>.
/// </summary>
public sealed class SshSession
{
    private readonly IDuplex _client;
    private readonly SshListener _listener;
    private readonly SshDoors _doors;
    private readonly string? _jumpedTo;
    private SessionFacts? _facts;

    private SshSession(IDuplex client, SshListener listener, SshDoors doors, string? jumpedTo)
    {
        _client = client;
        _listener = listener;
        _doors = doors;
        _jumpedTo = jumpedTo;
    }

    /// <summary>Serves one connection until it ends, and closes it. <paramref name="stop"/> cuts it.</summary>
    public static Task<SshOutcome> RunAsync(IDuplex client, SshListener listener, SshDoors doors, CancellationToken stop) =>
        RunAsync(client, listener, doors, jumpedTo: null, stop);

    /// <summary>The same, for a connection inside another that was asked to lead to a target (<c>ssh -J</c>).</summary>
    internal static async Task<SshOutcome> RunAsync(IDuplex client, SshListener listener, SshDoors doors, string? jumpedTo, CancellationToken stop)
    {
        var session = new SshSession(client, listener, doors, jumpedTo);
        try
        {
            SessionEnd end = await session.RunAsync(stop).ConfigureAwait(false);
            return new SshOutcome(end, session._facts);
        }
        finally
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<SessionEnd> RunAsync(CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(_listener.Limits.Handshake);
        CancellationTokenRegistration cut = deadline.Token.Register(static d => ((IDuplex)d!).Abort(), _client);
        using var turn = new SshTurn();
        SshServerKeys keys = _jumpedTo is null ? _listener.HostKeys() : _listener.TargetHostKeys(_jumpedTo);
        SshTransport client = SshTransport.Server(_client, keys, _listener.Transport, turn, _doors.Time);
        await using (client.ConfigureAwait(false))
        {
            var stage = SessionStage.Tls;
            try
            {
                await client.HandshakeAsync(deadline.Token).ConfigureAwait(false);
                stage = SessionStage.Login;
                var auth = new SshServerAuth(new SshServerAuthParts
                {
                    Transport = client,
                    Listener = _listener,
                    Login = _doors.Login,
                    HostKeys = keys,
                    Time = _doors.Time,
                    Extend = by => deadline.CancelAfter(by),
                });
                SshLoggedIn login = await auth.RunAsync(deadline.Token).ConfigureAwait(false);
                stage = SessionStage.Route;
                // From here on the person is known: a slow one is limited by policy, not counted among strangers.
                _listener.Authenticated?.Invoke();
                SshAddress address = SshAddress.Parse(login.User, _jumpedTo);
                var way = new SshWay(_listener, _doors, client, turn, login, _client.Remote);
                if (address.Target.Length == 0)
                {
                    await WelcomeAsync(auth, client, keys, deadline.Token).ConfigureAwait(false);
                    deadline.CancelAfter(Timeout.InfiniteTimeSpan);
                    cut.Unregister();
                    return await new SshLobby(way, address.Account, f => _facts = f).RunAsync(stop).ConfigureAwait(false);
                }

                return await way.EnterAsync(
                    address,
                    f => _facts = f,
                    refuse: text => auth.RefuseAsync(text, stop),
                    welcome: async () =>
                    {
                        await WelcomeAsync(auth, client, keys, deadline.Token).ConfigureAwait(false);
                        deadline.CancelAfter(Timeout.InfiniteTimeSpan);
                        cut.Unregister();
                    },
                    adopt: null,
                    deadline.Token,
                    stop).ConfigureAwait(false);
            }
            catch (SshEndException e) when (!IsLate(deadline, stop))
            {
                // Whoever found it has told the peer.
                return e.End;
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or SshEndException)
            {
                bool late = IsLate(deadline, stop);
                return new SessionEnd(late ? SessionSide.Proxy : SessionSide.Client, stage, late ? "handshake-timeout" : "connection-lost", Detail: e.GetType().Name);
            }
            finally
            {
                await cut.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>The client is in, and learns which host keys there are, so that they can be changed one day (OpenSSH PROTOCOL 2.5).</summary>
    private async ValueTask WelcomeAsync(SshServerAuth auth, SshTransport client, SshServerKeys keys, CancellationToken cancel)
    {
        await auth.SucceedAsync(cancel).ConfigureAwait(false);
        if (_jumpedTo is not null)
            return;
        client.Answer(SshHostKeyProof.Announce(keys));
        await client.FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>The deadline cuts the client's connection, which looks like a client that hung up.</summary>
    private static bool IsLate(CancellationTokenSource deadline, CancellationToken stop) => deadline.IsCancellationRequested && !stop.IsCancellationRequested;
}
