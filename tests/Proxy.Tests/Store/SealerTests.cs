using System.Security.Cryptography;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Store;

public sealed class SealerTests
{
    [Fact]
    public async Task What_is_sealed_opens_for_its_own_purpose_only()
    {
        await using TestState state = await TestState.OpenAsync();
        byte[] sealedSecret = state.Sealer.Seal("a", "secret"u8);
        Assert.Equal("secret"u8.ToArray(), state.Sealer.Open("a", sealedSecret));
        Assert.ThrowsAny<CryptographicException>(() => state.Sealer.Open("b", sealedSecret));
    }

    [Fact]
    public async Task Every_byte_of_a_seal_counts()
    {
        await using TestState state = await TestState.OpenAsync();
        byte[] sealedSecret = state.Sealer.Seal("a", "secret"u8);
        for (int i = 0; i < sealedSecret.Length; i++)
        {
            byte[] tampered = [.. sealedSecret];
            tampered[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => state.Sealer.Open("a", tampered));
            Assert.ThrowsAny<CryptographicException>(() => state.Sealer.Open("a", sealedSecret.AsSpan(0, i)));
        }
    }

    [Fact]
    public async Task The_wrong_operator_key_is_refused()
    {
        await using TestState state = await TestState.OpenAsync();
        using var logs = new Logs();
        using var directory = new TemporaryDirectory();
        directory.Write("other", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        Assert.Contains("others", Assert.Throws<StateRefusedException>(() => OperatorKey.Read(state.Config.Key with { Name = directory["other"] })).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(directory["other"], UnixFileMode.UserRead);
        OperatorKey other = OperatorKey.Read(state.Config.Key with { Name = directory["other"] });
        var refused = await Assert.ThrowsAsync<StateRefusedException>(() => Sealer.OpenAsync(state.Store, other, TimeProvider.System, logs.Log, CancellationToken.None));
        Assert.Contains("wrong key", refused.Message, StringComparison.Ordinal);
    }
}
