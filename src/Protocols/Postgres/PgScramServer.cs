using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>What looking at a SCRAM message from a client came to.</summary>
internal enum PgScramStep : byte
{
    /// <summary>Not a message of RFC 5802, or one that does not follow from those before it.</summary>
    Malformed,

    /// <summary>It says that it could bind to the channel and that we could not, and we offered it: somebody is between us (RFC 5802 6).</summary>
    Downgraded,

    /// <summary>It was bound to another channel.</summary>
    OtherChannel,

    /// <summary>It does not know the password.</summary>
    Wrong,

    /// <summary>As it should be.</summary>
    Good,
}

/// <summary>
/// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677; PostgreSQL 55.3.1). Pure: messages in, messages out. They are kept
/// as Latin-1, so that every byte of the exchange goes into the signatures as it was sent.
/// </summary>
/// <param name="login">The verifier of the password.</param>
/// <param name="channel">What a client binds to; null: PLUS is not offered.</param>
/// <param name="nonce">Our part of the nonce; tests give that of published exchanges.</param>
internal sealed class PgScramServer(ScramLogin login, byte[]? channel, string? nonce = null)
{
    internal const string Plain = "SCRAM-SHA-256";
    internal const string Plus = "SCRAM-SHA-256-PLUS";

    private const string Binding = "p=tls-server-end-point,,";

    private readonly string _ownNonce = nonce ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
    private string _clientFirstBare = "";
    private string _serverFirst = "";
    private string _nonce = "";
    private string _channelBinding = "";

    /// <summary>The mechanisms offered, strongest first.</summary>
    public IReadOnlyList<string> Mechanisms { get; } = channel is null ? [Plain] : [Plus, Plain];

    /// <summary>client-first-message; <paramref name="answer"/> is the server-first-message.</summary>
    public PgScramStep First(string mechanism, ReadOnlySpan<byte> message, out byte[] answer)
    {
        answer = [];
        string text = Encoding.Latin1.GetString(message);
        bool bound = mechanism == Plus;
        string header = bound ? Binding : text.StartsWith('y') ? "y,," : "n,,";
        if (!text.StartsWith(header, StringComparison.Ordinal) || !TryReadBare(text[header.Length..]))
            return PgScramStep.Malformed;
        if (header[0] == 'y' && channel is not null)
            return PgScramStep.Downgraded;

        byte[] binding = [.. Encoding.ASCII.GetBytes(header), .. bound ? channel! : []];
        _channelBinding = Convert.ToBase64String(binding);
        _serverFirst = $"r={_nonce},s={Convert.ToBase64String(login.Salt)},i={login.Iterations}";
        answer = Encoding.Latin1.GetBytes(_serverFirst);
        return PgScramStep.Good;
    }

