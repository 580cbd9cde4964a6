using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>A client's part of key exchanges: it has the host key proven, then judged.</summary>
internal sealed class SshClientExchange(IHostKeys hostKeys, SshFaults faults) : SshExchangeRole
{
    private byte[] _offer = [];

    public override bool IsServer => false;

    /// <summary>Known types first: a target with several keys then shows one that can be compared. Certificates only where an authority is trusted for it.</summary>
    public override IReadOnlyList<string> HostKeys(SshTransportOptions options)
    {
        IReadOnlyList<string> known = hostKeys.KnownTypes;
        bool IsKnown(string algorithm) => known.Contains(SshAlgorithms.KeyType(algorithm)) || known.Contains(algorithm);
        return
        [
            .. options.HostKeys.Where(IsKnown),
            .. options.HostKeys.Where(algorithm => !IsKnown(algorithm) && !SshAlgorithms.IsCertificate(algorithm)),
        ];
    }

    public override ValueTask BeginAsync(SshKexRun run, SshSender sender)
    {
        if (run.Method.HasGroup)
            return OfferAsync(run, sender);
        sender.Write(run.Method.Request());
        return default;
    }

    private async ValueTask OfferAsync(SshKexRun run, SshSender sender)
    {
        _offer = await Task.Run(run.Method.Offer).ConfigureAwait(false);
        sender.Write(new SshWriter().Byte(run.Method.InitNumber).String(_offer).Written);
    }

    public override async ValueTask<SshKeys?> HandleAsync(SshKexRun run, SshSender sender, ReadOnlyMemory<byte> payload)
    {
        if (!run.Method.HasGroup)
        {
            if (!run.Method.OnGroup(payload.Span))
                throw faults.KeyExchange("the target's group is not one to be used");
            await OfferAsync(run, sender).ConfigureAwait(false);
            return null;
        }

        if (payload.Span[0] != run.Method.ReplyNumber)
            throw faults.Violation("unexpected key exchange message");
        byte[] reply = payload.ToArray();
        return await Task.Run(() => Finish(run, reply)).ConfigureAwait(false);
    }

    private SshKeys Finish(SshKexRun run, byte[] reply)
    {
        var reader = new SpanReader(reply.AsSpan(1));
        ReadOnlySpan<byte> hostKey = reader.ReadString();
        ReadOnlySpan<byte> answer = reader.ReadString();
        ReadOnlySpan<byte> signature = reader.ReadString();
        if (!reader.AtEnd)
            throw faults.Violation("malformed key exchange message");
        byte[] secret = run.Method.Finish(answer) ?? throw faults.KeyExchange("the target's public value is not one");
        byte[] hash = run.Hash(hostKey, _offer, answer, secret);
        string algorithm = run.Agreement.HostKey;
        if (!IsOfType(hostKey, SshAlgorithms.KeyType(algorithm)))
            throw faults.HostKey("host-key-unproven", "the target's host key is not of the agreed type");
        if (!SshSignature.Verify(hostKey, signature, hash, algorithm))
            throw faults.HostKey("host-key-unproven", "the target has not proven its host key");
        Judge(hostKey.ToArray());
        return run.Keys(secret, hash);
    }

    private void Judge(byte[] hostKey)
    {
        switch (hostKeys.Judge(hostKey))
        {
            case HostKeyStatus.Trusted:
                return;
            case HostKeyStatus.Unknown:
                throw faults.HostKey("host-key-unknown", "no host key of the target is known");
            case HostKeyStatus.Revoked:
                throw faults.HostKey("host-key-revoked", "the target's host key is revoked");
            default:
                throw faults.HostKey("host-key-mismatch", "the target's host key is not the one that is known");
        }
    }

    private static bool IsOfType(ReadOnlySpan<byte> blob, string type)
    {
        var reader = new SpanReader(blob);
        return reader.ReadString().SequenceEqual(Encoding.ASCII.GetBytes(type)) && !reader.Failed;
    }
}
