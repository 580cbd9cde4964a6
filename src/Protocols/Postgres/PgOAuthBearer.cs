using System.Buffers;
using System.Text;
using System.Text.Json;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>What a client's OAUTHBEARER message holds.</summary>
internal enum PgBearer : byte
{
    /// <summary>Not a message of RFC 7628.</summary>
    Malformed,

    /// <summary>An empty auth value: it asks where tokens come from.</summary>
    Discovery,

    /// <summary>An auth value that can be no token: another scheme, or characters that no token has.</summary>
    Unusable,
    Token,
}

/// <summary>
/// OAUTHBEARER (RFC 7628), as PostgreSQL 18 speaks it ("SASL Authentication", OAUTHBEARER). The client's message:
/// <code>
///  gs2-header  = ("n" / "y") "," [ "a=" ] ","          no channel binding, no authorization identity
///  kvpairs     = *( key "=" value %x01 )               RFC 7628 3.1; keys that are not known are ignored
///  client-resp = gs2-header %x01 kvpairs %x01
/// </code>
/// </summary>
internal static class PgOAuthBearer
{
    internal const string Mechanism = "OAUTHBEARER";

    /// <summary>What a token must be asked for with, or it is for no target.</summary>
    internal const string Scope = "openid sallyport";

    /// <summary>Pairs one message may hold: RFC 7628 knows six keys.</summary>
    private const int MaxPairs = 16;

    private const byte Separator = 1;

    private static readonly SearchValues<byte> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"u8);
    private static readonly SearchValues<byte> HostCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%:[]"u8);

    /// <summary>The message that ends a failed exchange (RFC 7628 3.2.3).</summary>
    public static bool IsDummy(ReadOnlySpan<byte> message) => message is [Separator];

    /// <summary>Reads a client's message.</summary>
    public static PgBearer Read(ReadOnlySpan<byte> message, out string token)
    {
        token = "";
        if (!TrySkipHeader(ref message))
            return PgBearer.Malformed;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        ReadOnlySpan<byte> auth = default;
        while (!message.IsEmpty && message[0] != Separator)
        {
            if (!TryPair(ref message, out string key, out ReadOnlySpan<byte> value) || !seen.Add(key) || seen.Count > MaxPairs || !IsWellFormed(key, value))
                return PgBearer.Malformed;
            if (key == "auth")
                auth = value;
        }

        if (message is not [Separator] || !seen.Contains("auth"))
            return PgBearer.Malformed;
        return auth.IsEmpty ? PgBearer.Discovery : TryToken(auth, out token) ? PgBearer.Token : PgBearer.Unusable;
    }

    /// <summary>The server's error (RFC 7628 3.2.2), which says where tokens come from.</summary>
    public static byte[] Error(string discoveryUrl)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("status", "invalid_token");
            writer.WriteString("scope", Scope);
            writer.WriteString("openid-configuration", discoveryUrl);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    private static bool TrySkipHeader(ref ReadOnlySpan<byte> message)
    {
        if (!(message.StartsWith("n,"u8) || message.StartsWith("y,"u8)))
            return false;
        message = message[2..];
        if (message.StartsWith("a="u8))
            message = message[2..];
        if (message is not [(byte)',', Separator, ..])
            return false;
        message = message[2..];
        return true;
    }

    private static bool TryPair(scoped ref ReadOnlySpan<byte> message, out string key, out ReadOnlySpan<byte> value)
    {
        key = "";
        value = default;
        int end = message.IndexOf(Separator);
        int equals = message.IndexOf((byte)'=');
        if (end < 0 || equals < 1 || equals > end || !IsAlphabetic(message[..equals]))
            return false;
        key = Encoding.ASCII.GetString(message[..equals]);
        value = message[(equals + 1)..end];
        message = message[(end + 1)..];
        // RFC 7628 3.1: value = *(VCHAR / SP / HTAB / CR / LF)
        return !value.ContainsAnyExceptInRange((byte)'\t', (byte)'~') && !value.ContainsAnyInRange((byte)0x0b, (byte)0x0c) && !value.ContainsAnyInRange((byte)0x0e, (byte)0x1f);
    }

