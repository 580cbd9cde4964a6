using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgScramTests
{
    // RFC 7677, section 3. The user name is left out, as PostgreSQL's protocol wants it; the signatures below are made for that.
    private const string Nonce = "rOprNGfwEbeRWgbNEkqO";
    private const string ServerNonce = Nonce + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private const string ServerFirst = $"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    [Fact]
    public void The_exchange_of_RFC_7677_is_reproduced()
    {
        // With its user name the RFC's own proof and signature come out: the key schedule and the message layout are right.
        var scram = new PgScram("pencil", 4096, Nonce, user: "user");
        Assert.Equal($"n,,n=user,r={Nonce}", Encoding.ASCII.GetString(scram.ClientFirst()));
        byte[] final = scram.ClientFinal(Encoding.ASCII.GetBytes(ServerFirst));
        Assert.Equal($"c=biws,r={ServerNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", Encoding.ASCII.GetString(final));
        Assert.False(scram.IsVerified);
        scram.Verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8);
        Assert.True(scram.IsVerified);
    }

    [Fact]
    public void Each_exchange_has_a_nonce_of_its_own_and_an_empty_user()
    {
        string first = Encoding.ASCII.GetString(new PgScram("pencil", 4096).ClientFirst());
        string second = Encoding.ASCII.GetString(new PgScram("pencil", 4096).ClientFirst());
        Assert.StartsWith("n,,n=,r=", first, StringComparison.Ordinal);
        Assert.Equal("n,,n=,r=".Length + 24, first.Length);
        Assert.NotEqual(first, second);
    }

    [Theory]
    [InlineData("")]
    [InlineData("r=")]
    [InlineData($"r={ServerNonce}")]
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==")]
    // Not our nonce, nothing added to ours, ours in another case.
    [InlineData("r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData($"r={Nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=ROPRNGFWEBERWGBNEKQOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    // A mandatory extension that we do not know (RFC 5802, 5.1), fields out of order.
    [InlineData($"m=x,r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData($"s=W22ZaJ0SNY7soEsUEjb6gQ==,r={ServerNonce},i=4096")]
    // Salts that are none.
    [InlineData($"r={ServerNonce},s=,i=4096")]
    [InlineData($"r={ServerNonce},s=!!!!,i=4096")]
    // Work without bound, and none at all.
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0")]
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1")]
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4097")]
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2147483648")]
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i= 4096")]
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0x10")]
    [InlineData($"r={ServerNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=")]
    public void A_server_first_message_that_is_not_legal_ends_the_login(string message)
    {
        var scram = new PgScram("pencil", 4096, Nonce);
        Assert.Throws<PgProtocolException>(() => { scram.ClientFinal(Encoding.ASCII.GetBytes(message)); });
    }

    [Fact]
    public void Nonces_and_salts_are_bounded()
    {
        string longNonce = Nonce + new string('x', 1100);
        string longSalt = Convert.ToBase64String(new byte[1000]);
        foreach (string message in new[] { $"r={longNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", $"r={ServerNonce},s={longSalt},i=4096", ServerFirst + "," + new string('x', 5000) })
            Assert.Throws<PgProtocolException>(() => { new PgScram("pencil", 4096, Nonce).ClientFinal(Encoding.ASCII.GetBytes(message)); });
    }

    [Fact]
    public void A_second_server_first_message_ends_the_login()
    {
        PgScram scram = AfterServerFirst();
        Assert.Throws<PgProtocolException>(() => { scram.ClientFinal(Encoding.ASCII.GetBytes(ServerFirst)); });
    }

    [Theory]
    [InlineData("")]
    [InlineData("v=")]
    [InlineData("e=other-error")]
    [InlineData("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4")]
    [InlineData("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("v=AAAA")]
    [InlineData("V=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")]
    public void A_target_that_does_not_know_the_password_is_not_the_target(string message)
    {
        PgScram scram = AfterServerFirst();
        Assert.Throws<PgProtocolException>(() => scram.Verify(Encoding.ASCII.GetBytes(message)));
        Assert.False(scram.IsVerified);
    }

    [Fact]
    public void A_signature_before_the_exchange_proves_nothing()
    {
        var scram = new PgScram("pencil", 4096, Nonce);
        Assert.Throws<PgProtocolException>(() => scram.Verify("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="u8));
        Assert.False(scram.IsVerified);
    }

    private static PgScram AfterServerFirst()
    {
        var scram = new PgScram("pencil", 4096, Nonce, user: "user");
        scram.ClientFinal(Encoding.ASCII.GetBytes(ServerFirst));
        return scram;
    }

    [Fact]
    public void Keys_are_made_once_for_a_password_salt_and_count_and_never_taken_for_another()
    {
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        PgScramKeys keys = PgScramKeys.Of("pencil"u8.ToArray(), salt, 10);

        Assert.Same(keys, PgScramKeys.Of("pencil"u8.ToArray(), salt, 10));
        Assert.NotEqual(keys.Client, PgScramKeys.Of("pencils"u8.ToArray(), salt, 10).Client);
        Assert.NotEqual(keys.Client, PgScramKeys.Of("pencil"u8.ToArray(), salt, 11).Client);
        Assert.NotEqual(keys.Client, PgScramKeys.Of("pencil"u8.ToArray(), [.. salt, 0], 10).Client);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2("pencil", salt, 10, HashAlgorithmName.SHA256, 32);
        Assert.Equal(HMACSHA256.HashData(salted, "Client Key"u8), keys.Client);
        Assert.Equal(HMACSHA256.HashData(salted, "Server Key"u8), keys.Server);
    }

    [Fact]
    public void A_target_with_another_salt_each_time_fills_no_memory()
    {
        for (int i = 0; i < 3 * PgScramKeys.Most; i++)
        {
            PgScramKeys.Of("pencil"u8.ToArray(), BitConverter.GetBytes(i), 1);
            Assert.InRange(PgScramKeys.Count, 1, PgScramKeys.Most);
        }
    }
}
