using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Ssh;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Sessions;

/// <summary>Sessions that a key or certificate has let in, when the files no longer would.</summary>
public sealed class KeyWardenTests : IAsyncLifetime
{
    private LoginRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await LoginRig.OpenAsync();
        await _rig.AddUserAsync("pat", ["dba"]);
        await _rig.AddUserAsync("sam", ["dba"]);
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Principals);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_certificate_dies_with_its_authority_and_no_other()
    {
        EnteredSession certified = Enter(await LoginAsync(SshKeyRig.Certificate(_rig.Time.Now)));
        await RegisterAsync("sam", SshKeyRig.Other);
        EnteredSession other = Enter(await LoginAsync(SshKeyRig.Other.PublicBlob));
        Reload(trust => trust);
        Assert.Null(certified.Reason);

        Reload(trust => trust with { Revoked = KeyRevocationList.Of([SshKeyRig.Authority.PublicKey]) });

        Assert.Equal("revoked", certified.Reason);
        Assert.Contains("revoked revoked/certificate-revoked pat", certified.Events);
        Assert.Null(other.Reason);
        Assert.Equal(VerdictKind.Allow, other.Judge().Kind);
    }

    [Fact]
    public async Task A_certificate_dies_when_nobody_trusts_its_authority_any_more()
    {
        EnteredSession certified = Enter(await LoginAsync(SshKeyRig.Certificate(_rig.Time.Now)));
        Reload(_ => KeyTrust.None);
        Assert.Equal("revoked", certified.Reason);
    }

    [Fact]
    public async Task A_registered_key_and_the_key_in_a_certificate_die_when_they_are_revoked()
    {
        await RegisterAsync("sam", SshKeyRig.Other);
        EnteredSession key = Enter(await LoginAsync(SshKeyRig.Other.PublicBlob));
        EnteredSession certified = Enter(await LoginAsync(SshKeyRig.Certificate(_rig.Time.Now)));
        Reload(trust => trust with { Revoked = KeyRevocationList.Of([SshKeyRig.Other.PublicKey, SshKeyRig.Person.PublicKey]) });
        Assert.Equal(("revoked", "revoked"), (key.Reason, certified.Reason));
        Assert.Contains("revoked revoked/key-revoked sam", key.Events);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("sam")]
    public async Task A_line_that_is_gone_or_has_become_somebody_elses_ends_its_sessions(string? now)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pat", $"{SshKeyRig.Person.PublicKey}\n");
        Reload(trust => trust with { Files = AuthorizedKeys.Read(directory.Path) });
        EnteredSession session = Enter(await LoginAsync(SshKeyRig.Person.PublicBlob));

        File.Delete(Path.Combine(directory.Path, "pat"));
        if (now is not null)
            directory.Write(now, $"{SshKeyRig.Person.PublicKey}\n");
        Reload(trust => trust with { Files = AuthorizedKeys.Read(directory.Path) });

        Assert.Equal("revoked", session.Reason);
        Assert.Contains("revoked revoked/key-unknown pat", session.Events);
    }

    [Fact]
    public async Task Where_policy_says_so_it_is_refused_everything_instead()
    {
        _rig.Policy.Limits = new SessionLimits { RefuseWhenRevoked = true };
        EnteredSession session = Enter(await LoginAsync(SshKeyRig.Certificate(_rig.Time.Now)));
        Reload(_ => KeyTrust.None);
        Assert.Null(session.Reason);
        Assert.Equal((VerdictKind.Deny, "revoked/" + Sallyport.Proxy.Identity.Refusals.Certificate), (session.Judge().Kind, session.Judge().RuleId));
    }

    [Fact]
    public async Task What_was_revoked_between_login_and_entry_does_not_enter()
    {
        Contract.Identity pat = await LoginAsync(SshKeyRig.Certificate(_rig.Time.Now));
        _rig.Trust = KeyTrust.None;
        var session = new EnteredSession(pat, _rig.Room.Policy, _rig.Time);
        Assert.False(_rig.Room.Sessions.TryEnter(session.Context, session, out string? refusal));
        Assert.Contains("no longer good", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_two_factors_the_first_ends_the_session_too(bool registered)
    {
        PersonKeyRow? row = registered ? await RegisterAsync("pat", SshKeyRig.Other) : null;
        Contract.Identity first = await LoginAsync(registered ? SshKeyRig.Other.PublicBlob : SshKeyRig.Certificate(_rig.Time.Now));
        Contract.Identity second = (await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"]))).Identity!;
        EnteredSession session = Enter(second with { Earlier = [first] });

        if (row is not null)
            Assert.True(await _rig.Room.PersonKeys.RemoveAsync(row.Id, "pat", "lost", new AuditActor("pat", LoginRig.Broker, []), _rig.KeepAsync, default));
        else
            Reload(trust => trust with { Revoked = KeyRevocationList.Of([SshKeyRig.Authority.PublicKey]) });

        Assert.Equal("revoked", session.Reason);
    }

    private void Reload(Func<KeyTrust, KeyTrust> change)
    {
        _rig.Trust = change(_rig.Trust);
        _rig.Room.Keys.Apply();
    }

    private EnteredSession Enter(Contract.Identity identity)
    {
        var session = new EnteredSession(identity, _rig.Room.Policy, _rig.Time);
        Assert.True(_rig.Room.Sessions.TryEnter(session.Context, session, out string? refusal), refusal);
        return session;
    }

    private async Task<Contract.Identity> LoginAsync(ReadOnlyMemory<byte> blob) => (await _rig.Login.LoginKeyAsync(SshKeyRig.Proof(blob), default)).Identity!;

    private Task<PersonKeyRow> RegisterAsync(string subject, SshPrivateKey key) =>
        _rig.Room.PersonKeys.AddAsync(subject, key.PublicKey.ToString(), "laptop", null, new AuditActor(subject, LoginRig.Broker, []), _rig.KeepAsync, default);
}
