using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Ssh;

/// <summary>Whom keys, certificates and passwords that come as they are stand for.</summary>
public sealed class KeyLoginTests : IAsyncLifetime
{
    private LoginRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await LoginRig.OpenAsync();
        await _rig.AddUserAsync("pat", ["dba"]);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_registered_key_is_its_person_as_the_store_knows_them_now()
    {
        PersonKeyRow row = await RegisterAsync(SshKeyRig.Person);
        LoginResult result = await LoginAsync(SshKeyRig.Person.PublicBlob);
        Contract.Identity pat = result.Identity!;
        Assert.Equal(("pat", LoginRig.Broker, $"key:{row.Id}"), (pat.Subject, pat.Issuer, pat.TokenId));
        Assert.Equal(["dba"], pat.Groups.AsEnumerable());
        Assert.Equal(_rig.Time.Now + TimeSpan.FromHours(12), pat.ExpiresAt);
        Assert.Null(pat.AuthenticatedAt);
        Assert.Null(result.Restrictions);
        await _rig.FlushAsync();
        Assert.Equal("192.0.2.7", Assert.Single(await _rig.Room.PersonKeys.ListAsync("pat", 10, default)).LastUsedFrom);

        await _rig.ChangeAsync("pat", db => db.Users.ExecuteUpdate(u => u.SetProperty(x => x.Disabled, true)));
        Assert.Equal(Refusals.Disabled, (await LoginAsync(SshKeyRig.Person.PublicBlob)).Refusal);
    }

    [Fact]
    public async Task A_key_that_was_removed_or_is_over_lets_nobody_in_and_its_sessions_end()
    {
        PersonKeyRow row = await RegisterAsync(SshKeyRig.Person, TimeSpan.FromHours(1));
        Contract.Identity pat = (await LoginAsync(SshKeyRig.Person.PublicBlob)).Identity!;
        Assert.Equal(row.ExpiresAt, pat.ExpiresAt);
        Assert.Null(_rig.Revocations.Find(pat));
        Assert.False(await _rig.Room.PersonKeys.RemoveAsync(row.Id, "sam", "x", Actor, _rig.KeepAsync, default));
        Assert.True(await _rig.Room.PersonKeys.RemoveAsync(row.Id, "pat", "lost", Actor, _rig.KeepAsync, default));
        Assert.Equal("key", _rig.Revocations.Find(pat)!.Kind);
        Assert.Equal(Refusals.KeyUnknown, (await LoginAsync(SshKeyRig.Person.PublicBlob)).Refusal);

        // Registered again it is another registration: what was revoked was the old one.
        await RegisterAsync(SshKeyRig.Person, TimeSpan.FromHours(1));
        Assert.NotNull((await LoginAsync(SshKeyRig.Person.PublicBlob)).Identity);
        _rig.Time.Now += TimeSpan.FromHours(1);
        Assert.Equal(Refusals.Expired, (await LoginAsync(SshKeyRig.Person.PublicBlob)).Refusal);
    }

    [Fact]
    public async Task A_key_is_one_persons_only()
    {
        await RegisterAsync(SshKeyRig.Person);
        await _rig.AddUserAsync("sam", []);
        await Assert.ThrowsAsync<ArgumentException>(() => RegisterAsync(SshKeyRig.Person, subject: "sam"));
        await Assert.ThrowsAsync<ArgumentException>(() => RegisterAsync(SshKeyRig.Other, subject: "nobody"));
    }

    [Fact]
    public async Task Being_asked_about_says_only_whether_a_signature_could_prove_anything()
    {
        await RegisterAsync(SshKeyRig.Person);
        Assert.True(await _rig.Login.IsKnownKeyAsync(SshKeyRig.Proof(SshKeyRig.Person.PublicBlob), default));
        Assert.False(await _rig.Login.IsKnownKeyAsync(SshKeyRig.Proof(SshKeyRig.Other.PublicBlob), default));
        Assert.False(await _rig.Login.IsKnownKeyAsync(SshKeyRig.Proof(new byte[7]), default));

        // An agent offers what it has: that is no failure, however much it is.
        for (int i = 0; i < 100; i++)
            await _rig.Login.IsKnownKeyAsync(SshKeyRig.Proof(SshKeyRig.Other.PublicBlob), default);
        Assert.NotNull((await LoginAsync(SshKeyRig.Person.PublicBlob)).Identity);
    }

