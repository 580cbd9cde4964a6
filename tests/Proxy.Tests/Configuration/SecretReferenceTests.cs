using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

public sealed class SecretReferenceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("secret\n\n", "secret\n")]
    [InlineData(" secret ", " secret ")]
    [InlineData("pässword\n", "pässword")]
    public void One_line_break_at_the_end_is_not_part_of_a_secret(string content, string secret) =>
        Assert.Equal(secret, new SecretReference(SecretSource.File, _directory.Write("s", content), default).Read());

    [Fact]
    public void A_secret_is_read_afresh_each_time()
    {
        var reference = new SecretReference(SecretSource.File, _directory.Write("s", "one"), default);
        Assert.Equal("one", reference.Read());
        _directory.Write("s", "two");
        Assert.Equal("two", reference.Read());
    }

    [Fact]
    public void Secrets_come_from_the_environment_and_from_systemd()
    {
        string name = $"SALLYPORT_TEST_{Guid.NewGuid():N}";
        Assert.Throws<IOException>(() => new SecretReference(SecretSource.Env, name, default).Read());
        Environment.SetEnvironmentVariable(name, "from-env");
        Assert.Equal("from-env", new SecretReference(SecretSource.Env, name, default).Read());
        Environment.SetEnvironmentVariable(name, null);

        var credential = new SecretReference(SecretSource.Credential, "db", default);
        Assert.Contains("LoadCredential", Assert.Throws<IOException>(() => credential.Read()).Message, StringComparison.Ordinal);
        _directory.Write("db", "from-systemd\n");
        Environment.SetEnvironmentVariable("CREDENTIALS_DIRECTORY", _directory.Path);
        try
        {
            Assert.Equal("from-systemd", credential.Read());
        }
        finally
        {
            Environment.SetEnvironmentVariable("CREDENTIALS_DIRECTORY", null);
        }
    }

    [Fact]
    public void What_cannot_be_a_secret_is_an_error_that_does_not_quote_it()
    {
        foreach (string content in (string[])["", "\n", "a\0b", new string('x', 100_000)])
            AssertError(_directory.Write("s", content));
        File.WriteAllBytes(_directory["binary"], [0x70, 0xff, 0xfe]);
        AssertError(_directory["binary"]);
        AssertError(_directory["missing"]);
        AssertError(_directory.Path);
    }

    private static void AssertError(string path)
    {
        string message = Assert.Throws<IOException>(() => new SecretReference(SecretSource.File, path, default).Read()).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, path.Length + 100);
    }
}
