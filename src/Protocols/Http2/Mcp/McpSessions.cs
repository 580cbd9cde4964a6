using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>
/// Whose the sessions of MCP servers are: an <c>Mcp-Session-Id</c> belongs to the identity that the server gave it to, since a server that trusts us looks no further. One that is not known
/// here is nobody's: its client gets the 404 that makes it begin a new one (MCP, Session Management). Any thread.
/// </summary>
internal sealed class McpSessions(int most = McpSessions.Most, int mostOfOne = McpSessions.MostOfOne)
{
    /// <summary>Of all identities; about 100 bytes each.</summary>
    public const int Most = 65_536;

    /// <summary>Of one identity at one target; beyond that its own oldest ones are forgotten.</summary>
    public const int MostOfOne = 1024;

    /// <summary>Longer ids than this are not sessions.</summary>
    private const int MostId = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, LinkedListNode<Session>> _sessions = [];
    private readonly Dictionary<string, LinkedList<Session>> _owners = new(StringComparer.Ordinal);

    private readonly record struct Session(UInt128 Id, string Owner);

    public int Count
    {
        get
        {
            lock (_lock)
                return _sessions.Count;
        }
    }

    /// <summary>A server has given out an id. Who got it first keeps it.</summary>
    public void Begin(string target, Identity identity, ReadOnlySpan<byte> id)
    {
        if (id.Length is 0 or > MostId)
            return;
        UInt128 key = Key(target, id);
        string owner = Owner(target, identity);
        lock (_lock)
        {
            if (_sessions.ContainsKey(key))
                return;
            if (!_owners.TryGetValue(owner, out LinkedList<Session>? own))
                _owners.Add(owner, own = []);
            if (own.Count >= mostOfOne)
                Forget(own);
            else if (_sessions.Count >= most)
                Forget(_owners.Values.MaxBy(sessions => sessions.Count)!);
            // The last one of an owner takes the owner with it.
            _owners[owner] = own;
            _sessions.Add(key, own.AddLast(new Session(key, owner)));
        }
    }

    /// <summary>Whether that identity may use an id.</summary>
    public bool Has(string target, Identity identity, ReadOnlySpan<byte> id)
    {
        if (id.Length is 0 or > MostId)
            return false;
        UInt128 key = Key(target, id);
        string owner = Owner(target, identity);
        lock (_lock)
        {
            if (!_sessions.TryGetValue(key, out LinkedListNode<Session>? node) || node.Value.Owner != owner)
                return false;
            LinkedList<Session> own = node.List!;
            own.Remove(node);
            own.AddLast(node);
            return true;
        }
    }

    private void Forget(LinkedList<Session> own)
    {
        Session oldest = own.First!.Value;
        own.RemoveFirst();
        _sessions.Remove(oldest.Id);
        if (own.Count == 0)
            _owners.Remove(oldest.Owner);
    }

    // Lengths part what stands beside each other, so that no two identities look alike.
    private static string Owner(string target, Identity identity)
    {
        var owner = new StringBuilder();
        foreach (string part in (IEnumerable<string>)[target, identity.Issuer, identity.Subject, .. identity.ActingFor])
            owner.Append(part.Length).Append(':').Append(part);
        return owner.ToString();
    }

    private static UInt128 Key(string target, ReadOnlySpan<byte> id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(Encoding.UTF8.GetBytes(target));
        sha.AppendData([0]);
        sha.AppendData(id);
        sha.GetHashAndReset(hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