    [Fact]
    public async Task Whoever_signs_with_unknown_keys_again_and_again_must_wait()
    {
        await RegisterAsync(SshKeyRig.Person);
        for (int i = 0; i < 30; i++)
            await LoginAsync(SshKeyRig.Other.PublicBlob);
        Assert.Equal(Refusals.Throttled, (await LoginAsync(SshKeyRig.Person.PublicBlob)).Refusal);
        Assert.False(await _rig.Login.IsKnownKeyAsync(SshKeyRig.Proof(SshKeyRig.Person.PublicBlob), default));
    }

    [Fact]
    public async Task A_security_key_that_nobody_touched_is_refused()
    {
        SshPublicKey key = SshKeyRig.SecurityKey();
        await _rig.Room.PersonKeys.AddAsync("pat", key.ToString(), null, null, Actor, _rig.KeepAsync, default);
        Assert.True(await _rig.Login.IsKnownKeyAsync(SshKeyRig.Proof(key.Blob), default));
        Assert.Equal(Refusals.Presence, (await LoginAsync(key.Blob)).Refusal);
        Assert.Equal(_rig.Time.Now, (await _rig.Login.LoginKeyAsync(SshKeyRig.Proof(key.Blob, present: true), default)).Identity!.AuthenticatedAt);
        byte[] certificate = SshKeyRig.Certificate(_rig.Time.Now, key: key);
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Principals);
        Assert.Equal(Refusals.Presence, (await LoginAsync(certificate)).Refusal);
        Assert.NotNull((await _rig.Login.LoginKeyAsync(SshKeyRig.Proof(certificate, present: true), default)).Identity);
    }

    [Fact]
    public async Task Revoked_keys_are_refused_wherever_they_come_from()
    {
        await RegisterAsync(SshKeyRig.Person);
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Principals) with { Revoked = KeyRevocationList.Of([SshKeyRig.Person.PublicKey]) };
        Assert.Equal(Refusals.KeyRevoked, (await LoginAsync(SshKeyRig.Person.PublicBlob)).Refusal);
        byte[] certificate = SshKeyRig.Certificate(_rig.Time.Now, key: SshKeyRig.Other.PublicKey);
        Assert.NotNull((await LoginAsync(certificate)).Identity);

        // Revoking the authority revokes what it signed.
        _rig.Trust = _rig.Trust with { Revoked = KeyRevocationList.Of([SshKeyRig.Authority.PublicKey]) };
        Assert.Equal("certificate-revoked", (await LoginAsync(certificate)).Refusal);
    }

    [Theory]
    [InlineData("deploy+web1", null)]
    [InlineData("deploy", null)]
    [InlineData("root+web1", "certificate-principal")]
    [InlineData("deplo+web1", "certificate-principal")]
    [InlineData("deploy,root+web1", "certificate-principal")]
    [InlineData("+web1", "certificate-principal")]
    public async Task The_account_is_among_the_principals_as_a_whole(string user, string? refusal)
    {
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Principals);
        Assert.Equal(refusal, (await _rig.Login.LoginKeyAsync(SshKeyRig.Proof(SshKeyRig.Certificate(_rig.Time.Now), user), default)).Refusal);
    }

    [Fact]
    public async Task AdversaryMenu_The_principals_go_along_for_an_account_that_is_named_later()
    {
        byte[] certificate = SshKeyRig.Certificate(_rig.Time.Now, request => request with { Principals = ["deploy", "web"] });
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Principals);
        Assert.Equal(["deploy", "web"], (await _rig.Login.LoginKeyAsync(SshKeyRig.Proof(certificate, "deploy"), default)).Restrictions!.Accounts!);
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Any);
        Assert.Null((await _rig.Login.LoginKeyAsync(SshKeyRig.Proof(certificate, "deploy"), default)).Restrictions!.Accounts);
    }

    [Fact]
    public async Task A_certificate_says_who_it_is_and_what_it_leaves()
    {
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Principals);
        byte[] blob = SshKeyRig.Certificate(_rig.Time.Now, request => request with
        {
            CriticalOptions = new Dictionary<string, string> { [SshCertificateOptions.ForceCommand] = "/usr/bin/uptime", [SshCertificateOptions.SourceAddress] = "192.0.2.0/24" },
        });
        LoginResult result = await LoginAsync(blob);
        Assert.Equal(("pat", _rig.Time.Now + TimeSpan.FromHours(1)), (result.Identity!.Subject, result.Identity.ExpiresAt));
        Assert.Equal(["deploy"], result.Restrictions!.Accounts!);
        Assert.Equal(new LoginRestrictions { ForceCommand = "/usr/bin/uptime", NoForwarding = true, NoAgent = true, NoX11 = true }, result.Restrictions with { Accounts = null });
        LoginResult elsewhere = await _rig.Login.LoginKeyAsync(new KeyProof(blob, "deploy", LoginRig.From("198.51.100.1")), default);
        Assert.Equal("certificate-source-address", elsewhere.Refusal);
        _rig.Time.Now += TimeSpan.FromHours(2);
        Assert.Equal("certificate-expired", (await LoginAsync(blob)).Refusal);
    }

    [Fact]
    public async Task Certificates_of_others_for_hosts_and_with_unknown_options_are_refused()
    {
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Principals);
        DateTimeOffset now = _rig.Time.Now;
        Assert.Equal("certificate-kind", (await LoginAsync(SshKeyRig.Certificate(now, request => request with { Kind = SshCertificateKind.Host, Extensions = [] }))).Refusal);
        Assert.Equal("certificate-option-unknown", (await LoginAsync(SshKeyRig.Certificate(now, request => request with { CriticalOptions = new Dictionary<string, string> { ["no-such@example.com"] = "x" } }))).Refusal);
        Assert.Equal("certificate-verification-required", (await LoginAsync(SshKeyRig.Certificate(now, request => request with { CriticalOptions = new Dictionary<string, string> { [SshCertificateOptions.VerifyRequired] = "" } }))).Refusal);
        Assert.Equal(Refusals.Unknown, (await LoginAsync(SshKeyRig.Certificate(now, request => request with { KeyId = "nobody" }))).Refusal);
        Assert.Equal(Refusals.Claims, (await LoginAsync(SshKeyRig.Certificate(now, request => request with { KeyId = "pat\u202Eevil" }))).Refusal);
        _rig.Trust = KeyTrust.None;
        Assert.Equal(Refusals.Certificate, (await LoginAsync(SshKeyRig.Certificate(now))).Refusal);
    }

    [Fact]
    public async Task Where_the_principal_is_the_person_there_is_one()
    {
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.Principal, CertificateAccounts.Any);
        DateTimeOffset now = _rig.Time.Now;
        Assert.Equal("pat", (await LoginAsync(SshKeyRig.Certificate(now, request => request with { KeyId = "whatever", Principals = ["pat"] }))).Identity!.Subject);
        Assert.Equal(Refusals.Principal, (await LoginAsync(SshKeyRig.Certificate(now, request => request with { Principals = ["pat", "sam"] }))).Refusal);
    }

    [Fact]
    public async Task People_of_another_issuer_have_its_groups_and_are_not_the_brokers()
    {
        _rig.Trust = SshKeyRig.Trusting(CertificateSubject.KeyId, CertificateAccounts.Any, SshKeyRig.OfCorp);
        Contract.Identity pat = (await LoginAsync(SshKeyRig.Certificate(_rig.Time.Now))).Identity!;
        Assert.Equal(("pat", "https://corp.example", IdentityKind.Service), (pat.Subject, pat.Issuer, pat.Kind));
        Assert.Equal(["ops"], pat.Groups.AsEnumerable());
        await _rig.Revocations.RevokeAsync("subject", "https://corp.example", "pat", "left", null, default);
        Assert.Equal(Refusals.Revoked, (await LoginAsync(SshKeyRig.Certificate(_rig.Time.Now))).Refusal);
    }

    [Fact]
    public async Task A_persons_file_gives_what_its_options_leave()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pat", $"# keys\n\nrestrict,pty,from=\"192.0.2.0/24\",command=\"uptime\" {SshKeyRig.Person.PublicKey} laptop\n");
        directory.Write(".hidden", "nonsense");
        _rig.Trust = KeyTrust.None with { Files = AuthorizedKeys.Read(directory.Path) };
        LoginResult result = await LoginAsync(SshKeyRig.Person.PublicBlob);
        Assert.Equal("pat", result.Identity!.Subject);
        Assert.Equal(new LoginRestrictions { ForceCommand = "uptime", NoForwarding = true, NoAgent = true, NoX11 = true }, result.Restrictions);
        Assert.Equal(Refusals.Source, (await _rig.Login.LoginKeyAsync(new KeyProof(SshKeyRig.Person.PublicBlob, "x", LoginRig.From("198.51.100.1")), default)).Refusal);
    }

    [Theory]
    [InlineData("environment=\"A=b\" {0}")]
    [InlineData("no-such-option {0}")]
    [InlineData("cert-authority {0}")]
    [InlineData("{0}\n{0}")]
    [InlineData("ssh-ed25519 AAAA")]
    public void A_line_that_would_be_passed_over_is_an_error(string line)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pat", line.Replace("{0}", SshKeyRig.Person.PublicKey.ToString(), StringComparison.Ordinal));
        Assert.Throws<FormatException>(() => AuthorizedKeys.Read(directory.Path));
    }

    [Fact]
    public async Task An_issued_password_that_comes_as_it_is_is_held_against_what_verifies_it()
    {
        Contract.Identity pat = (await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"]))).Identity!;
        NewPassword issued = await _rig.Passwords.IssueAsync(pat, TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default);
        Assert.Equal("pat", (await PasswordAsync($"{issued.UserName}:{issued.Password}")).Identity!.Subject);
        Assert.Equal(Refusals.Credential, (await PasswordAsync($"{issued.UserName}:")).Refusal);
        Assert.Equal(Refusals.Credential, (await PasswordAsync($"{issued.UserName}:{issued.Password}x")).Refusal);
        Assert.Equal(Refusals.Credential, (await PasswordAsync($"sp-aaaaaaaa:{issued.Password}")).Refusal);
        Assert.Equal("pat", (await PasswordAsync(_rig.BrokerToken("pat", ["dba"]))).Identity!.Subject);
        Assert.Null((await PasswordAsync("")).Identity);
        for (int i = 0; i < 8; i++)
            await PasswordAsync($"{issued.UserName}:wrong", $"192.0.2.{100 + i}");
        Assert.Equal(Refusals.Throttled, (await PasswordAsync($"{issued.UserName}:{issued.Password}", "192.0.2.200")).Refusal);
    }

    private static Sallyport.Proxy.Audit.AuditActor Actor => new("pat", LoginRig.Broker, []);

    private Task<PersonKeyRow> RegisterAsync(SshPrivateKey key, TimeSpan? lifetime = null, string subject = "pat") =>
        _rig.Room.PersonKeys.AddAsync(subject, key.PublicKey.ToString(), "laptop", lifetime, Actor, _rig.KeepAsync, default);

    private ValueTask<LoginResult> LoginAsync(ReadOnlyMemory<byte> blob) => _rig.Login.LoginKeyAsync(SshKeyRig.Proof(blob), default);

    private ValueTask<LoginResult> PasswordAsync(string password, string from = "192.0.2.7") =>
        _rig.Login.LoginPasswordAsync(new LoginProof(password, "deploy+web1", LoginRig.From(from)), default);
}
