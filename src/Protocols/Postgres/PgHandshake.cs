using System.Net.Security;
using System.Security.Authentication;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>The handshake ended the connection: what the client is told (null: nothing), and what the audit keeps.</summary>
internal sealed class PgHandshakeException(SessionEnd end, PgRefusal? refusal = null, Exception? inner = null) : IOException(end.Reason, inner)
{
    public SessionEnd End => end;

    public PgRefusal? Refusal => refusal;
}

/// <summary>A client that has started and proven who it is; or that wants a cancel (then there is only <see cref="CancelBody"/>).</summary>
internal sealed record PgClient(PgStartupParameters? Startup, PgLoggedIn? Login, byte[]? CancelBody);

/// <summary>
/// The client's side of the start (PostgreSQL 55.2.1, 55.2.10, 55.2.11): TLS by SSLRequest or direct, and StartupMessage; then
/// <see cref="PgLogin"/>. Replaces the duplex by its TLS form.
/// </summary>
internal sealed class PgHandshake(IDuplex client, PgListener listener, PgDoors doors)
{
    private static readonly SslApplicationProtocol Alpn = new("postgresql");

    /// <summary>First byte of a TLS handshake record; as the first byte of a length it would announce 350 MB.</summary>
    private const byte TlsHandshakeRecord = 0x16;

    /// <summary>The stream to go on with.</summary>
    public IDuplex Client { get; private set; } = client;

    /// <param name="deadline">Cuts the connection; login moves it while a person is waited for.</param>
    /// <exception cref="PgHandshakeException">The client was turned away.</exception>
    public async Task<PgClient> RunAsync(CancellationTokenSource deadline)
    {
        CancellationToken cancel = deadline.Token;
        byte[] body = await ReadStartupAsync(cancel).ConfigureAwait(false);
        if (System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(body) == StartupCode.CancelRequest)
            return new PgClient(null, null, body);

        PgStartupParameters startup = PgStartupParameters.TryRead(body) ?? throw Violation(SessionStage.Startup, "startup-malformed", "malformed startup packet");
        if (startup.Version >> 16 != 3)
        {
            throw Turned(SessionStage.Startup, "protocol-version", new PgRefusal(SqlState.FeatureNotSupported,
                $"unsupported frontend protocol {startup.Version >> 16}.{startup.Version & 0xffff}: server supports 3.0 to 3.2"));
        }

        if (Client.Tls is null && !listener.AllowPlaintext)
        {
            throw Turned(SessionStage.Startup, "tls-required", new PgRefusal(SqlState.InvalidAuthorization,
                "this server takes tokens only over TLS", Hint: "Connect with sslmode=require, or better verify-full."));
        }

        await NegotiateAsync(startup, cancel).ConfigureAwait(false);
        return new PgClient(startup, await new PgLogin(Client, listener, doors, deadline).RunAsync(startup).ConfigureAwait(false), null);
    }

    /// <summary>Unknown subjects, bad tokens and forbidden targets all get this, and only this.</summary>
    internal static PgRefusal LoginRefused { get; } = new(SqlState.InvalidPassword, "login refused",
        Hint: "Give a valid token as the password, and a target you may use as the database (target or target/dbname).");

    /// <summary>It went without a word.</summary>
    internal static PgHandshakeException Left() => new(new SessionEnd(SessionSide.Client, SessionStage.Login, "closed-before-login"));

    internal static PgHandshakeException Turned(SessionStage stage, string reason, PgRefusal refusal, string? detail = null) =>
        new(new SessionEnd(SessionSide.Proxy, stage, reason, refusal.SqlState, detail), refusal);

    internal static PgHandshakeException Violation(SessionStage stage, string reason, string message) =>
        new(new SessionEnd(SessionSide.Client, stage, reason, SqlState.ProtocolViolation, message), new PgRefusal(SqlState.ProtocolViolation, message));

