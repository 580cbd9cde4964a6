using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Ssh;

/// <summary>Pins through the admin API, held against OpenSSH's own server.</summary>
public sealed class PinRouteTests : IAsyncLifetime
{
    private static readonly string Administrator = AdminRig.Token("adam", AdminRole.Administrator);

    private readonly TemporaryDirectory _directory = new();
    private AdminHouse _house = null!;
    private Process _server = null!;
    private int _port;

    private AdminRig Rig => _house.Rig;

    public async Task InitializeAsync()
    {
        _house = await AdminHouse.StartAsync();
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            _port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        Sallyport.Proxy.Configuration.OwnerOnly.Create(_directory["key"], SshKeyRig.Person.Write());
        Directory.CreateDirectory("/run/sshd");
        _server = Process.Start(new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-f", "/dev/null", "-h", _directory["key"], "-o", $"ListenAddress=127.0.0.1:{_port}", "-o", "PidFile=none"]))!;
        await Eventually.TrueAsync(async () =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, _port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    public async Task DisposeAsync()
    {
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
        await _house.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_key_is_shown_pinned_trusted_and_taken_away()
    {
        string settings = $$"""{"settings":{"protocol":"ssh","address":"127.0.0.1:{{_port}}","accounts":["deploy"],"credentialKind":"mint"},"reason":"new"}""";
        Assert.Equal(HttpStatusCode.OK, (await Rig.SendAsync(HttpMethod.Put, "/v1/targets/web1", Administrator, settings)).Status);
        string fingerprint = SshKeyRig.Person.PublicKey.Fingerprint;
        IHostKeys keys = _house.Targets.Find("web1", "ssh")!.HostKeys!;
        Assert.Equal(HostKeyStatus.Unknown, keys.Judge(SshKeyRig.Person.PublicBlob));

        (HttpStatusCode status, string body) = await Rig.SendAsync(HttpMethod.Post, "/v1/targets/web1/host-keys/probe", Administrator, "{}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(fingerprint, System.Text.RegularExpressions.Regex.Unescape(body), StringComparison.Ordinal);
        Assert.Equal(HostKeyStatus.Unknown, keys.Judge(SshKeyRig.Person.PublicBlob));

        string other = SshKeyRig.Other.PublicKey.Fingerprint;
        (status, body) = await Rig.SendAsync(HttpMethod.Post, "/v1/targets/web1/host-keys", Administrator, $$"""{"reason":"r","fingerprint":"{{other}}"}""");
        Assert.Equal((HttpStatusCode.Conflict, "host-key-other"), (status, AdminRig.Word(body)));
        Assert.Equal(HttpStatusCode.OK, (await Rig.SendAsync(HttpMethod.Post, "/v1/targets/web1/host-keys", Administrator, $$"""{"reason":"compared","fingerprint":"{{fingerprint}}"}""")).Status);
        Assert.Equal("host-key.pinned", Rig.Audit.Kept[^1].Type);
        Assert.Equal(HostKeyStatus.Trusted, keys.Judge(SshKeyRig.Person.PublicBlob));
        Assert.Equal(HostKeyStatus.Mismatch, keys.Judge(SshKeyRig.Other.PublicBlob));

        Assert.Equal(HttpStatusCode.OK, (await Rig.SendAsync(HttpMethod.Delete, "/v1/targets/web1/host-keys?reason=old", Administrator)).Status);
        Assert.Equal(HostKeyStatus.Unknown, keys.Judge(SshKeyRig.Person.PublicBlob));
        Assert.Equal(HttpStatusCode.BadRequest, (await Rig.SendAsync(HttpMethod.Post, "/v1/targets/shop/host-keys/probe", Administrator, "{}")).Status);
    }
}
