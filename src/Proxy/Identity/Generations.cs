using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Proxy.Identity;

/// <summary>A bounded memory of two generations: when the young one is full it becomes the old one, and what was not used since is gone.</summary>
internal sealed class Generations<TKey, TValue>(int generation)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _lock = new();
    private volatile ConcurrentDictionary<TKey, TValue> _young = new();
    private volatile ConcurrentDictionary<TKey, TValue> _old = new();

    /// <summary>Entries held, at most twice the generation's length.</summary>
    public int Count => _young.Count + _old.Count;

    public bool TryFind(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (_young.TryGetValue(key, out value))
            return true;
        if (!_old.TryGetValue(key, out value))
            return false;
        Set(key, value);
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        lock (_lock)
        {
            if (_young.Count >= generation && !_young.ContainsKey(key))
            {
                _old = _young;
                _young = new ConcurrentDictionary<TKey, TValue>();
            }

            _young[key] = value;
        }
    }

    public void Remove(TKey key)
    {
        lock (_lock)
        {
            _young.TryRemove(key, out _);
            _old.TryRemove(key, out _);
        }
    }

    /// <summary>What is held, in no order; the old generation too.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> All() => _old.Concat(_young);
}
