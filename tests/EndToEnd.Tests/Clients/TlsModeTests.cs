using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Clients;

/// <summary>libpq's modes of encryption, against a listener with TLS and a plaintext one on loopback.</summary>
[Collection(PostgresTests.Name)]
public sealed class TlsModeTests(OpenDaemon fixture) : IClassFixture<OpenDaemon>
{
    [Theory]
    [InlineData("allow")]
    [InlineData("prefer")]
    [InlineData("require")]
    [InlineData("verify-ca")]
    [InlineData("verify-full")]
    public async Task A_listener_with_TLS_takes_every_mode_that_can_encrypt(string mode)
    {
        PsqlResult result = await ConnectAsync(fixture.Daemon.Psql(fixture.Token) with { SslMode = mode });

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("SSL connection (protocol: TLSv1.3", result.Output);
    }

    [Fact]
    public async Task A_listener_with_TLS_takes_no_token_in_the_clear()
    {
        PsqlResult result = await ConnectAsync(fixture.Daemon.Psql(fixture.Token) with { SslMode = "disable" });

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("takes tokens only over TLS", result.Error);
        Assert.Contains("HINT:", result.Error);
    }

    [Fact]
    public async Task A_client_that_trusts_another_authority_turns_away()
    {
        PsqlResult result = await ConnectAsync(fixture.Daemon.Psql(fixture.Token) with { RootCertificate = fixture.Postgres.CaFile });

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("certificate verify failed", result.Error);
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("allow")]
    [InlineData("prefer")]
    public async Task A_plaintext_listener_takes_every_mode_that_can_do_without(string mode)
    {
        PsqlResult result = await ConnectAsync(fixture.Daemon.Psql(fixture.Token) with { Port = fixture.Daemon.PlaintextPort, SslMode = mode });

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("SSL connection", result.Output);
    }

    [Fact]
    public async Task A_client_that_demands_encryption_turns_away_from_a_plaintext_listener()
    {
        PsqlResult result = await ConnectAsync(fixture.Daemon.Psql(fixture.Token) with { Port = fixture.Daemon.PlaintextPort, SslMode = "require" });

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("server does not support SSL", result.Error);
    }

    [Theory]
    [InlineData("prefer")]
    [InlineData("disable")]
    public async Task GSSAPI_encryption_may_be_preferred(string mode)
    {
        PsqlTarget target = fixture.Daemon.Psql(fixture.Token);
        PsqlResult result = await ConnectAsync(target with { Environment = new Dictionary<string, string>(target.Environment) { ["PGGSSENCMODE"] = mode } });

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private static Task<PsqlResult> ConnectAsync(PsqlTarget target) => Psql.RunAsync(target, "", "-c", "\\conninfo", "-c", "SELECT 1");
}
