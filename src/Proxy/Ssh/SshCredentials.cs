using System.Text;
using Sallyport.Contract;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Ssh;

/// <summary>How the daemon logs in at an SSH target for a session: by a held password or key, or by a certificate that is minted for it.</summary>
/// <param name="authority">Signs user certificates, as of the last reload; null: none are minted.</param>
internal sealed class SshCredentials(Func<SshAuthority?> authority)
{
    /// <summary>Where minting is kept; null: there is no store.</summary>
    public IAudit? Audit { get; set; }

    /// <summary>The credential for the account that the session asked for.</summary>
    /// <exception cref="IOException">It cannot be had.</exception>
    public async ValueTask<TargetCredential> ForAsync(Target target, SessionFacts session, CancellationToken cancel)
    {
        string account = session.Resource.Length > 0 ? session.Resource : target.Config.Database;
        if (account.Length == 0)
            throw new IOException($"target {target.Info.Name}: no account was asked for");
        if (!target.Config.Databases.IsEmpty && !target.Config.Databases.Contains(account))
            throw new IOException($"target {target.Info.Name} has no account of this name");
        SshCredentialConfig how = target.Config.Ssh!.Credential;
        if (how.MintValidity is { } validity)
            return await MintAsync(target, account, how, session, validity, cancel).ConfigureAwait(false);
        string secret = target.StoredPassword is { } stored
            ? stored()
            : await (how.PrivateKey ?? target.Config.Password ?? throw new IOException($"target {target.Info.Name} has no credential")).ReadAsync(cancel).ConfigureAwait(false);
        return how.IsKey
            ? new TargetCredential(account, "") { PrivateKey = Encoding.UTF8.GetBytes(secret + "\n"), Certificate = target.Certificate?.Blob ?? default }
            : new TargetCredential(account, secret);
    }

    private async ValueTask<TargetCredential> MintAsync(
        Target target, string account, SshCredentialConfig how, SessionFacts session, TimeSpan validity, CancellationToken cancel)
    {
        SshAuthority signing = authority() ?? throw new IOException($"target {target.Info.Name} mints certificates, and there is no ssh.authority.user");

        // Making a key and signing are not for a thread that polls sockets.
        TargetCredential minted = await Task.Run(() => signing.MintUser(account, how.MintPrincipals.IsEmpty ? [account] : how.MintPrincipals, session, validity), cancel).ConfigureAwait(false);
        Audit?.Note(new AuditEvent(AuditTypes.CertificateMinted, AuditActor.Of(session.Identity, session.Source.Address))
        {
            Object = $"account:{account}",
            Target = target.Info.Name,
            SessionId = session.SessionId,
        });
        return minted;
    }
}
