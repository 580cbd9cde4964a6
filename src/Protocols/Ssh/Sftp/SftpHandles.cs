using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>A file or directory that the target holds open.</summary>
internal sealed class SftpHandle(string path)
{
    public string Path => path;

    public bool IsDirectory { get; init; }

    public bool Reads { get; init; }

    public bool Writes { get; init; }

    /// <summary>Most bytes that may be read from or written to it; 0: any number.</summary>
    public long MaxBytes { get; init; }

    public long Written { get; set; }

    /// <summary>What was read; null: nothing yet.</summary>
    public FileProgress? Download { get; set; }

    /// <summary>What was written; null: nothing yet, and it was opened for reading only.</summary>
    public FileProgress? Upload { get; set; }

    /// <summary>CLOSE is on its way: nothing else may follow it.</summary>
    public bool Closing { get; set; }
}

/// <summary>A request that the target has not answered.</summary>
/// <param name="Handle">Its handle; of an OPEN, the one that its answer names.</param>
/// <param name="Offset">Where a READ starts.</param>
/// <param name="Beyond">A READ at a place that may not be read: the answer is shown only if it is not data.</param>
internal readonly record struct SftpRequest(byte Type, SftpHandle? Handle, long Offset = 0, bool Beyond = false);

/// <summary>Handles by their bytes, without a copy to look one up.</summary>
internal sealed class SftpHandleComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static SftpHandleComparer Instance { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = default(HashCode);
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}

/// <summary>What the two loops share: open handles and requests under way. Bounded; every member takes the lock.</summary>
internal sealed class SftpState
{
    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], SftpHandle> _handles = new(SftpHandleComparer.Instance);
    private readonly Dictionary<uint, SftpRequest> _requests = [];
    private long _names;
    private int _opening;

    /// <summary>The handle of these bytes; null when the client may not use it.</summary>
    public SftpHandle? Find(ReadOnlySpan<byte> handle)
    {
        lock (_lock)
            return _handles.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(handle, out SftpHandle? found) && !found.Closing ? found : null;
    }

    /// <returns>False: too many, or an id that is in use.</returns>
    public bool Ask(uint id, SftpRequest request)
    {
        lock (_lock)
        {
            if (_requests.Count >= SftpLimits.Outstanding || !_requests.TryAdd(id, request))
                return false;
            if (request.Type == SftpType.Close)
                request.Handle!.Closing = true;
            return true;
        }
    }

    /// <summary>Room for another open handle with this name.</summary>
    public bool TryReserve(int name)
    {
        lock (_lock)
        {
            if (_handles.Count + _opening >= SftpLimits.OpenHandles || _names + name > SftpLimits.KeptNames)
                return false;
            _opening++;
            _names += name;
            return true;
        }
    }

    public bool Peek(uint id, out SftpRequest request)
    {
        lock (_lock)
            return _requests.TryGetValue(id, out request);
    }

    /// <summary>The answer to a request has come.</summary>
    /// <param name="handle">Of an OPEN that succeeded; empty otherwise.</param>
    /// <returns>False: the target gave a handle twice.</returns>
    public bool Answered(uint id, ReadOnlySpan<byte> handle)
    {
        lock (_lock)
        {
            if (!_requests.Remove(id, out SftpRequest request))
                return false;
            if (request.Type is SftpType.Open or SftpType.OpenDir)
            {
                _opening--;
                if (!handle.IsEmpty)
                    return _handles.TryAdd(handle.ToArray(), request.Handle!);
                _names -= request.Handle!.Path.Length;
            }
            else if (request.Type == SftpType.Close)
            {
                Forget(request.Handle!);
            }

            return true;
        }
    }

    /// <summary>Every handle that is still open, once.</summary>
    public List<SftpHandle> TakeAll()
    {
        lock (_lock)
        {
            List<SftpHandle> all = [.. _handles.Values];
            _handles.Clear();
            _requests.Clear();
            return all;
        }
    }

    private void Forget(SftpHandle handle)
    {
        foreach ((byte[] key, SftpHandle value) in _handles)
        {
            if (!ReferenceEquals(value, handle))
                continue;
            _handles.Remove(key);
            _names -= handle.Path.Length;
            return;
        }
    }
}
