using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Proxy.Tests.Support;
using Sallyport.Proxy.Upstream;
using Xunit;

namespace Sallyport.Proxy.Tests.Ssh;

/// <summary>By what targets are known, how they are logged in at, and what the gateway shows of itself.</summary>
public sealed class HostKeyTests : IDisposable
{
    private readonly Logs _logs = new();
    private readonly FakeTime _time = new();
    private readonly ProxyMetrics _metrics = new();
    private readonly AdminAudit _audit = new();
    private readonly HostKeyBoard _board;

    public HostKeyTests()
    {
        _board = new HostKeyBoard(_time, _logs.Log, _metrics) { Audit = _audit };
    }

    public void Dispose() => _logs.Dispose();

    [Fact]
    public void A_target_of_which_nothing_is_known_is_refused_and_the_alarm_raised()
    {
        Assert.Equal(HostKeyStatus.Unknown, _board.Of(Target()).Judge(SshKeyRig.Person.PublicBlob));
        Assert.Equal(("host-key.refused", "unknown", "web1"), (_audit.Noted[^1].Type, _audit.Noted[^1].Reason, _audit.Noted[^1].Target));
        Assert.Contains("sallyport_host_keys_refused_total{status=\"unknown\"} 1", _metrics.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pin_is_for_one_place_and_counts_from_the_moment_it_is_set()
    {
        IHostKeys web1 = _board.Of(Target());
        var place = new HostPlace("", "web1.internal:22");
        _board.Replace([(place, SshKeyRig.Person.PublicKey)]);
        Assert.Equal(HostKeyStatus.Trusted, web1.Judge(SshKeyRig.Person.PublicBlob));
        Assert.Equal(["ssh-ed25519"], web1.KnownTypes);
        Assert.Equal(HostKeyStatus.Mismatch, web1.Judge(SshKeyRig.Other.PublicBlob));

        // The same address behind a hop is another host, and so is another port.
        _board.Replace([(place with { Hop = "jump" }, SshKeyRig.Person.PublicKey), (place with { Address = "web1.internal:2222" }, SshKeyRig.Person.PublicKey)]);
        Assert.Equal(HostKeyStatus.Unknown, web1.Judge(SshKeyRig.Person.PublicBlob));
    }

    [Fact]
    public void Pins_by_fingerprint_and_by_key_are_the_same_to_who_is_judged()
    {
        IHostKeys byPrint = _board.Of(Target(SshKeyRig.Person.PublicKey.Fingerprint));
        IHostKeys byKey = _board.Of(Target(SshKeyRig.Person.PublicKey.ToString()));
        foreach (IHostKeys keys in new[] { byPrint, byKey })
        {
            Assert.Equal(HostKeyStatus.Trusted, keys.Judge(SshKeyRig.Person.PublicBlob));
            Assert.Equal(HostKeyStatus.Mismatch, keys.Judge(SshKeyRig.Other.PublicBlob));
            Assert.Equal(HostKeyStatus.Mismatch, keys.Judge(new byte[5]));
        }

        Assert.Equal(4, _audit.Noted.Count);
    }

    [Fact]
    public async Task A_minted_certificate_is_one_sessions()
    {
        var credentials = new SshCredentials(() => new SshAuthority(SshKeyRig.Authority, _time)) { Audit = _audit };
        Target target = Target() with { Config = Config() with { Ssh = new SshTargetConfig { Credential = new SshCredentialConfig { MintValidity = TimeSpan.FromMinutes(5) } } } };
        SessionFacts session = AdminHouse.Facts("carol", Guid.CreateVersion7()) with { Resource = "deploy" };
        TargetCredential minted = await credentials.ForAsync(target, session, default);
        Assert.Equal(("deploy", ""), (minted.User, minted.Password));
        Assert.True(SshCertificate.TryParse(minted.Certificate.Span, out SshCertificate? certificate));
        Assert.Equal(SshPrivateKey.Load(minted.PrivateKey.Span).PublicKey, certificate.Key);
        Assert.Equal($"carol {session.SessionId}", certificate.KeyId);
        Assert.Equal(["deploy"], certificate.Principals);
        Assert.Null(certificate.Check(Use(certificate, "deploy", _time.Now)));
        Assert.Equal("certificate-expired", certificate.Check(Use(certificate, "deploy", _time.Now.AddMinutes(5))));
        Assert.NotEqual(minted.Certificate.ToArray(), (await credentials.ForAsync(target, session, default)).Certificate.ToArray());
        Assert.Equal("certificate.minted", _audit.Noted[^1].Type);
        Assert.DoesNotContain("PRIVATE", minted.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(async () => await credentials.ForAsync(target, session with { Resource = "root" }, default));
        await Assert.ThrowsAsync<IOException>(async () => await new SshCredentials(() => null).ForAsync(target, session, default));
    }

    [Fact]
    public void A_host_certificate_is_for_the_target_and_made_anew_in_time()
    {
        var gateway = new GatewayKeys([SshKeyRig.Person, SshKeyRig.Other], ["gate.example.com"], new SshAuthority(SshKeyRig.Authority, _time), _time);
        SshSigner[] first = [.. gateway.OfTarget("web1").Signers];
        Assert.Same(first[0], gateway.OfTarget("web1").Signers[0]);
        Assert.All(first, signer => Assert.Equal(["web1"], Certificate(signer).Principals));
        Assert.Equal(["gate.example.com"], Certificate(gateway.Own().Signers[0]).Principals);
        _time.Now += TimeSpan.FromHours(13);
        SshCertificate later = Certificate(gateway.OfTarget("web1").Signers[0]);
        Assert.Equal(SshCertificateKind.Host, later.Kind);
        Assert.True(later.ValidBefore > Certificate(first[0]).ValidBefore);

        // A name that no target can have gets no certificate, and none is made without an authority.
        Assert.True(gateway.OfTarget("*").Signers[0].Certificate.IsEmpty);
        Assert.True(new GatewayKeys([SshKeyRig.Person], ["gate"], null, _time).OfTarget("web1").Signers[0].Certificate.IsEmpty);
    }

    private static SshCertificate Certificate(SshSigner signer) =>
        SshCertificate.TryParse(signer.Certificate.Span, out SshCertificate? certificate) ? certificate : throw new InvalidOperationException("no certificate");

    private static SshCertificateUse Use(SshCertificate certificate, string principal, DateTimeOffset now) => new()
    {
        Kind = SshCertificateKind.User,
        Authorities = [SshKeyRig.Authority.PublicKey],
        Principals = [principal],
        Now = now,
        Revoked = KeyRevocationList.Empty,
    };

    private static TargetConfig Config() => new()
    {
        Name = "web1",
        Protocol = "ssh",
        Host = "web1.internal",
        Port = 22,
        ServerName = "web1.internal",
        User = "",
        Password = null,
        Databases = ["deploy"],
    };

    private static Target Target(params string[] pinned)
    {
        var settings = new SshTargetHostKeysConfig { Pinned = [.. pinned] };
        (KnownHost known, IReadOnlyList<string> fingerprints) = HostKeyText.With(new KnownHost("web1.internal", [], [], KeyRevocationList.Empty), "web1.internal", settings);
        return Sallyport.Proxy.Upstream.Target.Of(Config(), null) with { Known = known, Fingerprints = fingerprints };
    }
}
