using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677; PostgreSQL 55.3.1). The target is not trusted: its nonce, salt and iteration count
/// are bounded before they are used, and its signature is verified before it is believed.
/// </summary>
internal sealed class PgScram
{
    internal const string Mechanism = "SCRAM-SHA-256";

    /// <summary>Longest nonce or salt taken from a target, characters. PostgreSQL's are 24 and 24.</summary>
    private const int MaxFieldLength = 1024;

    private readonly byte[] _password;
    private readonly int _maxIterations;
    private readonly string _clientFirstBare;
    private readonly string _nonce;
    private byte[]? _serverSignature;

    /// <summary>Starts an exchange. PostgreSQL takes the user from the StartupMessage and ignores the one here, so it is left empty; tests give the nonce and user of published exchanges.</summary>
    public PgScram(string password, int maxIterations, string? nonce = null, string user = "")
    {
        // RFC 5802 wants SASLprep. For ASCII it changes nothing; beyond it the UTF-8 bytes are used as they are, which is what PostgreSQL
        // itself falls back to (55.3.1).
        _password = Encoding.UTF8.GetBytes(password);
        _maxIterations = maxIterations;
        _nonce = nonce ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        _clientFirstBare = $"n={user},r={_nonce}";
    }

    /// <summary>True once the target has proven that it knows the password too.</summary>
    public bool IsVerified { get; private set; }

    /// <summary>client-first-message, without channel binding.</summary>
    public byte[] ClientFirst() => Encoding.ASCII.GetBytes("n,," + _clientFirstBare);

    /// <summary>client-final-message for a server-first-message.</summary>
    /// <exception cref="PgProtocolException">The message is not legal, or asks for more work than is reasonable.</exception>
    public byte[] ClientFinal(ReadOnlySpan<byte> serverFirst)
    {
        if (serverFirst.Length > 4 * MaxFieldLength || _serverSignature is not null)
            throw new PgProtocolException("SCRAM: server-first-message out of place or too long");

        string message = Encoding.ASCII.GetString(serverFirst);
        string[] fields = message.Split(',');
        if (fields.Length < 3 || !fields[0].StartsWith("r=", StringComparison.Ordinal) || !fields[1].StartsWith("s=", StringComparison.Ordinal)
            || !fields[2].StartsWith("i=", StringComparison.Ordinal))
            throw new PgProtocolException("SCRAM: server-first-message malformed");

        string nonce = fields[0][2..];
        if (nonce.Length > MaxFieldLength || nonce.Length <= _nonce.Length || !nonce.StartsWith(_nonce, StringComparison.Ordinal))
            throw new PgProtocolException("SCRAM: the server's nonce does not extend ours");
        if (!int.TryParse(fields[2].AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int iterations) || iterations < 1 || iterations > _maxIterations)
            throw new PgProtocolException("SCRAM: iteration count out of range");

        PgScramKeys keys = PgScramKeys.Of(_password, Salt(fields[1].AsSpan(2)), iterations);
        string withoutProof = $"c=biws,r={nonce}";
        byte[] authMessage = Encoding.ASCII.GetBytes($"{_clientFirstBare},{message},{withoutProof}");
        byte[] proof = HMACSHA256.HashData(SHA256.HashData(keys.Client), authMessage);
        for (int i = 0; i < proof.Length; i++)
            proof[i] ^= keys.Client[i];
        _serverSignature = HMACSHA256.HashData(keys.Server, authMessage);
        return Encoding.ASCII.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    /// <summary>Checks the server-final-message.</summary>
    /// <exception cref="PgProtocolException">The target does not know the password: it is not the target.</exception>
    public void Verify(ReadOnlySpan<byte> serverFinal)
    {
        Span<byte> signature = stackalloc byte[32];
        if (_serverSignature is null || serverFinal.Length is < 2 or > MaxFieldLength || !serverFinal.StartsWith("v="u8)
            || !Convert.TryFromBase64String(Encoding.ASCII.GetString(serverFinal[2..]), signature, out int length) || length != 32
            || !CryptographicOperations.FixedTimeEquals(signature, _serverSignature))
            throw new PgProtocolException("SCRAM: the server's signature is wrong");
        IsVerified = true;
    }

    private static byte[] Salt(ReadOnlySpan<char> text)
    {
        byte[] salt = new byte[MaxFieldLength];
        if (text.Length > MaxFieldLength || !Convert.TryFromBase64Chars(text, salt, out int length) || length == 0)
            throw new PgProtocolException("SCRAM: salt malformed");
        return salt[..length];
    }
}
