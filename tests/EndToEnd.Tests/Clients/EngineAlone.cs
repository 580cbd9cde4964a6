using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Postgres;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Wire;

namespace Sallyport.EndToEnd.Tests.Clients;

/// <summary>
/// The PostgreSQL engine alone, on a loopback port, in front of a real server: what real clients make of its side of the protocol, with tests in the
/// place of issuer and approvers.
/// </summary>
internal sealed class EngineAlone : ILogin, IUpstream, IApprovals, IRecorder, ILiveSessions, IAsyncDisposable
{
    public const string Token = "token-of-ada";
    public const string Discovery = "https://login.example.com/.well-known/openid-configuration";
    public const string IssuedUser = "st_ada";
    public const string IssuedPassword = "an issued password";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task<PgOutcome>> _sessions = [];
    private readonly PostgresServer _postgres;
    private readonly X509Certificate2 _certificate = MakeCertificate();
    private readonly Task _accepting;

    public EngineAlone(PostgresServer postgres, string policy)
    {
        _postgres = postgres;
        var store = new PolicyStore(TimeProvider.System, new byte[32]);
        if (!store.TryLoad([new PolicySource("test.yaml", Encoding.UTF8.GetBytes(policy))], out IReadOnlyList<Diagnostic> diagnostics))
            throw new InvalidOperationException(string.Join("\n", diagnostics));
        _listener.Start();
        _accepting = AcceptAsync(store);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>PEM of the certificate it serves with.</summary>
    public string CertificatePem => _certificate.ExportCertificatePem();

    /// <summary>Completes the login of whoever waits for a person.</summary>
    public TaskCompletionSource<LoginResult> Person { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What waits for approval, as it comes; a test answers it.</summary>
    public TaskCompletionSource<(HeldAction Action, TaskCompletionSource<HoldOutcome> Answer)> Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How sessions that have ended did.</summary>
    public IEnumerable<string> Ends => _sessions.Where(s => s.IsCompletedSuccessfully).Select(s => s.Result.End.Reason);

    public static Identity Ada { get; } = new() { Subject = "ada", Issuer = "test", ExpiresAt = DateTimeOffset.MaxValue };

    public string? DiscoveryUrl => Discovery;

    public PsqlTarget Psql(string user, string password, string sslMode = "disable") => new("localhost", Port, "shop", user, password) { SslMode = sslMode };

    public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) =>
        new(proof.Token == Token ? new LoginResult(Ada, null) : new LoginResult(null, "token-unknown"));

    public ValueTask<ScramLogin?> FindIssuedAsync(string user, IPEndPoint source, CancellationToken cancel) => new(user == IssuedUser ? new Issued() : null);

    public async ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel)
    {
        await show(new LoginPrompt("https://login.example.com/device", "WXYZ-1234", DateTimeOffset.UtcNow.AddMinutes(10)), cancel);
        return await Person.Task.WaitAsync(cancel);
    }

    public async ValueTask<HoldOutcome> RequestAsync(
        SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn)
    {
        await tell(new HoldNotice("apr-7", verdict.RuleId, null, DateTimeOffset.UtcNow.AddMinutes(10), verdict.Hint), withdrawn);
        var answer = new TaskCompletionSource<HoldOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Asked.TrySetResult((action, answer));
        return await answer.Task.WaitAsync(withdrawn);
    }

    public TargetInfo? Find(string target, string protocol) =>
        new() { Name = target, Protocol = protocol, DefaultResource = PostgresServer.Database, TlsMode = TargetTlsMode.Disable };

    public async ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _postgres.Port, cancel);
        return new SocketDuplex(socket);
    }

    public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel) => new(new TargetCredential(PostgresServer.AppUser, PostgresServer.AppPassword));

    public ISessionRecorder Open(SessionFacts facts) => new NoRecording();

    public bool TryEnter(SessionContext session, ISessionControl control, out string? refusal)
    {
        refusal = null;
        return true;
    }

    public void Leave(SessionContext session)
    {
        // Nobody asks who is in.
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions);
        _certificate.Dispose();
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync(PolicyStore policy)
    {
        var doors = new PgDoors
        {
            Login = this,
            Upstream = this,
            Policy = policy,
            Recorder = this,
            Approvals = this,
            Sessions = this,
            CancelKeys = new PgCancelKeys(this),
            Catalogs = new PgCatalogs(this, new PgLimits()),
        };
        var listener = new PgListener
        {
            Node = "test",
            Name = "pg",
            AllowPlaintext = true,
            Tls = () => new SslServerAuthenticationOptions { ServerCertificate = _certificate, ApplicationProtocols = [new SslApplicationProtocol("postgresql")] },
        };
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _sessions.Add(PgSession.RunAsync(new SocketDuplex(await _listener.AcceptSocketAsync(_stop.Token)), listener, doors, _stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA384);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class Issued : ScramLogin
    {
        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Issued()
        {
            byte[] salt = new byte[16];
            byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(IssuedPassword), salt, 4096, HashAlgorithmName.SHA256, 32);
            (Salt, Iterations) = (salt, 4096);
            StoredKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
            ServerKey = HMACSHA256.HashData(salted, "Server Key"u8);
        }

        public override ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel) =>
            new(proven ? new LoginResult(Ada, null) : new LoginResult(null, "password-wrong"));
    }

    private sealed class NoRecording : ISessionRecorder
    {
        public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => true;

        public bool Decision(in ActionView action, in Verdict verdict) => true;

        public bool Event(string name, string detail) => true;

        public ValueTask ReadyAsync(CancellationToken cancel) => default;

        public ValueTask CompleteAsync(SessionEnd end) => default;
    }
}
