using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>
/// The broker's keys, kept sealed in the store so that every node signs and opens alike. A new key is published for a while before it signs,
/// so that verifiers know it by then, and an old one stays published until everything it signed has expired.
/// </summary>
internal sealed class SigningKeys : IKeySource, IDisposable
{
    /// <summary>A key is replaced when it is this old.</summary>
    private static readonly TimeSpan Rotation = TimeSpan.FromDays(90);

    /// <summary>How long a key is published before it signs: verifiers look for keys at least this often.</summary>
    public static readonly TimeSpan PublishedBefore = TimeSpan.FromHours(24);

    private const string Sign = "sign";
    private const string Protect = "protect";

    private readonly IStateStore _store;
    private readonly ISealer _sealer;
    private readonly ICluster _cluster;
    private readonly TimeProvider _time;
    private readonly TimeSpan _longestUse;
    private readonly IDisposable _subscription;
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly Dictionary<string, SigningKey> _opened = new(StringComparer.Ordinal);
    private volatile KeyRing? _ring;

    /// <param name="longestUse">Longest life of anything that is signed or sealed by the keys.</param>
    public SigningKeys(IStateStore store, ISealer sealer, ICluster cluster, TimeProvider time, TimeSpan longestUse)
    {
        _store = store;
        _sealer = sealer;
        _cluster = cluster;
        _time = time;
        _longestUse = longestUse + TimeSpan.FromHours(1);
        _subscription = cluster.Subscribe(ClusterEvents.Keys, (_, cancel) => ReloadAsync(cancel));
    }

    /// <summary>Raised when other keys sign, protect or are published than before.</summary>
    public event Action? Changed;

    /// <summary>The keys now.</summary>
    public KeyRing Ring => _ring ?? throw new InvalidOperationException("The keys have not been loaded.");

    /// <summary>Loads the keys; makes the first ones.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        if (await RotateWhenOlderAsync(TimeSpan.MaxValue, TimeSpan.Zero, cancel).ConfigureAwait(false))
            await _cluster.PublishAsync(ClusterEvents.Keys, "{}", cancel).ConfigureAwait(false);
        await ReloadAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>To be called now and then: takes up keys whose time has come, replaces old ones, forgets retired ones.</summary>
    public async Task MaintainAsync(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        await _store.WriteAsync((state, token) => state.SigningKeys.Where(key => key.RetiredAt != null && key.RetiredAt < now).ExecuteDeleteAsync(token), cancel).ConfigureAwait(false);
        if (await RotateWhenOlderAsync(Rotation, PublishedBefore, cancel).ConfigureAwait(false))
            await _cluster.PublishAsync(ClusterEvents.Keys, "{}", cancel).ConfigureAwait(false);
        await ReloadAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Replaces the keys.</summary>
    /// <param name="publishedBefore">How long the new ones are published before they are used; zero when the old ones may have leaked.</param>
    public async Task RotateAsync(TimeSpan publishedBefore, CancellationToken cancel)
    {
        await RotateWhenOlderAsync(TimeSpan.MinValue, publishedBefore, cancel).ConfigureAwait(false);
        await _cluster.PublishAsync(ClusterEvents.Keys, "{}", cancel).ConfigureAwait(false);
        await ReloadAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancel) => new(_ring?.Keys);

    /// <inheritdoc/>
    public ValueTask<KeySet?> LookAgainAsync(CancellationToken cancel)
    {
        // Events tell of new keys; a token that names another one is no reason to ask the store, or strangers could make us ask it all day.
        return new(_ring?.Keys);
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _loading.Dispose();
        foreach (SigningKey key in _opened.Values)
            key.Key.ECDsa.Dispose();
    }

    private async Task ReloadAsync(CancellationToken cancel)
    {
        await _loading.WaitAsync(cancel).ConfigureAwait(false);
        bool changed;
        try
        {
            DateTimeOffset now = _time.GetUtcNow();
            List<SigningKeyRow> rows = await _store.ReadAsync((state, token) => state.SigningKeys.Where(key => key.RetiredAt == null || key.RetiredAt > now).ToListAsync(token), cancel).ConfigureAwait(false);
            KeyRing ring = KeyRing.Of(
                [.. rows.Where(row => row.Use == Sign).Select(Open)],
                [.. rows.Where(row => row.Use == Protect).Select(row => new ProtectionKey(row.Id, _sealer.Open(SealPurposes.SigningKey(row.Id), row.Key), row.ActiveFrom))],
                now);
            changed = !ring.Equals(_ring);
            if (changed)
                _ring = ring;
        }
        finally
        {
            _loading.Release();
        }

        if (changed)
            Changed?.Invoke();
    }

    private SigningKey Open(SigningKeyRow row)
    {
        if (_opened.TryGetValue(row.Id, out SigningKey? known))
            return known;
        ECDsa key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(_sealer.Open(SealPurposes.SigningKey(row.Id), row.Key), out _);
        var opened = new SigningKey(row.Id, new ECDsaSecurityKey(key) { KeyId = row.Id }, LocalKey.PublicJwk(key), row.ActiveFrom);
        _opened.Add(row.Id, opened);
        return opened;
    }

    /// <summary>One transaction looks and adds, so that of two nodes only one does.</summary>
    private Task<bool> RotateWhenOlderAsync(TimeSpan age, TimeSpan publishedBefore, CancellationToken cancel) =>
        _store.WriteAsync(
            async (state, token) =>
            {
                DateTimeOffset now = _time.GetUtcNow();
                List<SigningKeyRow> rows = await state.SigningKeys.Where(key => key.RetiredAt == null).ToListAsync(token).ConfigureAwait(false);
                bool young = rows.Any(row => age == TimeSpan.MaxValue || (age > TimeSpan.Zero && row.ActiveFrom > now - age));
                if (young)
                    return false;
                DateTimeOffset from = now + publishedBefore;
                foreach (SigningKeyRow old in rows)
                    old.RetiredAt = from + _longestUse;
                state.SigningKeys.AddRange(NewSigning(now, from), NewProtection(now, from));
                return true;
            },
            cancel);

    private SigningKeyRow NewSigning(DateTimeOffset now, DateTimeOffset from)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string id = LocalKey.PublicJwk(key).Kid;
        byte[] secret = key.ExportPkcs8PrivateKey();
        try
        {
            return new SigningKeyRow { Id = id, Use = Sign, Algorithm = SecurityAlgorithms.EcdsaSha256, Key = _sealer.Seal(SealPurposes.SigningKey(id), secret), CreatedAt = now, ActiveFrom = from };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private SigningKeyRow NewProtection(DateTimeOffset now, DateTimeOffset from)
    {
        string id = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(16));
        byte[] secret = RandomNumberGenerator.GetBytes(64);
        return new SigningKeyRow { Id = id, Use = Protect, Algorithm = "HKDF-SHA256", Key = _sealer.Seal(SealPurposes.SigningKey(id), secret), CreatedAt = now, ActiveFrom = from };
    }
}
