using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>A server's part of key exchanges: it proves its host key.</summary>
internal sealed class SshServerExchange(SshServerKeys keys, SshFaults faults) : SshExchangeRole
{
    public override bool IsServer => true;

    public override IReadOnlyList<string> HostKeys(SshTransportOptions options) => [.. options.HostKeys.Where(name => Signer(name) is not null)];

    public override ValueTask BeginAsync(SshKexRun run, SshSender sender) => default;

    public override async ValueTask<SshKeys?> HandleAsync(SshKexRun run, SshSender sender, ReadOnlyMemory<byte> payload)
    {
        if (!run.Method.HasGroup)
        {
            sender.Write(run.Method.OnRequest(payload.Span) ?? throw faults.KeyExchange("no group for what the client asks for"));
            return null;
        }

        if (payload.Span[0] != run.Method.InitNumber)
            throw faults.Violation("unexpected key exchange message");
        byte[] offer = Offer(payload.Span);
        // The curve's, the post-quantum and the signature's arithmetic takes milliseconds: not on the thread that polls sockets.
        (byte[] reply, SshKeys agreed) = await Task.Run(() => Answer(run, offer)).ConfigureAwait(false);
        sender.Write(reply);
        return agreed;
    }

    private byte[] Offer(ReadOnlySpan<byte> payload)
    {
        var reader = new SpanReader(payload[1..]);
        ReadOnlySpan<byte> offer = reader.ReadString();
        return reader.AtEnd ? offer.ToArray() : throw faults.Violation("malformed key exchange message");
    }

    private (byte[] Reply, SshKeys Keys) Answer(SshKexRun run, byte[] offer)
    {
        string algorithm = run.Agreement.HostKey;
        SshSigner signer = Signer(algorithm) ?? throw faults.KeyExchange("no host key of the agreed type");
        SshKexAnswer answer = run.Method.Answer(offer) ?? throw faults.KeyExchange("the client's public value is not one");
        ReadOnlyMemory<byte> blob = SshAlgorithms.IsCertificate(algorithm) ? signer.Certificate : signer.PublicBlob;
        byte[] hash = run.Hash(blob.Span, offer, answer.Public, answer.Secret);
        byte[] signature = signer.Sign(SshAlgorithms.WithoutCertificate(algorithm), hash);
        byte[] reply = new SshWriter().Byte(run.Method.ReplyNumber).String(blob.Span).String(answer.Public).String(signature).ToArray();
        return (reply, run.Keys(answer.Secret, hash));
    }

    /// <summary>The host key that signs by an algorithm, with a certificate where the algorithm wants one.</summary>
    private SshSigner? Signer(string algorithm)
    {
        bool certificate = SshAlgorithms.IsCertificate(algorithm);
        string plain = SshAlgorithms.WithoutCertificate(algorithm);
        return keys.Signers.FirstOrDefault(signer => signer.Algorithms.Contains(plain) && (!certificate || !signer.Certificate.IsEmpty));
    }
}
