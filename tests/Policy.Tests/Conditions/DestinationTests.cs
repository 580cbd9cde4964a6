using System.Net;
using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Conditions;

public class DestinationTests
{
    [Theory]
    [InlineData("10.0.0.0/8:5432", "10.1.2.3:5432", true, true)]
    [InlineData("10.0.0.0/8:5432", "10.1.2.3:5433", false, false)]
    [InlineData("10.0.0.0/8:5432", "11.1.2.3:5432", false, false)]
    [InlineData("10.0.0.0/8:5432", "::ffff:10.1.2.3:5432", true, true)]
    [InlineData("10.0.0.0/8:5432", "::ffff:a01:203:5432", true, true)]
    [InlineData("10.0.0.0/8:*", "db.example.com:22", false, true)]
    [InlineData("10.0.0.0/8:*", "10.1:22", false, true)]
    [InlineData("10.0.0.0/8:*", "010.0.0.1:22", false, true)]
    [InlineData("10.0.0.0/8:*", "0xa000001:22", false, true)]
    [InlineData("10.0.0.0/8:*", "localhost:22", false, false)]
    [InlineData("127.0.0.0/8:*", "localhost:22", false, true)]
    [InlineData("127.0.0.0/8:*", "0.0.0.0:22", false, true)]
    [InlineData("[::1]:22", "::1:22", true, true)]
    [InlineData("[fd00::/8]:*", "fd12::1:80", true, true)]
    [InlineData("[fd00::/8]:*", "fe80::1%eth0:80", false, false)]
    [InlineData("[fe80::/10]:*", "fe80::1%eth0:80", true, true)]
    [InlineData("*.corp.example:8000-8999", "Web.CORP.example:8080", true, true)]
    [InlineData("*.corp.example:8000-8999", "web.corp.example.:8080", true, true)]
    [InlineData("*.corp.example:8000-8999", "corp.example:8080", false, false)]
    [InlineData("*.corp.example:8000-8999", "web.corp.example:9000", false, false)]
    [InlineData("*.corp.example:8000-8999", "web.corp.example.evil:8080", false, false)]
    [InlineData("*.corp.example:8000-8999", "10.0.0.1:8080", false, false)]
    [InlineData("*.corp.example:*", "10.0.0.1 .corp.example:80", false, true)]
    [InlineData("*.corp.example:*", "10.0.0.1\t.corp.example:80", false, true)]
    [InlineData("*.corp.example:*", "10.0.0.1/.corp.example:80", false, true)]
    [InlineData("*.corp.example:*", "fe80::1%.corp.example.:80", false, false)]
    [InlineData("*.corp.example:*", "metadata.internal@x.corp.example:80", false, true)]
    [InlineData("metadata.internal:*", "metadata.internal :80", false, true)]
    [InlineData("b*cher.example:*", "b\u00fccher.example:80", true, true)]
    [InlineData("*1:*", "127.1:80", false, true)]
    [InlineData("1*:*", "10.0.0.1:80", false, false)]
    [InlineData("*:80,443", "anything:443", true, true)]
    [InlineData("*:80,443", "10.0.0.1:80", true, true)]
    [InlineData("*:80,443", "anything:8443", false, false)]
    [InlineData("*:80", "anything:0", false, true)]
    [InlineData("*:0", "anything:0", true, true)]
    [InlineData("localhost:*", "localhost:1", true, true)]
    [InlineData("localhost:*", "127.0.0.1:1", false, true)]
    [InlineData("localhost:*", "::1:1", false, true)]
    [InlineData("localhost:*", ":1", false, true)]
    [InlineData("localhost:*", "10.0.0.1:1", false, false)]
    [InlineData("db.example.com:*", ":1", false, false)]
    [InlineData("10.0.0.0/8:*", ":1", false, true)]
    [InlineData("*:*", ":1", true, true)]
    [InlineData("*:*", "unix:/run/a", false, false)]
    [InlineData("unix:/run/**", "unix:/run/docker.sock", true, true)]
    [InlineData("unix:/run/**", "unix:/tmp/x", false, false)]
    [InlineData("unix:/run/a", "unix:/run/../run/a", false, true)]
    [InlineData("unix:/run/a", "10.0.0.1:80", false, false)]
    public void Allow_takes_what_is_certain_and_deny_what_could_be(string pattern, string destination, bool granted, bool stopped)
    {
        string allow = $"policy: p\nrules: [{{id: a, effect: allow, verbs: [forward], destinations: ['{pattern}']}}]";
        string deny = $"policy: p\nrules: [{{id: a, effect: allow, verbs: [forward]}}, {{id: d, effect: deny, verbs: [forward], destinations: ['{pattern}']}}]";
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Load(allow), TestAction.Ssh($"forward-local {destination}")));
        Assert.Equal(stopped ? "deny by p/d" : "allow by p/a", Ask(Load(deny), TestAction.Ssh($"forward-remote {destination}")));
    }

    private static readonly Gen<string> Address = Gen.OneOf(
        Gen.Byte.Array[4].Select(b => new IPAddress(b).ToString()),
        Gen.Byte.Array[16].Select(b => new IPAddress(b).ToString()),
        Gen.Select(Gen.Byte.Array[16], Gen.Int[0, 15], Gen.Int[0, 15]).Select((b, from, count) =>
        {
            b.AsSpan(from, Math.Min(count, 16 - from)).Clear();
            return new IPAddress(b).ToString();
        }),
        Gen.Byte.Array[4].Select(b => $"::ffff:{new IPAddress(b)}"),
        Gen.Byte.Array[4].Select(b => $"64:ff9b::{new IPAddress(b)}"));

    [Fact]
    public void Addresses_are_read_as_the_framework_reads_them() => Address.Sample(
        text =>
        {
            byte[] read = new byte[HostAddress.MaxLength];
            Assert.True(HostAddress.TryParse(Encoding.ASCII.GetBytes(text), read, out int length), text);
            IPAddress expected = IPAddress.Parse(text);
            expected = expected.IsIPv4MappedToIPv6 ? expected.MapToIPv4() : expected;
            Assert.Equal(expected.GetAddressBytes(), read[..length]);
        },
        iter: 3000);

    [Fact]
    public void What_the_framework_does_not_read_is_no_address() => Gen.Select(Address, Gen.Int[0, 40], Gen.OneOf(":", ".", "g", "0", "::", "1", "%", "")).Sample(
        (text, at, change) =>
        {
            at %= text.Length;
            string mutated = text[..at] + change + text[(at + 1)..];
            byte[] read = new byte[HostAddress.MaxLength];
            bool isAddress = HostAddress.TryParse(Encoding.ASCII.GetBytes(mutated), read, out int length);
            if (isAddress)
                Assert.True(IPAddress.TryParse(mutated, out _), mutated);
        },
        iter: 3000);

    [Theory]
    [InlineData("host", "host:*")]
    [InlineData("::1:22", "[::1]:22")]
    [InlineData("[::1]", "[::1]:*")]
    [InlineData("host:99999", null)]
    [InlineData("host:9-1", null)]
    [InlineData("host:", null)]
    [InlineData(":22", null)]
    [InlineData("10.0.0.1/8:22", "10.0.0.0/8")]
    [InlineData("10.0.0:22", null)]
    [InlineData("ho st:22", null)]
    [InlineData("unix:run", null)]
    public void What_is_no_destination_is_refused(string pattern, string? suggestion)
    {
        Assert.Null(DestinationPattern.Parse(pattern, out string? error, out string? meant));
        Assert.NotNull(error);
        Assert.Equal(suggestion, meant);
    }
}
