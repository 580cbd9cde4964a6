using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>The server's side of SCRAM-SHA-256 (RFC 5802), honest or not.</summary>
internal sealed class ScramServer(string password)
{
    private static readonly byte[] Salt = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    public string[] Offered { get; init; } = ["SCRAM-SHA-256"];

    /// <summary>What is appended to the client's nonce.</summary>
    public string NonceTail { get; init; } = "server-part";

    /// <summary>Set: sent in place of the nonce.</summary>
    public string? Nonce { get; init; }

    public string Iterations { get; init; } = "4096";

    public string? SaltText { get; init; }

    /// <summary>Set: sent in place of the server-final-message.</summary>
    public string? Final { get; init; }

    /// <summary>Ways to cheat, each played up to where the engine must have given up.</summary>
    public static Dictionary<string, Func<ServerPeer, string, Task>> Tricks { get; } = new()
    {
        ["signature of another password"] = (s, _) => new ScramServer("not the password") { IsBlind = true }.LogInAsync(s),
        ["signature of zeros"] = (s, p) => new ScramServer(p) { Final = "v=" + Convert.ToBase64String(new byte[32]) }.LogInAsync(s),
        ["signature too short"] = (s, p) => new ScramServer(p) { Final = "v=AAAA" }.LogInAsync(s),
        ["signature missing"] = (s, p) => new ScramServer(p) { Final = "v=" }.LogInAsync(s),
        ["error in place of a signature"] = (s, p) => new ScramServer(p) { Final = "e=invalid-proof" }.LogInAsync(s),
        ["nonce does not extend"] = (s, p) => new ScramServer(p) { NonceTail = "" }.FirstAsync(s),
        ["nonce of its own"] = (s, p) => new ScramServer(p) { Nonce = "another-nonce-that-is-long-enough-to-be-one" }.FirstAsync(s),
        ["nonce of 2000 characters"] = (s, p) => new ScramServer(p) { NonceTail = new string('n', 2000) }.FirstAsync(s),
        ["nonce of 1 MB"] = (s, p) => new ScramServer(p) { NonceTail = new string('n', 1 << 20) }.FirstAsync(s),
        ["no iterations"] = (s, p) => new ScramServer(p) { Iterations = "0" }.FirstAsync(s),
        ["negative iterations"] = (s, p) => new ScramServer(p) { Iterations = "-1" }.FirstAsync(s),
        ["2^31 iterations"] = (s, p) => new ScramServer(p) { Iterations = "2147483648" }.FirstAsync(s),
        ["2^31-1 iterations"] = (s, p) => new ScramServer(p) { Iterations = "2147483647" }.FirstAsync(s),
        ["iterations not a number"] = (s, p) => new ScramServer(p) { Iterations = "many" }.FirstAsync(s),
        ["salt not base64"] = (s, p) => new ScramServer(p) { SaltText = "***" }.FirstAsync(s),
        ["salt empty"] = (s, p) => new ScramServer(p) { SaltText = "" }.FirstAsync(s),
        ["salt of 3000 characters"] = (s, p) => new ScramServer(p) { SaltText = new string('A', 3000) }.FirstAsync(s),
        ["AuthenticationOk at once"] = async (s, _) =>
        {
            await s.SendAsync(AuthenticationSasl("SCRAM-SHA-256"));
            await s.ReceiveAsync();
            await s.SendAsync(AuthenticationOk);
        },
        ["AuthenticationOk before the signature"] = async (s, p) =>
        {
            await new ScramServer(p).FirstAsync(s);
            await s.ReceiveAsync();
            await s.SendAsync(AuthenticationOk);
        },
        ["final before first"] = async (s, _) =>
        {
            await s.SendAsync(AuthenticationSasl("SCRAM-SHA-256"));
            await s.ReceiveAsync();
            await s.SendAsync(AuthenticationSaslFinal("v=" + Convert.ToBase64String(new byte[32])));
        },
        ["server-first-message twice"] = async (s, p) =>
        {
            string nonce = await new ScramServer(p).FirstAsync(s);
            await s.ReceiveAsync();
            await s.SendAsync(AuthenticationSaslContinue($"r={nonce},s={Convert.ToBase64String(Salt)},i=4096"));
        },
        ["fields missing"] = async (s, _) =>
        {
            await s.SendAsync(AuthenticationSasl("SCRAM-SHA-256"));
            await s.ReceiveAsync();
            await s.SendAsync(AuthenticationSaslContinue("r=x"));
        },
    };

    /// <summary>Set: the proof is not looked at.</summary>
    private bool IsBlind { get; init; }

    private string _clientFirstBare = "";
    private string _serverFirst = "";

    /// <summary>The whole exchange up to AuthenticationSASLFinal; an honest server checks the proof.</summary>
    public async Task LogInAsync(ServerPeer peer)
    {
        await FirstAsync(peer);
        string clientFinal = Encoding.ASCII.GetString((await peer.ReceiveAsync()).Body);
        int proofAt = clientFinal.IndexOf(",p=", StringComparison.Ordinal);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, Salt, 4096, HashAlgorithmName.SHA256, 32);
        byte[] authMessage = Encoding.ASCII.GetBytes($"{_clientFirstBare},{_serverFirst},{clientFinal[..proofAt]}");
        byte[] storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        byte[] mask = HMACSHA256.HashData(storedKey, authMessage);
        byte[] clientKey = [.. Convert.FromBase64String(clientFinal[(proofAt + 3)..]).Zip(mask, (a, b) => (byte)(a ^ b))];
        Assert.Equal(!IsBlind, SHA256.HashData(clientKey).SequenceEqual(storedKey));
        byte[] signature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), authMessage);
        await peer.SendAsync(AuthenticationSaslFinal(Final ?? "v=" + Convert.ToBase64String(signature)));
    }

    /// <summary>AuthenticationSASL, the client-first-message, and the server-first-message.</summary>
    public async Task<string> FirstAsync(ServerPeer peer)
    {
        await peer.SendAsync(AuthenticationSasl(Offered));
        PgMessage initial = await peer.ReceiveAsync();
        string text = Encoding.ASCII.GetString(initial.Body);
        Assert.StartsWith("SCRAM-SHA-256\0", text, StringComparison.Ordinal);
        _clientFirstBare = text[(text.IndexOf("n,,", StringComparison.Ordinal) + 3)..];
        string nonce = Nonce ?? _clientFirstBare[(_clientFirstBare.IndexOf("r=", StringComparison.Ordinal) + 2)..] + NonceTail;
        _serverFirst = string.Create(CultureInfo.InvariantCulture, $"r={nonce},s={SaltText ?? Convert.ToBase64String(Salt)},i={Iterations}");
        await peer.TrySendAsync(AuthenticationSaslContinue(_serverFirst));
        return nonce;
    }
}
