using System.Security.Cryptography;
using System.Text;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Identities;

/// <summary>Who gets in; that those who do not cannot tell why; and that the log can.</summary>
[Collection(PostgresTests.Name)]
public sealed class LoginTests(IssuerDaemon fixture) : IClassFixture<IssuerDaemon>
{
    /// <summary>Ways not to get in: what is wrong, and the word for it in the log.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        { "expired", "token-expired" },
        { "not yet valid", "token-not-yet-valid" },
        { "without an end", "token-without-expiry" },
        { "of an issuer nobody knows", "issuer-unknown" },
        { "for somebody else", "audience-wrong" },
        { "signed by another key", "signature-invalid" },
        { "signed with the public key as a secret", "algorithm-refused" },
        { "not signed", "algorithm-refused" },
        { "without a subject", "claims-refused" },
        { "no token", "token-malformed" },
        { "without the group", "target-forbidden" },
        { "for a target that is not there", "target-unknown" },
        { "for a database that is not listed", "database-forbidden" },
    };

    [Fact]
    public async Task Tokens_of_both_issuers_are_taken()
    {
        string local = await fixture.Daemon.TokenAsync("ada@example.com", "engineering");
        Assert.Equal("1\n", (await SelectAsync(fixture.Daemon.Psql(local))).Output);
        Assert.Equal("1\n", (await SelectAsync(fixture.Daemon.Psql(Jwt.Sign(fixture.Key, Jwt.Claims(IssuerDaemon.Issuer))))).Output);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Every_refusal_reads_the_same_and_the_log_knows_why(string what, string reason)
    {
        string user = "wrong-" + what.Replace(' ', '-');
        PsqlResult refused = await SelectAsync(Attempt(what) with { User = user });

        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Equal($"""
            psql: error: connection to server at "127.0.0.1", port {fixture.Daemon.Port} failed: FATAL:  login refused
            HINT:  Give a valid token as the password, and a target you may use as the database (target or target/dbname).

            """, refused.Error);
        await fixture.Daemon.Process.WaitForOutputAsync(reason);
        Assert.DoesNotContain("eyJ", fixture.Daemon.Log);
        Assert.Equal(0L, await fixture.Postgres.SqlAsync($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{user}'"));
    }

    [Fact]
    public async Task When_a_token_expires_the_next_statement_is_refused()
    {
        string token = Jwt.Sign(fixture.Key, Jwt.Claims(IssuerDaemon.Issuer, seconds: 3));
        await using PsqlSession psql = PsqlSession.Start(fixture.Daemon.Psql(token));
        Assert.Equal("1\n", await psql.AskAsync("SELECT 1;"));
        string answer;
        do
            answer = await psql.AskAsync("SELECT 1;");
        while (answer == "1\n");

        Assert.Contains("refused by policy", answer);
        Assert.Contains("Rule identity-expired.", answer);
        Assert.Contains("HINT:  The token has expired: log in again with a new one.", answer);
        Assert.Contains("Rule identity-expired.", await psql.AskAsync("SELECT 2;"));
    }

    private static Task<PsqlResult> SelectAsync(PsqlTarget target) => Psql.RunAsync(target, "", "-At", "-c", "SELECT 1");

    private PsqlTarget Attempt(string what)
    {
        Dictionary<string, object> claims = Jwt.Claims(IssuerDaemon.Issuer);
        string database = "shop";
        switch (what)
        {
            case "expired":
                claims = Jwt.Claims(IssuerDaemon.Issuer, seconds: -1);
                break;
            case "not yet valid":
                claims["nbf"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 300;
                break;
            case "without an end":
                claims.Remove("exp");
                break;
            case "of an issuer nobody knows":
                claims["iss"] = "https://elsewhere.example";
                break;
            case "for somebody else":
                claims["aud"] = "another-proxy";
                break;
            case "without a subject":
                claims.Remove("sub");
                break;
            case "without the group":
                claims["groups"] = new[] { "marketing" };
                break;
            case "for a target that is not there":
                database = "nowhere";
                break;
            case "for a database that is not listed":
                database = "shop/postgres";
                break;
        }

        string token = what switch
        {
            "signed by another key" => Forged(claims),
            "signed with the public key as a secret" => Jwt.SignSymmetric(Encoding.ASCII.GetBytes(fixture.Key.ExportSubjectPublicKeyInfoPem()), claims),
            "not signed" => Jwt.Unsigned(claims),
            "no token" => "password123",
            _ => Jwt.Sign(fixture.Key, claims),
        };
        return fixture.Daemon.Psql(token, database);
    }

    private static string Forged(Dictionary<string, object> claims)
    {
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Jwt.Sign(other, claims);
    }
}
