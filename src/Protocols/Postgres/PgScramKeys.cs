using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// What SCRAM makes of a password, salt and iteration count: ClientKey and ServerKey (RFC 5802 3). To make them takes over a millisecond of
/// processor time (PBKDF2, 4096 rounds), and a target names the same salt each time. So they are kept for some minutes, which RFC 5802 5.1 allows.
/// Whoever could read them in memory could read the password's file as well; the password itself is not kept.
/// </summary>
internal sealed class PgScramKeys
{
    /// <summary>Keys kept: one for each credential of a target. A target that names another salt each time only makes logins slow.</summary>
    internal const int Most = 256;

    /// <summary>Made anew after this long; those of a credential that was exchanged go with the next that is made.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private static readonly byte[] NameKey = RandomNumberGenerator.GetBytes(32);
    private static readonly Lock Gate = new();
    private static readonly Dictionary<UInt256, PgScramKeys> Kept = [];

    private readonly long _until = Environment.TickCount64 + (long)Life.TotalMilliseconds;

    private PgScramKeys(byte[] client, byte[] server)
    {
        Client = client;
        Server = server;
    }

    /// <summary>ClientKey.</summary>
    public byte[] Client { get; }

    /// <summary>ServerKey.</summary>
    public byte[] Server { get; }

    /// <summary>How many are kept now.</summary>
    internal static int Count
    {
        get
        {
            lock (Gate)
                return Kept.Count;
        }
    }

    /// <summary>The keys of a password; the caller has bounded salt and iterations.</summary>
    public static PgScramKeys Of(byte[] password, byte[] salt, int iterations)
    {
        UInt256 name = NameOf(password, salt, iterations);
        lock (Gate)
        {
            if (Kept.TryGetValue(name, out PgScramKeys? kept) && Environment.TickCount64 < kept._until)
                return kept;
        }

        PgScramKeys made = Make(password, salt, iterations);
        lock (Gate)
        {
            foreach (UInt256 old in Kept.Where(pair => Environment.TickCount64 >= pair.Value._until).Select(pair => pair.Key).ToArray())
                Kept.Remove(old);
            if (Kept.Count >= Most)
                Kept.Clear();
            Kept[name] = made;
        }

        return made;
    }

    private static PgScramKeys Make(byte[] password, byte[] salt, int iterations)
    {
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, 32);
        var made = new PgScramKeys(HMACSHA256.HashData(salted, "Client Key"u8), HMACSHA256.HashData(salted, "Server Key"u8));
        CryptographicOperations.ZeroMemory(salted);
        return made;
    }

    /// <summary>A name that says nothing of the password to whoever has not this process's memory. Lengths come first, so that no two inputs have one name.</summary>
    private static UInt256 NameOf(byte[] password, byte[] salt, int iterations)
    {
        byte[] input = new byte[8 + salt.Length + password.Length];
        BinaryPrimitives.WriteInt32BigEndian(input, iterations);
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(4), salt.Length);
        salt.CopyTo(input, 8);
        password.CopyTo(input, 8 + salt.Length);
        Span<byte> name = stackalloc byte[32];
        HMACSHA256.HashData(NameKey, input, name);
        CryptographicOperations.ZeroMemory(input);
        return new UInt256(BinaryPrimitives.ReadUInt128BigEndian(name), BinaryPrimitives.ReadUInt128BigEndian(name[16..]));
    }

    private readonly record struct UInt256(UInt128 High, UInt128 Low);
}
