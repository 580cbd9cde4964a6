namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Algorithms in order of preference, by their names on the wire, and the bounds of a transport.</summary>
public sealed record SshTransportOptions
{
    private static readonly IReadOnlyList<string> OwnKeyExchanges =
    [
        SshAlgorithms.MlKem768X25519, SshAlgorithms.Sntrup761X25519, SshAlgorithms.Sntrup761X25519OpenSsh,
        SshAlgorithms.Curve25519, SshAlgorithms.Curve25519LibSsh,
        SshAlgorithms.Group16, SshAlgorithms.Group18,
    ];

    private static readonly IReadOnlyList<string> OwnKeyExchangesForTargets =
    [
        SshAlgorithms.MlKem768X25519,
        SshAlgorithms.Curve25519, SshAlgorithms.Curve25519LibSsh,
        SshAlgorithms.Sntrup761X25519, SshAlgorithms.Sntrup761X25519OpenSsh,
        SshAlgorithms.Group16, SshAlgorithms.Group18,
    ];

    public static SshTransportOptions Default { get; } = new();

    /// <summary>Key exchange methods (RFC 9142). Where they are not set, those towards targets are in another order: <see cref="ForTargets"/>.</summary>
    public IReadOnlyList<string> KeyExchanges { get; init; } = OwnKeyExchanges;

    /// <summary>Signature algorithms of host keys (RFC 8332, RFC 8709).</summary>
    public IReadOnlyList<string> HostKeys { get; init; } =
    [
        "ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com",
        "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256",
    ];

    /// <summary>Ciphers, the same for both directions. AES-GCM first: it is the fastest, and not open to prefix truncation whatever the peer is.</summary>
    public IReadOnlyList<string> Ciphers { get; init; } =
    [
        SshAlgorithms.Aes128Gcm, SshAlgorithms.Aes256Gcm, SshAlgorithms.ChaCha20Poly1305, SshAlgorithms.Aes128Ctr, SshAlgorithms.Aes192Ctr, SshAlgorithms.Aes256Ctr,
    ];

    /// <summary>MACs for ciphers that do not authenticate by themselves. Those that encrypt and MAC apart are known, and not offered unless named here.</summary>
    public IReadOnlyList<string> Macs { get; init; } = [SshAlgorithms.HmacSha256Etm, SshAlgorithms.HmacSha512Etm];

    /// <summary>Compression.</summary>
    public IReadOnlyList<string> Compressions { get; init; } = [SshAlgorithms.NoCompression, SshAlgorithms.ZlibOpenSsh];

    /// <summary>Signature algorithms that users may sign with: what a server says in server-sig-algs (RFC 8308 3.1).</summary>
    public IReadOnlyList<string> UserSignatures { get; init; } =
    [
        "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com",
        "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com",
        "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com",
        "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
        "rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com",
        "rsa-sha2-256", "rsa-sha2-256-cert-v01@openssh.com",
    ];

    /// <summary>New keys after this many bytes of one direction; null: as many as the cipher allows (RFC 4344 3.2).</summary>
    public long? RekeyBytes { get; init; }

    /// <summary>New keys after this many packets of one direction: half of what a sequence number can count (RFC 4344 3.1).</summary>
    public uint RekeyPackets { get; init; } = 1u << 31;

    /// <summary>New keys after this time, at the next packet (RFC 4253 9).</summary>
    public TimeSpan RekeyTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a key exchange may take before the connection ends.</summary>
    public TimeSpan KeyExchangeTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a DISCONNECT may take to leave.</summary>
    public TimeSpan DisconnectTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Encrypted bytes that may wait to be sent; the peer's slowness is felt beyond it.</summary>
    public int SendBuffer { get; init; } = 256 << 10;

    /// <summary>Lines that a target may send before its identification string (RFC 4253 4.2).</summary>
    public int LinesBeforeVersion { get; init; } = 50;

    /// <summary>
    /// The same, as a client of targets. A client's preference decides (RFC 4253 7.1), and a client of sntrup761 makes a key pair and decapsulates: some 70 ms of
    /// a processor for each session. So where nobody has set the order, a target without ML-KEM gets curve25519, and sntrup761 only where it has no other.
    /// </summary>
    public SshTransportOptions ForTargets() => ReferenceEquals(KeyExchanges, OwnKeyExchanges) ? this with { KeyExchanges = OwnKeyExchangesForTargets } : this;

    /// <summary>What is wrong with the names, in words for whoever configured them; null: every list has names, all of them known and none twice.</summary>
    public string? Check() =>
        Check(nameof(KeyExchanges), KeyExchanges, SshAlgorithms.KeyExchanges) ?? Check(nameof(HostKeys), HostKeys, SshAlgorithms.HostKeys)
        ?? Check(nameof(Ciphers), Ciphers, SshAlgorithms.Ciphers) ?? Check(nameof(Macs), Macs, SshAlgorithms.Macs)
        ?? Check(nameof(Compressions), Compressions, SshAlgorithms.Compressions);

    /// <summary>Without the ciphers that a peer without strict key exchange must not use; unchanged when there are no others.</summary>
    internal SshTransportOptions WithoutStrict()
    {
        string[] others = [.. Ciphers.Where(cipher => !SshAlgorithms.NeedsStrict(cipher))];
        return others.Length == 0 ? this : this with { Ciphers = others };
    }

    private static string? Check(string list, IReadOnlyList<string> names, IReadOnlyList<string> known)
    {
        if (names.Count == 0)
            return $"{list}: empty";
        if (names.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            return $"{list}: {unknown} is not known";
        return names.Distinct().Count() == names.Count ? null : $"{list}: a name twice";
    }
}
