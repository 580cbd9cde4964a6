using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>What a publickey request leads to: an attempt, a reply that is neither success nor failure, or (both null) a failure that disproves nothing.</summary>
internal readonly record struct SshKeyAnswer(SshFactor? Factor, byte[]? Reply);

/// <summary>
/// The <c>publickey</c> method (RFC 4252 7) and <c>publickey-hostbound-v00@openssh.com</c> (OpenSSH PROTOCOL 3.1).
/// <code>
///   boolean has signature, string algorithm, string key or certificate, [string the server's host key,] [string signature]
///   signed: string session identifier, then the request as it came, up to the signature
/// </code>
/// Nothing is remembered from one request to the next: who it is follows from the key in the request whose signature was verified, and from no other.
/// </summary>
internal sealed class SshKeyLogin(SshServerAuthParts parts)
{
    public const string HostBound = "publickey-hostbound-v00@openssh.com";
    private const int MaxSignature = 4096;

    public async ValueTask<SshKeyAnswer> RunAsync(SshAuthRequest request, CancellationToken cancel)
    {
        if (!TryRead(request, out Offer offer))
            return Failed("key-malformed");
        System.Net.IPEndPoint source = parts.Transport.Duplex.Remote;
        if (!offer.IsSigned)
        {
            bool known = offer.Key is not null && await parts.Login.IsKnownKeyAsync(new KeyProof(offer.Blob, request.User, source), cancel).ConfigureAwait(false);
            return new SshKeyAnswer(null, known ? SshAuthMessages.KeyOk(offer.Algorithm, offer.Blob) : null);
        }

        if (offer.Key is not { } key)
            return Failed("key-algorithm");
        byte[] signed = new SshWriter().String(parts.Transport.SessionId.Span).Raw(request.Message.Span[..offer.SignedLength]).ToArray();
        if (!SshSignature.Verify(key, offer.Signature, signed, SshKeyTypes.Plain(offer.Algorithm), out SshSignatureFacts facts))
            return Failed("signature");
        LoginResult result = await parts.Login.LoginKeyAsync(new KeyProof(offer.Blob, request.User, source, facts.Present, facts.Verified), cancel).ConfigureAwait(false);
        return new SshKeyAnswer(new SshFactor(SshMethod.PublicKey, result, "key:" + key.Fingerprint), null);
    }

    private static SshKeyAnswer Failed(string refusal) => new(SshFactor.Failed(SshMethod.PublicKey, refusal), null);

    private bool TryRead(SshAuthRequest request, out Offer offer)
    {
        offer = default;
        var reader = new SshReader(request.Fields);
        byte has = reader.ReadByte();
        string algorithm = reader.ReadText(64);
        byte[] blob = reader.ReadString().ToArray();
        if (reader.Failed || has > 1 || (request.Method == HostBound && !IsOurs(reader.ReadString())))
            return false;
        int signedLength = request.Message.Length - reader.Left;
        byte[] signature = has == 1 ? reader.ReadString().ToArray() : [];
        if (!reader.AtEnd || signature.Length > MaxSignature)
            return false;
        offer = new Offer(has == 1, algorithm, blob, KeyOf(algorithm, blob), signature, signedLength);
        return true;
    }

    /// <summary>The key that must have signed; null: the algorithm is not one that was offered, or does not fit the blob. A certificate goes by a certificate's algorithm only.</summary>
    private SshPublicKey? KeyOf(string algorithm, byte[] blob)
    {
        if (!parts.Listener.Transport.UserSignatures.Contains(algorithm, StringComparer.Ordinal))
            return null;
        SshPublicKey? key = SshKeyTypes.IsCertificate(algorithm)
            ? SshCertificate.TryParse(blob, out SshCertificate? certificate) ? certificate.Key : null
            : SshPublicKey.TryParse(blob, out SshPublicKey? plain) ? plain : null;
        return key is not null && SshKeyTypes.Fits(key.Type, SshKeyTypes.Plain(algorithm)) ? key : null;
    }

    private bool IsOurs(ReadOnlySpan<byte> hostKey)
    {
        foreach (SshSigner signer in parts.HostKeys.Signers)
        {
            if (hostKey.SequenceEqual(signer.PublicBlob.Span) || (!signer.Certificate.IsEmpty && hostKey.SequenceEqual(signer.Certificate.Span)))
                return true;
        }

        return false;
    }

    private readonly record struct Offer(bool IsSigned, string Algorithm, byte[] Blob, SshPublicKey? Key, byte[] Signature, int SignedLength);
}
