using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>One key exchange under way, once both KEXINITs are known.</summary>
internal sealed record SshKexRun : IDisposable
{
    public required SshAgreement Agreement { get; init; }

    public required SshKexMethod Method { get; init; }

    /// <summary>Identification strings without CR LF.</summary>
    public required byte[] ClientVersion { get; init; }

    public required byte[] ServerVersion { get; init; }

    /// <summary>Payloads of the two SSH_MSG_KEXINIT.</summary>
    public required byte[] ClientInit { get; init; }

    public required byte[] ServerInit { get; init; }

    /// <summary>Of the connection; empty in the first exchange, whose hash it becomes.</summary>
    public required byte[] SessionId { get; init; }

    /// <summary>The exchange hash (RFC 4253 8, RFC 5656 4, RFC 4419 3).</summary>
    public byte[] Hash(ReadOnlySpan<byte> hostKey, ReadOnlySpan<byte> offer, ReadOnlySpan<byte> answer, ReadOnlySpan<byte> secret)
    {
        SshWriter hashed = new SshWriter().String(ClientVersion).String(ServerVersion).String(ClientInit).String(ServerInit).String(hostKey);
        Method.WriteParameters(hashed);
        hashed.String(offer).String(answer);
        using var hasher = IncrementalHash.CreateHash(Method.Hash);
        hasher.AppendData(hashed.Written);
        hasher.AppendData(secret);
        return hasher.GetHashAndReset();
    }

    public SshKeys Keys(byte[] secret, byte[] hash) => new(Method.Hash, secret, hash, SessionId.Length == 0 ? hash : SessionId);

    public void Dispose() => Method.Dispose();
}