    /// <summary>client-final-message; <paramref name="answer"/> is the server-final-message when the password was right.</summary>
    public PgScramStep Final(ReadOnlySpan<byte> message, out byte[] answer)
    {
        answer = [];
        string text = Encoding.Latin1.GetString(message);
        int proofAt = text.LastIndexOf(",p=", StringComparison.Ordinal);
        Span<byte> proof = stackalloc byte[SHA256.HashSizeInBytes];
        if (proofAt < 0 || !Convert.TryFromBase64String(text[(proofAt + 3)..], proof, out int length) || length != proof.Length)
            return PgScramStep.Malformed;
        string[] fields = text[..proofAt].Split(',');
        if (fields.Length < 2 || !fields[0].StartsWith("c=", StringComparison.Ordinal) || fields[1] != "r=" + _nonce || !AreExtensions(fields.AsSpan(2)))
            return PgScramStep.Malformed;
        if (fields[0][2..] != _channelBinding)
            return PgScramStep.OtherChannel;

        byte[] signed = Encoding.Latin1.GetBytes($"{_clientFirstBare},{_serverFirst},{text[..proofAt]}");
        Span<byte> key = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(login.StoredKey, signed, key);
        for (int i = 0; i < key.Length; i++)
            key[i] ^= proof[i];
        Span<byte> stored = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, stored);
        if (!CryptographicOperations.FixedTimeEquals(stored, login.StoredKey))
            return PgScramStep.Wrong;
        answer = Encoding.ASCII.GetBytes("v=" + Convert.ToBase64String(HMACSHA256.HashData(login.ServerKey, signed)));
        return PgScramStep.Good;
    }

    /// <summary>client-first-message-bare = "n=" saslname ",r=" c-nonce ["," extensions]. The name is not looked at: the one in the StartupMessage counts (55.3.1).</summary>
    private bool TryReadBare(string bare)
    {
        string[] fields = bare.Split(',');
        if (fields.Length < 2 || !fields[0].StartsWith("n=", StringComparison.Ordinal) || !fields[1].StartsWith("r=", StringComparison.Ordinal))
            return false;
        string theirs = fields[1][2..];
        if (theirs.Length == 0 || theirs.AsSpan().ContainsAnyExceptInRange('!', '~') || !AreExtensions(fields.AsSpan(2)))
            return false;
        _clientFirstBare = bare;
        _nonce = theirs + _ownNonce;
        return true;
    }

    /// <summary>RFC 5802 7: attr-val pairs, which are ignored; "m=" would be one that must not be.</summary>
    private static bool AreExtensions(ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            if (field.Length < 3 || !char.IsAsciiLetter(field[0]) || field[0] == 'm' || field[1] != '=')
                return false;
        }

        return true;
    }
}

/// <summary>A login with an issued password. Whatever becomes of it, its verifier is told once.</summary>
internal sealed class PgScramExchange(PgLogin login, ScramLogin issued)
{
    private readonly PgScramServer _scram = new(issued, PgChannelBinding.EndPoint(login.Client.Tls));

    public async Task<PgLoggedIn> RunAsync(string user)
    {
        string? reason = null;
        byte[]? final = null;
        LoginResult result = default;
        try
        {
            (final, reason) = await ProveAsync().ConfigureAwait(false);
        }
        finally
        {
            // Also when the client has gone, and then without its token of cancellation: a guess that was not counted could be made again.
            result = await issued.CompleteAsync(final is not null, final is null ? CancellationToken.None : login.Cancel).ConfigureAwait(false);
        }

        return final is not null && result.Identity is { } identity
            ? new PgLoggedIn(identity, user) { SaslFinal = final }
            : throw PgLogin.Refused(reason ?? result.Refusal);
    }

    /// <summary>The server-final-message; null when the password is wrong, or the channel another.</summary>
    private async Task<(byte[]? Final, string? Reason)> ProveAsync()
    {
        byte[] offer = [.. _scram.Mechanisms.SelectMany(m => Encoding.ASCII.GetBytes(m + "\0")), 0];
        await login.AskAsync(AuthenticationRequest.Sasl, offer).ConfigureAwait(false);
        (string mechanism, byte[] message) = await login.InitialAsync(login.Limits.ScramBytes).ConfigureAwait(false);
        if (!_scram.Mechanisms.Contains(mechanism))
            throw PgHandshake.Violation(SessionStage.Login, "sasl-mechanism", "client selected an invalid SASL authentication mechanism");
        PgScramStep step = _scram.First(mechanism, message, out byte[] first);
        if (step == PgScramStep.Good)
        {
            await login.AskAsync(AuthenticationRequest.SaslContinue, first).ConfigureAwait(false);
            step = _scram.Final(await login.AnswerAsync(PgClientState.SaslResponse, login.Limits.ScramBytes).ConfigureAwait(false), out byte[] final);
            if (step == PgScramStep.Good)
                return (final, null);
        }

        return step switch
        {
            PgScramStep.Downgraded => (null, "scram-downgraded"),
            PgScramStep.OtherChannel => (null, "scram-other-channel"),
            PgScramStep.Wrong => (null, null),
            _ => throw PgHandshake.Violation(SessionStage.Login, "message-malformed", "malformed SCRAM message"),
        };
    }
}
