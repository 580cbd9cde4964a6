using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>A connection to a target that is logged in and idle.</summary>
internal sealed record PgTargetConnection(IDuplex Duplex, int ProtocolVersion, int ProcessId, byte[] CancelKey, List<PgRawMessage> Announced);

/// <summary>The target could not be reached or entered. The message may be shown to a client: it holds no credential.</summary>
internal sealed class PgTargetException(SessionStage stage, string reason, PgRefusal refusal, Exception? inner = null) : IOException(refusal.Message, inner)
{
    public SessionStage Stage => stage;

    public string Reason => reason;

    public PgRefusal Refusal => refusal;
}

/// <summary>Connects to a target as its client: TLS, StartupMessage, authentication (PostgreSQL 55.2.1, 55.2.10), up to the first ReadyForQuery.</summary>
internal sealed class PgTargetLogin(IUpstream upstream, PgLimits limits)
{
    /// <exception cref="PgTargetException">It could not be reached or entered; the connection is closed.</exception>
    public async Task<PgTargetConnection> ConnectAsync(
        TargetInfo target, string database, IReadOnlyList<KeyValuePair<string, string>> parameters, int version, CancellationToken cancel)
    {
        IDuplex duplex = await DialAsync(target, cancel).ConfigureAwait(false);
        // A receive cannot be cancelled, but a connection can be cut.
        using CancellationTokenRegistration cut = cancel.Register(static d => ((IDuplex)d!).Abort(), duplex);
        try
        {
            TargetCredential credential = await upstream.CredentialAsync(target, cancel).ConfigureAwait(false);
            await SendStartupAsync(duplex, credential.User, database, parameters, version, cancel).ConfigureAwait(false);
            int agreed = await AuthenticateAsync(duplex, target, credential, version, cancel).ConfigureAwait(false);
            return await ReadAnnouncementsAsync(duplex, agreed, cancel).ConfigureAwait(false);
        }
        catch (PgTargetException)
        {
            await duplex.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or AuthenticationException or OperationCanceledException)
        {
            await duplex.DisposeAsync().ConfigureAwait(false);
            throw Failed(SessionStage.TargetLogin, "target-login-failed", SqlState.ConnectionFailure, "the target's login failed", e);
        }
    }

