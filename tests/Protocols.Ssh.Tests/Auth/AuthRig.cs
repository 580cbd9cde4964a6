using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

/// <summary>A server's login against a client that the test plays message by message, over real transports in memory.</summary>
internal sealed class AuthRig : IAsyncDisposable
{
    public const string User = "deploy+web1";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _cancel = new();
    private readonly TransportPair _pair;

    private AuthRig(TransportPair pair, SshServerAuth auth)
    {
        _pair = pair;
        Auth = auth;
        Login = auth.RunAsync(_cancel.Token).AsTask();
    }

    public SshServerAuth Auth { get; }

    public Task<SshLoggedIn> Login { get; }

    public SshTransport Client => _pair.Client;

    public SshTransport Server => _pair.Server;

    /// <summary>Connected, and the service asked for.</summary>
    public static async Task<AuthRig> StartAsync(FakeLogin login, IReadOnlyList<IReadOnlyList<SshMethod>>? methods = null, bool service = true, TimeProvider? time = null, Func<SshLimits, SshLimits>? limits = null)
    {
        TransportPair pair = await new TransportPair(chunks: null).HandshakeAsync();
        var keys = new SshServerKeys([TransportPair.HostKey]);
        var listener = new SshListener { Node = "n", Name = "ssh", HostKeys = () => keys, TargetHostKeys = _ => keys };
        listener = listener with { Methods = methods ?? listener.Methods, Limits = limits?.Invoke(listener.Limits) ?? listener.Limits };
        var rig = new AuthRig(pair, new SshServerAuth(new SshServerAuthParts { Transport = pair.Server, Listener = listener, Login = login, HostKeys = keys, Time = time ?? TimeProvider.System }));
        if (service)
        {
            await rig.SendAsync(new SshWriter().Byte(5).String("ssh-userauth"));
            Assert.Equal([6, 0, 0, 0, 12, .. "ssh-userauth"u8], await rig.TakeAsync());
        }

        return rig;
    }

    public Task SendAsync(SshWriter message) => Client.WriteAsync(message.ToArray(), default).AsTask();

    /// <summary>The next message for the client; empty: the server has ended.</summary>
    public async Task<byte[]> TakeAsync() => (await Client.ReadAsync(default).AsTask().WaitAsync(Patience)).ToArray();

    /// <summary>The next message that is not a banner.</summary>
    public async Task<byte[]> TakeAnswerAsync()
    {
        byte[] message = await TakeAsync();
        while (message is [53, ..])
            message = await TakeAsync();
        return message;
    }

    public async Task ExpectFailureAsync(bool partial = false, params string[] methods)
    {
        byte[] expected = new SshWriter().Byte(51).NameList(methods.Length > 0 ? methods : ["publickey", "password", "keyboard-interactive"]).Boolean(partial).ToArray();
        Assert.Equal(Encoding.Latin1.GetString(expected), Encoding.Latin1.GetString(await TakeAnswerAsync()));
    }

    /// <summary>The server has disconnected with this.</summary>
    public async Task ExpectEndAsync(uint reason, string word)
    {
        Assert.Empty(await TakeAnswerAsync());
        Assert.StartsWith(reason + ":", Client.PeerDisconnect);
        Assert.Equal(word, (await Assert.ThrowsAsync<SshEndException>(() => Login.WaitAsync(Patience))).End.Reason);
    }

    public async Task<SshLoggedIn> ExpectLoginAsync() => await Login.WaitAsync(Patience);

    public static SshWriter Request(string method, string user = User, string service = "ssh-connection") =>
        new SshWriter().Byte(50).String(user).String(service).String(method);

    public static SshWriter Password(string password, string user = User) => Request("password", user).Boolean(false).String(password);

    public static SshWriter Query(string algorithm, ReadOnlySpan<byte> blob, string user = User) =>
        Request("publickey", user).Boolean(false).String(algorithm).String(blob);

    /// <summary>A request for one key, signed by whichever.</summary>
    public SshWriter Signed(string algorithm, ReadOnlySpan<byte> blob, SshPrivateKey by, string user = User, string? signatureAlgorithm = null, byte[]? sessionId = null)
    {
        SshWriter request = Request("publickey", user).Boolean(true).String(algorithm).String(blob);
        byte[] signed = new SshWriter().String(sessionId ?? Client.SessionId.Span).Raw(request.Written).ToArray();
        return request.String(by.Sign(signatureAlgorithm ?? SshKeyTypes.Plain(algorithm), signed));
    }

    public SshWriter Signed(SshPrivateKey key, string user = User) => Signed(key.Algorithms[0], key.PublicBlob.Span, key, user);

    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync();
        await ((Task)Login).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _pair.DisposeAsync();
        _cancel.Dispose();
    }
}