    private static bool IsAlphabetic(ReadOnlySpan<byte> key)
    {
        foreach (byte b in key)
        {
            if (!char.IsAsciiLetter((char)b))
                return false;
        }

        return true;
    }

    /// <summary>The host and port that the client believes to speak to (RFC 7628 3.1). What they say is not used.</summary>
    private static bool IsWellFormed(string key, ReadOnlySpan<byte> value) => key switch
    {
        "host" => value.Length is > 0 and < 256 && !value.ContainsAnyExcept(HostCharacters),
        "port" => value.Length is > 0 and < 6 && !value.ContainsAnyExceptInRange((byte)'0', (byte)'9'),
        _ => true,
    };

    /// <summary>RFC 6750 2.1: "Bearer" 1*SP b64token; RFC 9110 11.1: schemes are case-insensitive.</summary>
    private static bool TryToken(ReadOnlySpan<byte> auth, out string token)
    {
        token = "";
        ReadOnlySpan<byte> scheme = "bearer "u8;
        if (auth.Length <= scheme.Length || !Ascii.EqualsIgnoreCase(auth[..scheme.Length], scheme))
            return false;
        auth = auth[scheme.Length..].TrimStart((byte)' ');
        ReadOnlySpan<byte> stem = auth.TrimEnd((byte)'=');
        if (stem.IsEmpty || stem.ContainsAnyExcept(TokenCharacters))
            return false;
        token = Encoding.ASCII.GetString(auth);
        return true;
    }
}

/// <summary>A login by OAUTHBEARER. A client without a token is told where to get one, and comes again.</summary>
internal sealed class PgOAuthExchange(PgLogin login)
{
    private static readonly byte[] Offer = [.. "OAUTHBEARER\0\0"u8];

    public async Task<PgLoggedIn> RunAsync(string user)
    {
        if (login.Doors.Login.DiscoveryUrl is not { } discovery)
        {
            throw PgHandshake.Turned(SessionStage.Login, "oauth-unavailable", new PgRefusal(SqlState.InvalidAuthorization,
                "this server has nobody to get OAuth tokens from", Hint: "Log in with a token as the password: add +token to the user name."));
        }

        await login.AskAsync(AuthenticationRequest.Sasl, Offer).ConfigureAwait(false);
        login.Extend(login.Limits.TokenWait);
        (string mechanism, byte[] message) = await login.InitialAsync(login.Limits.AuthBytes).ConfigureAwait(false);
        login.Extend(login.Limits.Handshake);
        if (mechanism != PgOAuthBearer.Mechanism)
            throw PgHandshake.Violation(SessionStage.Login, "sasl-mechanism", "client selected an invalid SASL authentication mechanism");

        switch (PgOAuthBearer.Read(message, out string token))
        {
            case PgBearer.Malformed:
                throw PgHandshake.Violation(SessionStage.Login, "message-malformed", "malformed OAUTHBEARER message");
            case PgBearer.Discovery:
                throw await FailAsync(discovery, "token-missing").ConfigureAwait(false);
            case PgBearer.Unusable:
                throw await FailAsync(discovery, "token-malformed").ConfigureAwait(false);
        }

        LoginResult result = await login.Doors.Login.LoginAsync(new LoginProof(token, user, login.Client.Remote), login.Cancel).ConfigureAwait(false);
        return result.Identity is { } identity
            ? new PgLoggedIn(identity, user)
            : throw await FailAsync(discovery, result.Refusal).ConfigureAwait(false);
    }

    /// <summary>RFC 7628 3.2.3: the error as a challenge, the client's dummy answer, and only then the failure.</summary>
    private async Task<PgHandshakeException> FailAsync(string discovery, string? reason)
    {
        await login.AskAsync(AuthenticationRequest.SaslContinue, PgOAuthBearer.Error(discovery)).ConfigureAwait(false);
        byte[] dummy = await login.AnswerAsync(PgClientState.SaslResponse, login.Limits.AuthBytes).ConfigureAwait(false);
        return PgOAuthBearer.IsDummy(dummy)
            ? PgLogin.Refused(reason)
            : PgHandshake.Violation(SessionStage.Login, "message-malformed", "malformed OAUTHBEARER message");
    }
}
