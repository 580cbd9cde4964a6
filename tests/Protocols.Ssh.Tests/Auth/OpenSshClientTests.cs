using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Tests.Keys;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

/// <summary>The real ssh logs in; it is then refused in words, which it shows.</summary>
public sealed class OpenSshClientTests(SshKeygen keygen) : IClassFixture<SshKeygen>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(SshKeyTypes.Ed25519)]
    [InlineData(SshKeyTypes.EcdsaP256)]
    [InlineData(SshKeyTypes.EcdsaP521)]
    [InlineData(SshKeyTypes.Rsa)]
    public async Task A_key(string type)
    {
        SshPrivateKey key = TestKeys.Of(type);
        (SshLoggedIn login, string shown) = await RunAsync(new FakeLogin().Knows(key, "alice"), Save(key, type), [], more: ["-vvv"]);
        Assert.Equal("alice", login.Identity.Subject);

        // We say that we can, so ssh names the host key in what it signs.
        Assert.Contains("publickey-hostbound@openssh.com=<0>", shown, StringComparison.Ordinal);
        Assert.Contains("sign_and_send_pubkey: using publickey-hostbound-v00@openssh.com", shown, StringComparison.Ordinal);
        Assert.Equal("deploy+web1", login.User);
        Assert.Contains("not today", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_before_its_key()
    {
        SshPrivateKey key = TestKeys.Of(SshKeyTypes.Ed25519);
        string path = Save(key, "certified");
        byte[] certificate = TestKeys.Certificate(key.PublicKey, TestKeys.Of(SshKeyTypes.EcdsaP256), request => request with { ValidAfter = DateTimeOffset.UnixEpoch, ValidBefore = DateTimeOffset.MaxValue });
        File.WriteAllText(path + "-cert.pub", "ssh-ed25519-cert-v01@openssh.com " + Convert.ToBase64String(certificate) + "\n");
        var known = new FakeLogin { Keys = { [Convert.ToHexString(certificate)] = FakeLogin.Person("alice") } };
        (SshLoggedIn login, _) = await RunAsync(known, path, []);
        Assert.Equal("alice", login.Identity.Subject);
        Assert.Equal(certificate, Assert.Single(known.Proofs).Blob.ToArray());
    }

    [Fact]
    public async Task A_login_elsewhere()
    {
        var login = new FakeLogin();
        int extended = 0;
        (SshLoggedIn done, string shown) = await RunAsync(login, null, [[SshMethod.KeyboardInteractive]], "alice", _ =>
        {
            // For the name, after it, and when the person is shown where: then the person is done.
            if (++extended == 3)
                login.Answer(FakeLogin.Person("alice"));
        });
        Assert.Equal([SshMethod.KeyboardInteractive], done.Methods);
        Assert.Contains(login.Prompt.Url, shown, StringComparison.Ordinal);
        Assert.Contains(login.Prompt.Code, shown, StringComparison.Ordinal);
        Assert.Equal(["prompt for alice to deploy+web1"], login.Asked);
    }

    [Fact]
    public async Task Two_factors()
    {
        SshPrivateKey key = TestKeys.Of(SshKeyTypes.Ed25519);
        var login = new FakeLogin { Passwords = { ["a token"] = FakeLogin.Person("alice") } }.Knows(key, "alice");
        (SshLoggedIn done, string shown) = await RunAsync(login, Save(key, "first"), [[SshMethod.PublicKey, SshMethod.Password]], "a token");
        Assert.Equal([SshMethod.PublicKey, SshMethod.Password], done.Methods);
        Assert.Contains("Still needed: password", shown, StringComparison.Ordinal);
    }

    /// <summary>ssh against one login; questions are answered by a program, as where there is no terminal.</summary>
    private async Task<(SshLoggedIn Login, string Shown)> RunAsync(FakeLogin login, string? key, IReadOnlyList<IReadOnlyList<SshMethod>> methods, string? answer = null, Action<TimeSpan>? extend = null, string[]? more = null)
    {
        using var tcp = new TcpListener(IPAddress.Loopback, 0);
        tcp.Start();
        string folder = Directory.CreateTempSubdirectory("sallyport-auth-").FullName;
        var start = new ProcessStartInfo("ssh",
        [
            .. more ?? [], "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
            "-i", key ?? "/dev/null", "-p", ((IPEndPoint)tcp.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "-l", "deploy+web1", "127.0.0.1", "true",
        ])
        { RedirectStandardError = true, RedirectStandardInput = true };
        if (answer is not null)
        {
            string ask = Path.Combine(folder, "ask");
            File.WriteAllText(ask, $"#!/bin/sh\necho '{answer}'\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(ask, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            start.Environment["SSH_ASKPASS"] = ask;
            start.Environment["SSH_ASKPASS_REQUIRE"] = "force";
        }

        using Process ssh = Process.Start(start)!;
        try
        {
            Task<string> shown = ssh.StandardError.ReadToEndAsync();
            Socket socket = await tcp.AcceptSocketAsync().WaitAsync(Patience);
            var keys = new SshServerKeys([TransportPair.HostKey]);
            using var turn = new SshTurn();
            await using SshTransport transport = SshTransport.Server(new SocketDuplex(socket), keys, SshTransportOptions.Default, turn, TimeProvider.System);
            using var cancel = new CancellationTokenSource(Patience);
            await transport.HandshakeAsync(cancel.Token);
            var listener = new SshListener { Node = "n", Name = "ssh", HostKeys = () => keys, TargetHostKeys = _ => keys };
            listener = methods.Count > 0 ? listener with { Methods = methods } : listener;
            var auth = new SshServerAuth(new SshServerAuthParts { Transport = transport, Listener = listener, Login = login, HostKeys = keys, Time = TimeProvider.System, Extend = extend ?? (_ => { }) });
            SshLoggedIn done = await auth.RunAsync(cancel.Token);
            await auth.RefuseAsync("not today", cancel.Token);
            string text = await shown.WaitAsync(Patience);
            await ssh.WaitForExitAsync(cancel.Token);
            return (done, text);
        }
        finally
        {
            if (!ssh.HasExited)
                ssh.Kill();
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Save(SshPrivateKey key, string name)
    {
        string path = keygen.At(name);
        File.WriteAllBytes(path, key.Write());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
