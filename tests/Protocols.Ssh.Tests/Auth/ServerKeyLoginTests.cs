using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Tests.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

public sealed class ServerKeyLoginTests
{
    private static readonly SshPrivateKey Admin = TestKeys.Of(SshKeyTypes.Ed25519, "admin");
    private static readonly SshPrivateKey Alice = TestKeys.Of(SshKeyTypes.Ed25519, "alice");

    public static TheoryData<string> Types => [SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256, SshKeyTypes.EcdsaP384, SshKeyTypes.EcdsaP521, SshKeyTypes.Rsa];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_key_is_asked_about_and_signs(string type)
    {
        SshPrivateKey key = TestKeys.Of(type);
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin().Knows(key, "alice"));
        foreach (string algorithm in key.Algorithms)
        {
            await rig.SendAsync(AuthRig.Query(algorithm, key.PublicBlob.Span));
            Assert.Equal(new SshWriter().Byte(60).String(algorithm).String(key.PublicBlob.Span).ToArray(), await rig.TakeAsync());
        }

        await rig.SendAsync(rig.Signed(key));
        SshLoggedIn login = await rig.ExpectLoginAsync();
        Assert.Equal("alice", login.Identity.Subject);
        Assert.Equal(AuthRig.User, login.User);
        Assert.Equal([SshMethod.PublicKey], login.Methods);

