using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>Too many passwords are being verified at once.</summary>
internal sealed class HasherBusyException() : IOException("too many logins at once");

/// <summary>
/// Argon2id (RFC 9106) with the parameters that OWASP names for it: 19 MiB, two passes, one lane. A few at a time and a bounded queue
/// behind them, so that a flood of logins takes neither all memory nor all processors.
/// </summary>
internal sealed class PasswordHasher : IDisposable
{
    private const int Memory = 19 * 1024;
    private const int Passes = 2;
    private const int SaltLength = 16;
    private const int HashLength = 32;

    /// <summary>Those that wait for a slot: each is a request that holds a connection.</summary>
    private const int LongestQueue = 64;

    private static readonly string Prefix = string.Create(CultureInfo.InvariantCulture, $"$argon2id$v=19$m={Memory},t={Passes},p=1$");

    private readonly SemaphoreSlim _slots = new(Math.Clamp(Environment.ProcessorCount / 2, 1, 4));
    private readonly string _nobodys;
    private int _waiting;

    public PasswordHasher()
    {
        _nobodys = Format(RandomNumberGenerator.GetBytes(SaltLength), RandomNumberGenerator.GetBytes(HashLength));
    }

    /// <summary>A hash in PHC string form.</summary>
    /// <exception cref="HasherBusyException">Too many at once.</exception>
    public async Task<string> HashAsync(string password, CancellationToken cancel)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltLength);
        return Format(salt, await ComputeAsync(password, salt, cancel).ConfigureAwait(false));
    }

    /// <summary>True when the password is the one. For somebody who has none (null) it does the same work, and is false.</summary>
    /// <exception cref="HasherBusyException">Too many at once.</exception>
    public async Task<bool> VerifyAsync(string? phc, string password, CancellationToken cancel)
    {
        (byte[] salt, byte[] expected) = Parse(phc ?? _nobodys);
        byte[] actual = await ComputeAsync(password, salt, cancel).ConfigureAwait(false);
        return CryptographicOperations.FixedTimeEquals(actual, expected) && phc is not null;
    }

    public void Dispose() => _slots.Dispose();

    private async Task<byte[]> ComputeAsync(string password, byte[] salt, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _waiting) > LongestQueue)
        {
            Interlocked.Decrement(ref _waiting);
            throw new HasherBusyException();
        }

        try
        {
            await _slots.WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        byte[] secret = Encoding.UTF8.GetBytes(password);
        try
        {
            using var argon = new Argon2id(secret) { Salt = salt, MemorySize = Memory, Iterations = Passes, DegreeOfParallelism = 1 };

            // Not on this thread: it may be the one that polls sockets.
            return await Task.Run(() => argon.GetBytes(HashLength), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            _slots.Release();
        }
    }

    private static string Format(byte[] salt, byte[] hash) => $"{Prefix}{Encode(salt)}${Encode(hash)}";

    /// <summary>Only our own parameters are in the store; a row with others was not written by us.</summary>
    private static (byte[] Salt, byte[] Hash) Parse(string phc)
    {
        string[] parts = phc.StartsWith(Prefix, StringComparison.Ordinal) ? phc[Prefix.Length..].Split('$') : [];
        return parts.Length == 2 ? (Decode(parts[0]), Decode(parts[1])) : throw new CryptographicException("a password hash of another form");
    }

    /// <summary>PHC strings have no padding.</summary>
    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[] Decode(string text) => Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
}
