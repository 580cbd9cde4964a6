using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// Remembers tokens that were verified, because connection pools log in with the same token again and again and a signature costs
/// a hundred microseconds. Keyed by SHA-256, so it holds no token. Whoever finds an entry still has to see that it counts: the token has
/// not expired, and the issuer's keys are the very set that verified it.
/// <para>Bounded by two generations: when the young one is full it becomes the old one, and what was not added since is gone.</para>
/// </summary>
internal sealed class LoginCache(int generation = LoginCache.Generation)
{
    /// <summary>Entries per generation. At about 500 bytes each, both together stay near 4 MB.</summary>
    private const int Generation = 4096;

    private readonly Lock _lock = new();
    private volatile ConcurrentDictionary<string, Entry> _young = new();
    private volatile ConcurrentDictionary<string, Entry> _old = new();

    /// <summary>Entries held.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>The key of a token. The caller has bounded its length.</summary>
    public static string KeyOf(string token) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>What is remembered of the token, or null.</summary>
    public Entry? Find(string key) => _young.TryGetValue(key, out Entry? entry) || _old.TryGetValue(key, out entry) ? entry : null;

    /// <summary>Remembers a verified token.</summary>
    public void Add(string key, Entry entry)
    {
        lock (_lock)
        {
            if (_young.Count >= generation)
            {
                _old = _young;
                _young = new ConcurrentDictionary<string, Entry>();
            }

            _young[key] = entry;
        }
    }

    /// <param name="Identity">Who the token says.</param>
    /// <param name="Issuer">Who vouched for it.</param>
    /// <param name="Keys">The keys that verified it.</param>
    internal sealed record Entry(Contract.Identity Identity, Issuer Issuer, KeySet Keys);
}
