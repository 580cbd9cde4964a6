using System.Security.Cryptography;
using Org.BouncyCastle.Math;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// diffie-hellman-group-exchange-sha256 (RFC 4419, RFC 8270): the client says how large a group it wants, the server chooses one. As a server only groups
/// of RFC 3526 are given out, whose primes are known to be safe.
/// </summary>
internal sealed class SshKexGroupExchange() : SshKexGroup(null, HashAlgorithmName.SHA256)
{
    public const byte GroupNumber = 31;
    public const byte RequestNumber = 34;

    /// <summary>RFC 8270 3.</summary>
    private const uint Smallest = 2048;
    private const uint Preferred = 4096;
    private const uint Largest = 8192;

    private uint _min = Smallest;
    private uint _wanted = Preferred;
    private uint _max = Largest;

    public override byte InitNumber => 32;

    public override bool HasGroup => Group is not null;

    /// <summary>SSH_MSG_KEX_DH_GEX_REQUEST: <c>uint32 min | uint32 n | uint32 max</c>.</summary>
    public override byte[] Request() => new SshWriter().Byte(RequestNumber).UInt32(_min).UInt32(_wanted).UInt32(_max).ToArray();

    /// <summary>SSH_MSG_KEX_DH_GEX_GROUP for a request: <c>mpint p | mpint g</c>.</summary>
    public override byte[]? OnRequest(ReadOnlySpan<byte> payload)
    {
        var reader = new SpanReader(payload[1..]);
        (_min, _wanted, _max) = (reader.ReadUInt32(), reader.ReadUInt32(), reader.ReadUInt32());
        if (payload[0] != RequestNumber || !reader.AtEnd || _min > _wanted || _wanted > _max || _max < Smallest)
            return null;
        List<SshGroup> allowed = [.. SshGroup.Modp.Where(group => group.Bits >= _min && group.Bits <= _max)];
        Group = allowed.Find(group => group.Bits >= _wanted) ?? allowed.LastOrDefault();
        return Group is null ? null : new SshWriter().Byte(GroupNumber).String(SshGroup.Write(Group.Prime)).String(SshGroup.Write(Group.Generator)).ToArray();
    }

    public override bool OnGroup(ReadOnlySpan<byte> payload)
    {
        var reader = new SpanReader(payload[1..]);
        BigInteger? prime = SshGroup.Read(reader.ReadString());
        BigInteger? generator = SshGroup.Read(reader.ReadString());
        if (payload[0] != GroupNumber || !reader.AtEnd || prime is null || generator is null)
            return false;
        var group = new SshGroup(prime, generator);
        if (group.Bits < _min || group.Bits > _max || !prime.TestBit(0) || !group.Contains(generator))
            return false;
        Group = group;
        return true;
    }

    public override void WriteParameters(SshWriter hashed) => hashed.UInt32(_min).UInt32(_wanted).UInt32(_max)
        .String(SshGroup.Write(Group!.Prime)).String(SshGroup.Write(Group.Generator));
}
