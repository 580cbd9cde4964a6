using System.Security.Cryptography;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// SSH_MSG_KEXINIT (RFC 4253 7.1):
/// <code>
///   byte 20 | byte[16] cookie | name-list kex, host key, cipher c>s, cipher s>c, mac c>s, mac s>c, compression c>s, s>c, language c>s, s>c
///   boolean first_kex_packet_follows | uint32 0
/// </code>
/// </summary>
internal sealed record SshKexInit
{
    private const int CookieSize = 16;

    public required IReadOnlyList<string> KeyExchanges { get; init; }

    public required IReadOnlyList<string> HostKeys { get; init; }

    public required IReadOnlyList<string> CiphersToServer { get; init; }

    public required IReadOnlyList<string> CiphersToClient { get; init; }

    public required IReadOnlyList<string> MacsToServer { get; init; }

    public required IReadOnlyList<string> MacsToClient { get; init; }

    public required IReadOnlyList<string> CompressionsToServer { get; init; }

    public required IReadOnlyList<string> CompressionsToClient { get; init; }

    public bool FirstKexPacketFollows { get; init; }

    /// <summary>What we offer.</summary>
    /// <param name="markers">What is said by names that are no methods: ext-info, strict key exchange. Only in the first exchange.</param>
    public static SshKexInit Ours(SshTransportOptions options, IReadOnlyList<string> hostKeys, IEnumerable<string> markers) => new()
    {
        KeyExchanges = [.. options.KeyExchanges, .. markers],
        HostKeys = hostKeys,
        CiphersToServer = options.Ciphers,
        CiphersToClient = options.Ciphers,
        MacsToServer = options.Macs,
        MacsToClient = options.Macs,
        CompressionsToServer = options.Compressions,
        CompressionsToClient = options.Compressions,
    };

    /// <summary>What a peer offers; null: it is malformed.</summary>
    public static SshKexInit? Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new SpanReader(payload);
        reader.ReadBytes(1 + CookieSize);
        string[]? keyExchanges = reader.ReadNameList();
        string[]? hostKeys = reader.ReadNameList();
        string[]? ciphersToServer = reader.ReadNameList();
        string[]? ciphersToClient = reader.ReadNameList();
        string[]? macsToServer = reader.ReadNameList();
        string[]? macsToClient = reader.ReadNameList();
        string[]? compressionsToServer = reader.ReadNameList();
        string[]? compressionsToClient = reader.ReadNameList();
        reader.ReadString();
        reader.ReadString();
        bool follows = reader.ReadBoolean();
        reader.ReadUInt32();
        if (!reader.AtEnd || keyExchanges is null || hostKeys is null || ciphersToServer is null || ciphersToClient is null
            || macsToServer is null || macsToClient is null || compressionsToServer is null || compressionsToClient is null)
            return null;
        return new SshKexInit
        {
            KeyExchanges = keyExchanges,
            HostKeys = hostKeys,
            CiphersToServer = ciphersToServer,
            CiphersToClient = ciphersToClient,
            MacsToServer = macsToServer,
            MacsToClient = macsToClient,
            CompressionsToServer = compressionsToServer,
            CompressionsToClient = compressionsToClient,
            FirstKexPacketFollows = follows,
        };
    }

    /// <summary>The message, with a new cookie.</summary>
    public byte[] ToPayload()
    {
        Span<byte> cookie = stackalloc byte[CookieSize];
        RandomNumberGenerator.Fill(cookie);
        return new SshWriter().Byte(SshMessageNumber.KexInit).Raw(cookie)
            .NameList(KeyExchanges).NameList(HostKeys)
            .NameList(CiphersToServer).NameList(CiphersToClient)
            .NameList(MacsToServer).NameList(MacsToClient)
            .NameList(CompressionsToServer).NameList(CompressionsToClient)
            .NameList([]).NameList([])
            .Boolean(FirstKexPacketFollows).UInt32(0)
            .ToArray();
    }

    /// <summary>True when the packet that follows was made for what both sides like best (RFC 4253 7); otherwise it is to be ignored.</summary>
    public bool GuessedAs(SshKexInit other) =>
        KeyExchanges is [string kex, ..] && other.KeyExchanges is [string otherKex, ..] && kex == otherKex
        && HostKeys is [string key, ..] && other.HostKeys is [string otherKey, ..] && key == otherKey;
}
