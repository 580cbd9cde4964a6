using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>The client's side of SCRAM-SHA-256 (RFC 5802), honest or not.</summary>
internal sealed class ScramClient(string password)
{
    public string Mechanism { get; init; } = "SCRAM-SHA-256";

    /// <summary>gs2-header.</summary>
    public string Header { get; init; } = "n,,";

    /// <summary>What is bound to behind the header.</summary>
    public byte[] Channel { get; init; } = [];

    /// <summary>client-first-message-bare.</summary>
    public string Bare { get; init; } = "n=ignored,r=fyko+d2lbbFgONRv9qkxdawL";

    /// <summary>Changes the final message before it is sent.</summary>
    public Func<string, string> Spoil { get; init; } = static final => final;

    /// <summary>The signature that the server must send.</summary>
    public string Signature { get; private set; } = "";

    public byte[] Initial => SaslInitialResponse(Mechanism, Encoding.UTF8.GetBytes(Header + Bare));

    /// <summary>Both messages; the server's answer to the second is left to the test.</summary>
    public async Task ProveAsync(ClientPeer client)
    {
        await client.SendAsync(Initial);
        PgMessage challenge = await client.ReceiveAsync();
        Assert.Equal([(byte)'R', 0, 0, 0, 11], (byte[])[challenge.Type, .. challenge.Body[..4]]);
        await client.SendAsync(Typed('p', Encoding.UTF8.GetBytes(Spoil(Final(Encoding.ASCII.GetString(challenge.Body[4..]))))));
    }

    private string Final(string serverFirst)
    {
        string[] fields = serverFirst.Split(',');
        Assert.StartsWith("r=" + Bare[(Bare.IndexOf("r=", StringComparison.Ordinal) + 2)..].Split(',')[0], fields[0], StringComparison.Ordinal);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), Convert.FromBase64String(fields[1][2..]), int.Parse(fields[2][2..], System.Globalization.CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        string withoutProof = $"c={Convert.ToBase64String([.. Encoding.ASCII.GetBytes(Header), .. Channel])},{fields[0]}";
        byte[] signed = Encoding.UTF8.GetBytes($"{Bare},{serverFirst},{withoutProof}");
        byte[] clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] mask = HMACSHA256.HashData(SHA256.HashData(clientKey), signed);
        Signature = "v=" + Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), signed));
        return $"{withoutProof},p={Convert.ToBase64String([.. clientKey.Zip(mask, (a, b) => (byte)(a ^ b))])}";
    }
}
