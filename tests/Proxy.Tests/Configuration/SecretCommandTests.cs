using System.Diagnostics;
using Sallyport.Proxy.Configuration;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

public sealed class SecretCommandTests
{
    [Fact]
    public async Task What_a_program_prints_is_the_secret() =>
        Assert.Equal("a b;$c", await Command("/bin/echo", "a b;$c").ReadAsync(CancellationToken.None));

    [Theory]
    [InlineData("echo canary; exit 3", "exit code 3")]
    [InlineData("echo canary >&2; exit 1", "exit code 1")]
    [InlineData("head -c 100000 /dev/zero | tr '\\0' x", "more than")]
    [InlineData("printf '\\377'", "not UTF-8")]
    [InlineData("true", "empty")]
    public void What_is_no_secret_is_an_error_that_quotes_nothing(string script, string message)
    {
        IOException failure = Assert.Throws<IOException>(() => Command("/bin/sh", "-c", script).Read());
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_is_not_there_is_an_error() => Assert.Contains("cannot be started", Assert.Throws<IOException>(() => Command("/nowhere/vault").Read()).Message, StringComparison.Ordinal);

    [Fact]
    public void A_program_that_does_not_end_is_ended_with_its_children()
    {
        string mark = $"3{Random.Shared.Next(100_000, 999_999)}";
        Assert.Contains("longer than", Assert.Throws<IOException>(() => Command("/bin/sh", "-c", $"sleep {mark} & sleep {mark}").Read()).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Process.GetProcessesByName("sleep"), p => IsOurs(p, mark));
    }

    private static bool IsOurs(Process process, string mark)
    {
        try
        {
            return !process.WaitForExit(5000) && File.ReadAllText($"/proc/{process.Id}/cmdline").Contains(mark, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static SecretReference Command(string program, params string[] arguments) => new(SecretSource.Command, program, default) { Arguments = [.. arguments] };
}
