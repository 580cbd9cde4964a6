using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Sallyport.Contract;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>The SASL messages of strangers: published exchanges come out as published, and no bytes make a reader throw or let in.</summary>
public sealed class PgSaslTests
{
    /// <summary>RFC 7677 3: user "user", password "pencil".</summary>
    [Fact]
    public void The_exchange_of_RFC_7677()
    {
        var scram = new PgScramServer(new Verifier("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==")), channel: null, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        Assert.Equal(PgScramStep.Good, scram.First("SCRAM-SHA-256", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8, out byte[] first));
        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Encoding.ASCII.GetString(first));
        Assert.Equal(PgScramStep.Good, scram.Final(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8, out byte[] final));
        Assert.Equal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Encoding.ASCII.GetString(final));
    }

    [Fact]
    public void Our_own_client_is_let_in_and_believes_us()
    {
        var client = new PgScram("pencil", 100_000);
        var scram = new PgScramServer(new Verifier("pencil", RandomNumberGenerator.GetBytes(16)), channel: null);
        Assert.Equal(PgScramStep.Good, scram.First(PgScramServer.Plain, client.ClientFirst(), out byte[] first));
        Assert.Equal(PgScramStep.Good, scram.Final(client.ClientFinal(first), out byte[] final));
        client.Verify(final);
        Assert.True(client.IsVerified);
    }

    [Fact]
    public void Two_exchanges_have_two_nonces()
    {
        var verifier = new Verifier("pencil", new byte[16]);
        new PgScramServer(verifier, null).First(PgScramServer.Plain, "n,,n=,r=abc"u8, out byte[] first);
        new PgScramServer(verifier, null).First(PgScramServer.Plain, "n,,n=,r=abc"u8, out byte[] second);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void No_bytes_make_the_SCRAM_server_throw_or_let_in()
    {
        var verifier = new Verifier("pencil", new byte[16]);
        Gen<byte[]> pieces = Gen.OneOf(
            Pick([.. "n,,"u8], [.. "y,,"u8], [.. "p=tls-server-end-point,,"u8], [.. "n="u8], [.. "r="u8], [.. "r=abc"u8], [.. ","u8], [.. "c=biws"u8], [.. ",p="u8], [.. "AAAA"u8], [.. "m=1"u8]),
            Gen.Byte.Array[0, 8]).Array[0, 8].Select(p => p.SelectMany(b => b).ToArray());
        Gen.Select(pieces, pieces, Gen.Bool).Sample((first, final, plus) =>
        {
            var scram = new PgScramServer(verifier, plus ? [1, 2, 3] : null);
            foreach (string mechanism in scram.Mechanisms)
            {
                if (scram.First(mechanism, first, out _) == PgScramStep.Good && scram.Final(final, out byte[] answer) == PgScramStep.Good)
                    return false;
            }

            return true;
        }, iter: 5000);
    }

    [Fact]
    public void No_bytes_make_the_OAUTHBEARER_reader_throw_and_a_token_is_only_what_a_token_can_be()
    {
        Gen<byte[]> messages = Gen.OneOf(
            Pick([.. "n,,\u0001"u8], [.. "auth="u8], [.. "Bearer "u8], [.. "abc"u8], [.. "=="u8], [1], [.. "host=x"u8], [.. "\u0001\u0001"u8], [.. ","u8]),
            Gen.Byte.Array[0, 6]).Array[0, 10].Select(p => p.SelectMany(b => b).ToArray());
        messages.Sample(message =>
        {
            PgBearer read = PgOAuthBearer.Read(message, out string token);
            return read == PgBearer.Token
                ? token.Length > 0 && Encoding.Latin1.GetString(message).Contains(token, StringComparison.Ordinal) && token.All(c => char.IsAsciiLetterOrDigit(c) || "-._~+/=".Contains(c, StringComparison.Ordinal))
                : token.Length == 0;
        }, iter: 20_000);
    }

    [Fact]
    public void The_error_is_JSON_whatever_the_address_holds() =>
        Assert.Equal("https://x/\"\\y", System.Text.Json.JsonDocument.Parse(PgOAuthBearer.Error("https://x/\"\\y")).RootElement.GetProperty("openid-configuration").GetString());

    [Theory]
    [InlineData("1.2.840.113549.1.1.5", "SHA256")]
    [InlineData("1.2.840.113549.1.1.11", "SHA256")]
    [InlineData("1.2.840.10045.4.3.3", "SHA384")]
    [InlineData("1.2.840.113549.1.1.13", "SHA512")]
    [InlineData("1.3.101.112", null)]
    [InlineData("1.2.840.113549.1.1.10", null)]
    [InlineData(null, null)]
    public void A_channel_is_bound_by_the_hash_of_the_certificates_signature(string? signature, string? hash) =>
        Assert.Equal(hash, PgChannelBinding.HashOf(signature)?.Name);

    private static Gen<byte[]> Pick(params byte[][] pieces) => Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]);

    private sealed class Verifier : ScramLogin
    {
        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Verifier(string password, byte[] salt)
        {
            byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, 4096, HashAlgorithmName.SHA256, 32);
            Salt = salt;
            Iterations = 4096;
            StoredKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
            ServerKey = HMACSHA256.HashData(salted, "Server Key"u8);
        }

        public override ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel) => throw new InvalidOperationException("Only the exchange is tested.");
    }
}