    /// <summary>Up to the StartupMessage or CancelRequest: each kind of encryption request is answered once.</summary>
    private async Task<byte[]> ReadStartupAsync(CancellationToken cancel)
    {
        byte? first = await PgHandshakeIo.PeekAsync(Client.Input, cancel).ConfigureAwait(false);
        if (first == TlsHandshakeRecord && listener.Tls() is { } direct)
        {
            await StartTlsAsync(direct, cancel).ConfigureAwait(false);
            // Without ALPN another protocol's client could be made to speak to us (55.2.10).
            if (Client.Tls?.NegotiatedApplicationProtocol != Alpn)
                throw Violation(SessionStage.Tls, "alpn-missing", "direct TLS needs the ALPN protocol \"postgresql\"");
        }

        bool sslAsked = false, gssAsked = false;
        while (true)
        {
            (byte[] Body, long Behind)? read = await PgHandshakeIo.ReadUntypedAsync(Client.Input, listener.Limits.StartupBytes, cancel).ConfigureAwait(false);
            if (read is not var (body, behind))
                throw new PgHandshakeException(new SessionEnd(SessionSide.Client, SessionStage.Startup, "closed-before-startup"));
            switch (System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(body))
            {
                case StartupCode.SslRequest when !sslAsked && Client.Tls is null && body.Length == 4:
                    sslAsked = true;
                    RequireNothingBehind(behind);
                    await AnswerSslAsync(cancel).ConfigureAwait(false);
                    break;
                case StartupCode.GssEncRequest when !gssAsked && Client.Tls is null && body.Length == 4:
                    gssAsked = true;
                    RequireNothingBehind(behind);
                    await Client.SendAsync("N"u8.ToArray(), cancel).ConfigureAwait(false);
                    break;
                case StartupCode.SslRequest or StartupCode.GssEncRequest:
                    throw Violation(SessionStage.Startup, "encryption-request", "encryption was asked for twice");
                case StartupCode.CancelRequest:
                    return body;
                default:
                    // A client speaks next only once it is asked to: what is already behind the StartupMessage would be taken for its login.
                    RequireNothingBehind(behind);
                    return body;
            }
        }
    }

    /// <summary>Bytes sent before an answer was waited for: in the clear before TLS (CVE-2021-23214), or a second startup.</summary>
    private static void RequireNothingBehind(long behind)
    {
        if (behind > 0)
            throw Violation(SessionStage.Startup, "bytes-behind-request", "received unexpected bytes behind a startup request");
    }

    private async Task AnswerSslAsync(CancellationToken cancel)
    {
        if (listener.Tls() is not { } options)
        {
            await Client.SendAsync("N"u8.ToArray(), cancel).ConfigureAwait(false);
            return;
        }

        await Client.SendAsync("S"u8.ToArray(), cancel).ConfigureAwait(false);
        await StartTlsAsync(options, cancel).ConfigureAwait(false);
    }

    private async Task StartTlsAsync(SslServerAuthenticationOptions options, CancellationToken cancel)
    {
        try
        {
            Client = await Client.StartTlsAsServerAsync(options, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new PgHandshakeException(new SessionEnd(SessionSide.Client, SessionStage.Tls, "tls-failed", Detail: e.Message), inner: e);
        }
    }

    /// <summary>NegotiateProtocolVersion (55.2.1): a newer minor version or options we do not know are answered, not refused.</summary>
    private async Task NegotiateAsync(PgStartupParameters startup, CancellationToken cancel)
    {
        if (startup.Version <= StartupCode.Version32 && startup.ProtocolOptions.Count == 0)
            return;
        using var writer = new PgWriter();
        writer.Begin(BackendMessage.NegotiateProtocolVersion).Int32(Math.Min(startup.Version, StartupCode.Version32)).Int32(startup.ProtocolOptions.Count);
        foreach (string option in startup.ProtocolOptions)
            writer.CString(option);
        writer.End();
        await Client.SendAsync(writer, cancel).ConfigureAwait(false);
    }
}
