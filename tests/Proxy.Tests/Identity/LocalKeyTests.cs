using System.Net;
using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

public sealed class LocalKeyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_minted_token_logs_in_with_the_public_half_alone()
    {
        LocalKey.Create(_directory["key.pem"]);
        using ECDsa key = LocalKey.Read(_directory["key.pem"]);
        string token = TokenMinter.Mint(
            key, "https://local", "sallyport",
            new TokenMinter.Request { Subject = "agent-7", Groups = ["ai"], Kind = IdentityKind.Agent, ActingFor = ["alice"], Lifetime = TimeSpan.FromHours(1) },
            DateTimeOffset.UtcNow);

        using var logs = new Logs();
        var rules = new IssuerRules { Name = "local", Issuer = "https://local", Audiences = ["sallyport"], Algorithms = ["ES256"] };
        var login = new TokenLogin([new Issuer(rules, new FixedKeys(KeySet.Of(LocalKey.PublicJwk(key))))], TimeProvider.System, logs.Log);
        LoginResult result = await login.LoginAsync(new LoginProof(token, "", new IPEndPoint(IPAddress.Loopback, 1)), default);
        Assert.Null(result.Refusal);
        Assert.Equal("agent-7", result.Identity!.Subject);
        Assert.Equal(["ai"], result.Identity.Groups.AsEnumerable());
        Assert.Equal(IdentityKind.Agent, result.Identity.Kind);
        Assert.Equal(["alice"], result.Identity.ActingFor.AsEnumerable());
        Assert.NotNull(result.Identity.TokenId);
    }

    [Fact]
    public void The_key_file_is_the_owners_alone_and_never_overwritten()
    {
        string path = _directory["key.pem"];
        LocalKey.Create(path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        string before = File.ReadAllText(path);
        Assert.Throws<IOException>(() => LocalKey.Create(path));
        Assert.Equal(before, File.ReadAllText(path));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void A_key_that_others_can_read_is_not_used(UnixFileMode more)
    {
        string path = _directory["key.pem"];
        LocalKey.Create(path);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | more);
        Assert.Throws<IOException>(() => LocalKey.Read(path));
    }

    [Fact]
    public void What_is_no_P256_key_is_refused()
    {
        using ECDsa large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using RSA rsa = RSA.Create(2048);
        foreach (string content in (string[])[large.ExportPkcs8PrivateKeyPem(), rsa.ExportPkcs8PrivateKeyPem(), "", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
        {
            string path = _directory.Write("other.pem", content);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Assert.Throws<IOException>(() => LocalKey.Read(path));
        }
    }
}
