using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>A client that has proven who it is.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="User">The user name it gave, without the suffix that chose how to log in: a label.</param>
internal sealed record PgLoggedIn(Identity Identity, string User)
{
    /// <summary>True when AuthenticationOk has been sent.</summary>
    public bool IsGreeted { get; init; }

    /// <summary>Data of the AuthenticationSASLFinal that goes before AuthenticationOk; null: none. It waits for it, so that a right password for a forbidden target looks like a wrong one.</summary>
    public byte[]? SaslFinal { get; init; }
}

/// <summary>
/// How a client proves who it is (PostgreSQL 55.2.1, 55.3): a token as the password, a token by OAUTHBEARER, an issued password by SCRAM, or
/// nothing but a person who logs in elsewhere.
/// </summary>
internal sealed class PgLogin(IDuplex client, PgListener listener, PgDoors doors, CancellationTokenSource deadline)
{
    private static readonly (string Suffix, PgLoginMethod Method)[] Choices =
        [("+token", PgLoginMethod.Token), ("+oauth", PgLoginMethod.OAuth), ("+browser", PgLoginMethod.Browser)];

    public IDuplex Client => client;

    public PgLimits Limits => listener.Limits;

    public PgDoors Doors => doors;

    /// <summary>Fires when the connection is cut.</summary>
    public CancellationToken Cancel => deadline.Token;

    /// <exception cref="PgHandshakeException">It did not prove it, or broke the protocol.</exception>
    public async Task<PgLoggedIn> RunAsync(PgStartupParameters startup)
    {
        // What is behind a door may take its time; a thread that polls all sockets has none.
        await Task.Yield();
        (string user, PgLoginMethod? chosen) = Choose(startup.User);
        if (chosen is null && await doors.Login.FindIssuedAsync(user, client.Remote, Cancel).ConfigureAwait(false) is { } issued)
            return await new PgScramExchange(this, issued).RunAsync(user).ConfigureAwait(false);
        return (chosen ?? listener.Login) switch
        {
            PgLoginMethod.OAuth => await new PgOAuthExchange(this).RunAsync(user).ConfigureAwait(false),
            PgLoginMethod.Browser => await new PgPromptLogin(this).RunAsync(user, startup).ConfigureAwait(false),
            _ => await PasswordAsync(user).ConfigureAwait(false),
        };
    }

    /// <summary>From now on the connection is cut after this long.</summary>
    public void Extend(TimeSpan time) => deadline.CancelAfter(time);

    /// <summary>Sends an authentication request.</summary>
    public async Task AskAsync(int request, ReadOnlyMemory<byte> data = default)
    {
        using var writer = new PgWriter();
        writer.Begin(BackendMessage.Authentication).Int32(request).Bytes(data.Span).End();
        await client.SendAsync(writer, Cancel).ConfigureAwait(false);
    }

    /// <summary>The body of the next message, which must be legal in <paramref name="state"/>.</summary>
    /// <exception cref="PgHandshakeException">It is not, or the client has gone.</exception>
    /// <exception cref="PgProtocolException">It is longer than <paramref name="maxLength"/>.</exception>
    public async Task<byte[]> AnswerAsync(PgClientState state, int maxLength)
    {
        // The type before the rest: a second StartupMessage, read as a message with a type, would announce bytes that never come.
        byte? first = await PgHandshakeIo.PeekAsync(client.Input, Cancel).ConfigureAwait(false);
        if (first is { } peeked && !PgState.TryAdvance(state, peeked, out _))
            throw PgHandshake.Violation(SessionStage.Login, "message-type", "expected a password message");
        PgRawMessage? answer = await PgHandshakeIo.ReadAsync(client.Input, maxLength, Cancel).ConfigureAwait(false);
        if (answer is not var (type, body) || !PgState.TryAdvance(state, type, out PgClientState next) || next == PgClientState.Closed)
            throw PgHandshake.Left();
        await Task.Yield();
        return body;
    }

    /// <summary>SASLInitialResponse (PostgreSQL 55.7: String mechanism, Int32 length or -1, data); one without data is asked for it.</summary>
    public async Task<(string Mechanism, byte[] Data)> InitialAsync(int maxLength)
    {
        byte[] body = await AnswerAsync(PgClientState.SaslInitial, maxLength).ConfigureAwait(false);
        if (!TryReadInitial(body, out string mechanism, out byte[]? data))
            throw PgHandshake.Violation(SessionStage.Login, "message-malformed", "malformed SASLInitialResponse message");
        if (data is null)
        {
            await AskAsync(AuthenticationRequest.SaslContinue).ConfigureAwait(false);
            data = await AnswerAsync(PgClientState.SaslResponse, maxLength).ConfigureAwait(false);
        }

        return (mechanism, data);
    }

    /// <summary>Nobody is let in, and nobody is told why.</summary>
    public static PgHandshakeException Refused(string? reason) => PgHandshake.Turned(SessionStage.Login, reason ?? "login-refused", PgHandshake.LoginRefused);

    /// <summary>Reads a SASLInitialResponse; <paramref name="data"/> is null when it brought none.</summary>
    internal static bool TryReadInitial(ReadOnlySpan<byte> body, out string mechanism, out byte[]? data)
    {
        var reader = new SpanReader(body);
        mechanism = Encoding.Latin1.GetString(reader.ReadCString());
        int length = reader.ReadInt32();
        data = length == -1 ? null : reader.ReadBytes(length).ToArray();
        return reader.AtEnd;
    }

    private static (string User, PgLoginMethod? Chosen) Choose(string user)
    {
        foreach ((string suffix, PgLoginMethod method) in Choices)
        {
            if (user.EndsWith(suffix, StringComparison.Ordinal))
                return (user[..^suffix.Length], method);
        }

        return (user, null);
    }

    private async Task<PgLoggedIn> PasswordAsync(string user)
    {
        await AskAsync(AuthenticationRequest.CleartextPassword).ConfigureAwait(false);
        byte[] body = await AnswerAsync(PgClientState.Password, Limits.AuthBytes).ConfigureAwait(false);
        if (!TryReadPassword(body, out string token))
            throw PgHandshake.Violation(SessionStage.Login, "message-malformed", "malformed password message");
        LoginResult result = await doors.Login.LoginAsync(new LoginProof(token, user, client.Remote), Cancel).ConfigureAwait(false);
        return new PgLoggedIn(result.Identity ?? throw Refused(result.Refusal), user);
    }

    private static bool TryReadPassword(ReadOnlySpan<byte> body, out string password)
    {
        var reader = new SpanReader(body);
        password = Encoding.UTF8.GetString(reader.ReadCString());
        return reader.AtEnd;
    }
}