    /// <summary>A connected stream, encrypted as the target's settings say. Bytes behind the answer to SSLRequest end it: they were sent in the clear.</summary>
    /// <exception cref="PgTargetException">It could not be reached, or refused TLS, or is not who it should be.</exception>
    public async Task<IDuplex> DialAsync(TargetInfo target, CancellationToken cancel)
    {
        IDuplex duplex;
        try
        {
            duplex = await upstream.ConnectAsync(target, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            throw Failed(SessionStage.Connect, "target-unreachable", SqlState.UnableToConnect, "the target cannot be reached", e);
        }

        if (target.Tls is null)
            return duplex;

        using CancellationTokenRegistration cut = cancel.Register(static d => ((IDuplex)d!).Abort(), duplex);
        try
        {
            return await StartTlsAsync(duplex, target, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or AuthenticationException or OperationCanceledException)
        {
            await duplex.DisposeAsync().ConfigureAwait(false);
            throw e as PgTargetException ?? Failed(SessionStage.Connect, "target-tls-failed", SqlState.UnableToConnect, "the target's TLS could not be verified", e);
        }
    }

    private static async Task<IDuplex> StartTlsAsync(IDuplex duplex, TargetInfo target, CancellationToken cancel)
    {
        using var writer = new PgWriter();
        writer.BeginUntyped().Int32(StartupCode.SslRequest).End();
        await duplex.SendAsync(writer, cancel).ConfigureAwait(false);

        var read = await duplex.Input.ReadAsync(cancel).ConfigureAwait(false);
        long waiting = read.Buffer.Length;
        byte answer = waiting == 0 ? (byte)0 : read.Buffer.FirstSpan[0];
        duplex.Input.AdvanceTo(waiting == 0 ? read.Buffer.End : read.Buffer.GetPosition(1));
        if (answer != (byte)'S' || waiting != 1)
            throw Failed(SessionStage.Connect, "target-tls-refused", SqlState.UnableToConnect, "the target does not offer TLS", null);
        return await duplex.StartTlsAsClientAsync(target.Tls!, cancel).ConfigureAwait(false);
    }

    private static async Task SendStartupAsync(
        IDuplex duplex, string user, string database, IReadOnlyList<KeyValuePair<string, string>> parameters, int version, CancellationToken cancel)
    {
        using var writer = new PgWriter();
        writer.BeginUntyped().Int32(version).CString("user").CString(user).CString("database").CString(database);
        foreach ((string name, string value) in parameters)
            writer.CString(name).CString(value);
        writer.Byte(0).End();
        await duplex.SendAsync(writer, cancel).ConfigureAwait(false);
    }

    /// <summary>Answers authentication requests until AuthenticationOk; returns the protocol version agreed on.</summary>
    private async Task<int> AuthenticateAsync(IDuplex duplex, TargetInfo target, TargetCredential credential, int version, CancellationToken cancel)
    {
        using var writer = new PgWriter();
        PgScram? scram = null;
        // More rounds than the longest exchange has (negotiate, SASL, continue, final, ok): an endless one is an attack.
        for (int round = 0; round < 8; round++)
        {
            PgRawMessage message = await ReadAsync(duplex, cancel).ConfigureAwait(false);
            if (message.Type == BackendMessage.NegotiateProtocolVersion)
            {
                version = StartupCode.Version30;
                continue;
            }

            if (message.Type != BackendMessage.Authentication)
                throw new PgProtocolException("unexpected message during authentication");

            int request = ReadRequest(message.Body, out byte[] data);
            if (request == 0)
            {
                return scram is null or { IsVerified: true } ? version : throw new PgProtocolException("SCRAM: accepted without a signature");
            }

            writer.Begin(FrontendMessage.PasswordMessage);
            switch (request)
            {
                case 3 when scram is null && target.WeakLogins.Contains("cleartext"):
                    writer.CString(credential.Password).End();
                    break;
                case 5 when scram is null && data.Length == 4 && target.WeakLogins.Contains("md5"):
                    writer.CString(Md5(credential, data)).End();
                    break;
                case 10 when scram is null && Offers(data, PgScram.Mechanism):
                    scram = new PgScram(credential.Password, limits.ScramIterations);
                    byte[] first = scram.ClientFirst();
                    writer.CString(PgScram.Mechanism).Int32(first.Length).Bytes(first).End();
                    break;
                case 11 when scram is not null:
                    writer.Bytes(scram.ClientFinal(data)).End();
                    break;
                case 12 when scram is not null:
                    scram.Verify(data);
                    writer.Clear();
                    continue;
                default:
                    throw Failed(SessionStage.TargetLogin, "target-login-method", SqlState.ConnectionFailure,
                        "the target asks for a login method that its settings do not allow", null);
            }

            await duplex.SendAsync(writer, cancel).ConfigureAwait(false);
        }

        throw new PgProtocolException("authentication does not end");
    }

    private async Task<PgTargetConnection> ReadAnnouncementsAsync(IDuplex duplex, int version, CancellationToken cancel)
    {
        var announced = new List<PgRawMessage>();
        PgRawMessage? key = null;
        // PostgreSQL 18 announces 15 parameters; a target that never becomes ready is cut here.
        for (int count = 0; count < 256; count++)
        {
            PgRawMessage message = await ReadAsync(duplex, cancel).ConfigureAwait(false);
            switch (message.Type)
            {
                case BackendMessage.ParameterStatus when PgParameterStatus.TryRead(message.Body, out _):
                case BackendMessage.NoticeResponse:
                    announced.Add(message);
                    break;
                case BackendMessage.BackendKeyData when key is null && message.Body.Length is >= 8 and <= 260:
                    key = message;
                    break;
                case BackendMessage.ReadyForQuery when message.Body is [(byte)'I']:
                    byte[] body = key?.Body ?? new byte[8];
                    return new PgTargetConnection(duplex, version, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(body), body[4..], announced);
                default:
                    throw new PgProtocolException("unexpected message before ReadyForQuery");
            }
        }

        throw new PgProtocolException("the target does not become ready");
    }

    /// <summary>The next message; an ErrorResponse is thrown as what it says, but for who failed to log in, which is nobody's business.</summary>
    private async Task<PgRawMessage> ReadAsync(IDuplex duplex, CancellationToken cancel)
    {
        PgRawMessage message = await PgHandshakeIo.ReadAsync(duplex.Input, limits.AuthBytes, cancel).ConfigureAwait(false)
            ?? throw new PgProtocolException("the target closed the connection");
        if (message.Type != BackendMessage.ErrorResponse)
            return message;

        string state = Encoding.ASCII.GetString(PgErrorFields.Find(message.Body, (byte)'C'));
        string text = Encoding.UTF8.GetString(PgErrorFields.Find(message.Body, (byte)'M'));
        bool credential = state.Length != 5 || state.StartsWith("28", StringComparison.Ordinal);
        throw credential
            ? Failed(SessionStage.TargetLogin, "target-login-refused", SqlState.ConnectionFailure, "the target refused the credential it is configured with", null)
            : Failed(SessionStage.TargetLogin, "target-refused", state, $"the target says: {text}", null);
    }

    private static int ReadRequest(byte[] body, out byte[] data)
    {
        var reader = new SpanReader(body);
        int request = reader.ReadInt32();
        data = reader.Rest.ToArray();
        return reader.Failed ? -1 : request;
    }

    private static bool Offers(ReadOnlySpan<byte> mechanisms, string wanted)
    {
        var reader = new SpanReader(mechanisms);
        Span<byte> name = stackalloc byte[wanted.Length];
        Encoding.ASCII.GetBytes(wanted, name);
        while (!reader.Failed && !reader.Rest.IsEmpty)
        {
            if (reader.ReadCString().SequenceEqual(name))
                return true;
        }

        return false;
    }

#pragma warning disable CA5351 // MD5 is the target's choice, and the operator must accept it by name (weak-logins).
    private static string Md5(TargetCredential credential, byte[] salt)
    {
        byte[] inner = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(credential.Password + credential.User))));
        return "md5" + Convert.ToHexStringLower(MD5.HashData([.. inner, .. salt]));
    }
#pragma warning restore CA5351

    private static PgTargetException Failed(SessionStage stage, string reason, string sqlState, string message, Exception? inner) =>
        new(stage, reason, new PgRefusal(sqlState, message, Hint: "Ask whoever runs this server: its log says why."), inner);
}
