namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>What two KEXINITs agree on (RFC 4253 7.1): for each kind the first of the client's that the server has too.</summary>
internal sealed record SshAgreement
{
    public required string KeyExchange { get; init; }

    public required string HostKey { get; init; }

    public required SshSuite ToServer { get; init; }

    public required SshSuite ToClient { get; init; }

    public override string ToString() => $"{KeyExchange} {HostKey} {ToServer} {ToClient} {ToServer.Compression}";

    /// <summary>The agreement, or in <paramref name="missing"/> what there is none about.</summary>
    public static SshAgreement? Of(SshKexInit client, SshKexInit server, out string missing)
    {
        missing = "key exchange method";
        if (First(client.KeyExchanges, server.KeyExchanges) is not { } kex || !SshAlgorithms.KeyExchanges.Contains(kex))
            return null;
        missing = "host key algorithm";
        if (First(client.HostKeys, server.HostKeys) is not { } hostKey)
            return null;
        missing = "cipher";
        if (First(client.CiphersToServer, server.CiphersToServer) is not { } toServer || First(client.CiphersToClient, server.CiphersToClient) is not { } toClient)
            return null;
        missing = "MAC";
        if (Mac(toServer, client.MacsToServer, server.MacsToServer) is not { } macToServer || Mac(toClient, client.MacsToClient, server.MacsToClient) is not { } macToClient)
            return null;
        missing = "compression";
        if (First(client.CompressionsToServer, server.CompressionsToServer) is not { } compressionToServer
            || First(client.CompressionsToClient, server.CompressionsToClient) is not { } compressionToClient)
            return null;
        missing = "";
        return new SshAgreement
        {
            KeyExchange = kex,
            HostKey = hostKey,
            ToServer = new SshSuite(toServer, macToServer, compressionToServer),
            ToClient = new SshSuite(toClient, macToClient, compressionToClient),
        };
    }

    /// <summary>The markers in key exchange lists are not methods: no method has their names, and neither side's marker is the other's.</summary>
    private static string? First(IReadOnlyList<string> client, IReadOnlyList<string> server) => client.FirstOrDefault(server.Contains);

    private static string? Mac(string cipher, IReadOnlyList<string> client, IReadOnlyList<string> server) =>
        SshAlgorithms.IsAuthenticated(cipher) ? "" : First(client, server);
}

/// <summary>What protects one direction.</summary>
/// <param name="Mac">Empty where the cipher authenticates.</param>
internal sealed record SshSuite(string Cipher, string Mac, string Compression)
{
    public bool NeedsStrict => SshAlgorithms.NeedsStrict(Cipher);

    public override string ToString() => Mac.Length == 0 ? Cipher : $"{Cipher}/{Mac}";
}
