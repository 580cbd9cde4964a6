using System.Net;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh;

/// <summary>The way of a person who has logged in to a target: route, policy, recording, connection, loops, end.</summary>
internal sealed class SshWay(SshListener listener, SshDoors doors, SshTransport client, SshTurn turn, SshLoggedIn login, IPEndPoint source)
{
    private const string NotFound = "sallyport: there is no such target, or it is not for you. Ask whoever keeps the policy, or look at the names that `sallyport ssh-config` writes.";
    private const string NotRecorded = "sallyport: the session cannot be recorded, so it is refused. Tell whoever runs this server: its log says why.";
    private const string NotReached = "sallyport: the target cannot be reached, or does not take what this server has for it. Tell whoever runs this server: its log says why.";

    public SshListener Listener => listener;

    public SshDoors Doors => doors;

    public SshTransport Client => client;

    public SshLoggedIn Login => login;

    public IPEndPoint Source => source;

    /// <summary>The targets that policy lets the person into, as the menu shows them.</summary>
    public IReadOnlyList<string> Targets() =>
        [.. doors.Upstream.Names("ssh").Where(name => doors.Upstream.Find(name, "ssh") is { } target && IsLetIn(Facts(name, target.DefaultResource))).Order(StringComparer.Ordinal)];

    /// <summary>Goes there, and stays until the session ends.</summary>
    /// <param name="known">Is told the facts once there are some.</param>
    /// <param name="refuse">Tells the client why not.</param>
    /// <param name="welcome">Tells the client that it is in; called once the target is ready.</param>
    /// <param name="adopt">Runs before the loops, for a channel that is open already.</param>
    /// <param name="handshake">Ends the way to the target.</param>
    /// <param name="stop">Ends the session.</param>
    public async Task<SessionEnd> EnterAsync(
        SshAddress address, Action<SessionFacts> known, Func<string, ValueTask> refuse, Func<ValueTask> welcome, Func<SshShared, SshClientLoop, CancellationToken, ValueTask>? adopt,
        CancellationToken handshake, CancellationToken stop)
    {
        TargetInfo? target = doors.Upstream.Find(address.Target, "ssh");
        string account = address.Account.Length > 0 ? address.Account : target?.DefaultResource ?? "";
        SessionFacts facts = Facts(address.Target, account);
        known(facts);
        string? closed = target is null || account.Length == 0 ? "target-unknown"
            : (target.Resources.Count > 0 && !target.Resources.Contains(account)) || !IsFor(account) ? "account-forbidden"
            : !IsLetIn(facts) ? "target-forbidden" : null;
        if (closed is not null)
        {
            await refuse(NotFound).ConfigureAwait(false);
            return new SessionEnd(SessionSide.Client, SessionStage.Route, closed, "2", SshNames.Shown($"{address.Account}+{address.Target}"));
        }

        ISessionRecorder recorder;
        try
        {
            recorder = doors.Recorder.Open(facts);
        }
        catch (IOException e)
        {
            await refuse(NotRecorded).ConfigureAwait(false);
            return new SessionEnd(SessionSide.Proxy, SessionStage.Route, "recording-failed", "2", e.Message);
        }

        var context = new SessionContext(facts, doors.Policy, recorder, doors.Time, doors.Approvals);
        SessionEnd end;
        try
        {
            end = await RecordedAsync(target!, context, refuse, welcome, adopt, handshake, stop).ConfigureAwait(false);
        }
        catch (RecordingException e)
        {
            await refuse(NotRecorded).ConfigureAwait(false);
            end = new SessionEnd(SessionSide.Proxy, SessionStage.TargetLogin, "recording-failed", "2", e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            bool late = handshake.IsCancellationRequested && !stop.IsCancellationRequested;
            end = new SessionEnd(late ? SessionSide.Proxy : SessionSide.Client, SessionStage.TargetLogin, late ? "handshake-timeout" : "connection-lost", Detail: e.GetType().Name);
        }

        return await CompleteAsync(recorder, end).ConfigureAwait(false);
    }

    private SessionFacts Facts(string target, string account) => new()
    {
        SessionId = Guid.CreateVersion7(doors.Time.GetUtcNow()),
        Node = listener.Node,
        Listener = listener.Name,
        Protocol = "ssh",
        Identity = login.Identity,
        Target = target,
        Resource = account,
        Source = source,
        StartedAt = doors.Time.GetUtcNow(),
        ClientUser = login.User,
        ClientApplication = SshNames.Shown(client.PeerVersion),
        ClientTls = true,
    };

    private bool IsFor(string account) => login.Restrictions.Accounts is not { } accounts || accounts.Contains(account, StringComparer.Ordinal);

    private bool IsLetIn(SessionFacts facts) =>
        doors.Policy.Open(facts).Judge(new ActionView { Kind = ActionKind.Login, Verb = Verb.Login }).Kind == VerdictKind.Allow;

    private async Task<SessionEnd> RecordedAsync(
        TargetInfo target, SessionContext context, Func<string, ValueTask> refuse, Func<ValueTask> welcome, Func<SshShared, SshClientLoop, CancellationToken, ValueTask>? adopt,
        CancellationToken handshake, CancellationToken stop)
    {
        IDuplex? duplex = null;
        SshTransport? server = null;
        try
        {
            try
            {
                duplex = await doors.Upstream.ConnectAsync(target, handshake).ConfigureAwait(false);
                server = SshTransport.Client(duplex, target.HostKeys ?? throw new IOException("no host keys are known of the target"), listener.Transport.ForTargets(), turn, doors.Time);
                await server.HandshakeAsync(handshake).ConfigureAwait(false);
                TargetCredential credential = await doors.Upstream.CredentialAsync(target, context.Facts, handshake).ConfigureAwait(false);
                await new SshTargetAuth(server, credential).RunAsync(handshake).ConfigureAwait(false);
            }
            catch (SshEndException e)
            {
                await refuse(NotReached).ConfigureAwait(false);
                return e.End;
            }
            catch (Exception e) when (e is IOException or SocketException && !handshake.IsCancellationRequested)
            {
                await refuse(NotReached).ConfigureAwait(false);
                return new SessionEnd(SessionSide.Target, server is null ? SessionStage.Connect : SessionStage.TargetLogin, "target-unreachable", "2", e.Message);
            }

            var shared = new SshShared(context, client, server, listener, login.Restrictions, doors.Time);
            if (!doors.Sessions.TryEnter(context, shared, out string? full))
            {
                await refuse($"sallyport: {full ?? "no more sessions are allowed"}").ConfigureAwait(false);
                return new SessionEnd(SessionSide.Proxy, SessionStage.Route, "limit-reached", "2", full);
            }

            try
            {
                context.Event("ssh", $"client {client.Negotiated}; target {server.Negotiated}");
                await context.ReadyAsync(handshake).ConfigureAwait(false);
                await welcome().ConfigureAwait(false);
                return await new SshLoops(shared).RunAsync(adopt, stop).ConfigureAwait(false);
            }
            finally
            {
                doors.Sessions.Leave(context);
            }
        }
        finally
        {
            if (server is not null)
                await server.DisposeAsync().ConfigureAwait(false);
            if (duplex is not null)
                await duplex.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Writes the trailer. A session whose trailer could not be written has not ended well, whatever it had to say.</summary>
    private static async Task<SessionEnd> CompleteAsync(ISessionRecorder recorder, SessionEnd end)
    {
        try
        {
            await recorder.CompleteAsync(end).ConfigureAwait(false);
            return end;
        }
        catch (IOException e)
        {
            return end.Reason == "recording-failed" ? end : new SessionEnd(SessionSide.Proxy, end.Stage, "recording-failed", end.WireCode, $"{e.Message} (it had ended: {end.Reason})");
        }
    }
}