        await rig.Auth.SucceedAsync(default);
        Assert.Equal([52], await rig.TakeAsync());
    }

    [Fact]
    public async Task Who_it_is_follows_from_the_key_that_signed()
    {
        // Offered: the administrator's key. Signed: with Alice's.
        var login = new FakeLogin().Knows(Admin, "root").Knows(Alice, "alice");
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(AuthRig.Query(SshKeyTypes.Ed25519, Admin.PublicBlob.Span));
        Assert.Equal(60, (await rig.TakeAsync())[0]);
        await rig.SendAsync(rig.Signed(SshKeyTypes.Ed25519, Admin.PublicBlob.Span, Alice));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(AuthRig.Query(SshKeyTypes.Ed25519, Admin.PublicBlob.Span));
        Assert.Equal(60, (await rig.TakeAsync())[0]);
        await rig.SendAsync(rig.Signed(Alice));

        Assert.Equal("alice", (await rig.ExpectLoginAsync()).Identity.Subject);
        Assert.Equal(Alice.PublicBlob.ToArray(), Assert.Single(login.Proofs).Blob.ToArray());
    }

    [Fact]
    public async Task What_is_signed_is_this_session_and_this_request()
    {
        var login = new FakeLogin().Knows(Alice, "alice");
        await using AuthRig rig = await AuthRig.StartAsync(login);
        byte[] other = rig.Client.SessionId.ToArray();
        other[0] ^= 1;
        await rig.SendAsync(rig.Signed(SshKeyTypes.Ed25519, Alice.PublicBlob.Span, Alice, sessionId: other));
        await rig.ExpectFailureAsync();

        // A signature for one user name is none for another.
        byte[] request = rig.Signed(Alice, "deploy+web1").ToArray();
        request[5] = (byte)'r';
        await rig.Client.WriteAsync(request, default);
        await rig.ExpectFailureAsync();
        Assert.Empty(login.Proofs);
    }

    [Fact]
    public async Task A_key_that_is_not_known_is_neither_offered_nor_let_in()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin());
        await rig.SendAsync(AuthRig.Query(SshKeyTypes.Ed25519, Alice.PublicBlob.Span));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync();
    }

    [Theory]
    [InlineData("ssh-rsa")]
    [InlineData("rsa-sha2-512-cert-v01@openssh.com")]
    [InlineData("ssh-ed25519")]
    [InlineData("none")]
    [InlineData("")]
    public async Task The_algorithm_fits_the_key_and_is_one_that_was_offered(string algorithm)
    {
        SshPrivateKey rsa = TestKeys.Of(SshKeyTypes.Rsa);
        var login = new FakeLogin().Knows(rsa, "alice");
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(AuthRig.Query(algorithm, rsa.PublicBlob.Span));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(rig.Signed(algorithm, rsa.PublicBlob.Span, rsa, signatureAlgorithm: SshKeyTypes.RsaSha256));
        await rig.ExpectFailureAsync();
        Assert.Empty(login.Asked);
    }

    [Fact]
    public async Task The_signature_is_of_the_algorithm_that_was_named()
    {
        SshPrivateKey rsa = TestKeys.Of(SshKeyTypes.Rsa);
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin().Knows(rsa, "alice"));
        await rig.SendAsync(rig.Signed(SshKeyTypes.RsaSha512, rsa.PublicBlob.Span, rsa, signatureAlgorithm: SshKeyTypes.RsaSha256));
        await rig.ExpectFailureAsync();
    }

    [Fact]
    public async Task A_certificate_is_handed_on_whole()
    {
        byte[] certificate = TestKeys.Certificate(Alice.PublicKey, Admin);
        var login = new FakeLogin { Keys = { [Convert.ToHexString(certificate)] = FakeLogin.Person("alice") } };
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(rig.Signed("ssh-ed25519", certificate, Alice));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(rig.Signed("ssh-ed25519-cert-v01@openssh.com", certificate, Admin));
        await rig.ExpectFailureAsync();
        Assert.Empty(login.Proofs);
        await rig.SendAsync(rig.Signed("ssh-ed25519-cert-v01@openssh.com", certificate, Alice));
        Assert.Equal("alice", (await rig.ExpectLoginAsync()).Identity.Subject);
        Assert.Equal(certificate, Assert.Single(login.Proofs).Blob.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_bound_to_a_host_key_is_bound_to_ours(bool ours)
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin().Knows(Alice, "alice"));
        SshWriter request = AuthRig.Request(SshKeyLogin.HostBound).Boolean(true).String(SshKeyTypes.Ed25519).String(Alice.PublicBlob.Span)
            .String((ours ? TransportPair.HostKey : Admin).PublicBlob.Span);
        byte[] signed = new SshWriter().String(rig.Client.SessionId.Span).Raw(request.Written).ToArray();
        await rig.SendAsync(request.String(Alice.Sign(SshKeyTypes.Ed25519, signed)));
        if (ours)
            Assert.Equal("alice", (await rig.ExpectLoginAsync()).Identity.Subject);
        else
            await rig.ExpectFailureAsync();
    }

    [Fact]
    public async Task Keys_that_are_asked_about_count_too()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin(), limits: limits => limits with { AuthAttempts = 5 });
        for (int i = 0; i < 5; i++)
        {
            await rig.SendAsync(AuthRig.Query(SshKeyTypes.Ed25519, Alice.PublicBlob.Span));
            await rig.ExpectFailureAsync();
        }

        await rig.SendAsync(AuthRig.Query(SshKeyTypes.Ed25519, Alice.PublicBlob.Span));
        await rig.ExpectEndAsync(14, "login-refused");
    }

    [Fact]
    public async Task Malformed_requests_fail_and_do_not_throw()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin(), limits: limits => limits with { AuthFailures = 10 });
        foreach (SshWriter fields in new[]
        {
            AuthRig.Request("publickey"),
            AuthRig.Request("publickey").Byte(2).String("ssh-ed25519").String(Alice.PublicBlob.Span),
            AuthRig.Request("publickey").Byte(0).String("ssh-ed25519").String(Alice.PublicBlob.Span).Byte(0),
            AuthRig.Request("publickey").Byte(1).String("ssh-ed25519").String(Alice.PublicBlob.Span),
            AuthRig.Request("publickey").Byte(1).String("ssh-ed25519").String("").String(""),
            AuthRig.Request("password"),
            AuthRig.Request("password").Byte(0).String("a\0b"),
        })
        {
            await rig.SendAsync(fields);
            await rig.ExpectFailureAsync();
        }
    }
}
