using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>An access token and until when it is good.</summary>
/// <param name="Token">A secret.</param>
internal sealed record SavedToken(string Token, DateTimeOffset ExpiresAt);

/// <summary>A login at a broker, as it is kept between commands.</summary>
internal sealed record SavedLogin
{
    public required string Issuer { get; init; }

    public string? Subject { get; init; }

    /// <summary>A secret; null: the broker gave none, so when the token is over one has to log in again.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>By the scope they are for.</summary>
    public Dictionary<string, SavedToken> Tokens { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Without the secrets.</summary>
    public override string ToString() => $"login of {Subject} at {Issuer}";
}

/// <summary>The logins of this user, a file for each broker, readable by nobody else.</summary>
internal sealed class SavedLogins(string directory)
{
    private static readonly TimeSpan LockTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LockLook = TimeSpan.FromMilliseconds(50);

    public static SavedLogins Default => new(Path.Combine(ClientFiles.Directory, "logins"));

    /// <summary>All of them; what cannot be read is passed over.</summary>
    public IReadOnlyList<SavedLogin> All() =>
        Directory.Exists(directory) ? [.. Directory.EnumerateFiles(directory, "*.json").Select(Parse).OfType<SavedLogin>()] : [];

    /// <summary>The login at a broker; null: there is none.</summary>
    public SavedLogin? Find(string issuer) => Parse(PathOf(issuer)) is { } login && login.Issuer == issuer ? login : null;

    public void Save(SavedLogin login)
    {
        ClientFiles.Make(directory);
        ClientFiles.Write(PathOf(login.Issuer), JsonSerializer.Serialize(login));
    }

    public void Remove(string issuer) => File.Delete(PathOf(issuer));

    /// <summary>One at a time: a refresh token is good once, and two commands at the same moment would spend it twice.</summary>
    /// <exception cref="ClientException">Another command holds it for too long.</exception>
    public async Task<IDisposable> LockAsync(string issuer, TimeProvider time, CancellationToken cancel)
    {
        ClientFiles.Make(directory);
        string path = PathOf(issuer) + ".lock";
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (time.GetElapsedTime(start) < LockTime)
            {
                await Task.Delay(LockLook, time, cancel).ConfigureAwait(false);
            }
            catch (IOException held)
            {
                throw new ClientException($"{path} is held by another command.", held);
            }
        }
    }

    private static SavedLogin? Parse(string path)
    {
        try
        {
            return ClientFiles.Read(path) is { } text ? JsonSerializer.Deserialize<SavedLogin>(text) : null;
        }
        catch (JsonException)
        {
            return null; // As if there were none: logging in writes it anew.
        }
    }

    private string PathOf(string issuer) => Path.Combine(directory, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(issuer)))[..24] + ".json");
}
