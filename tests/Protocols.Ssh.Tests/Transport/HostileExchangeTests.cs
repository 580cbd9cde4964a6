using System.Buffers.Binary;
using System.Diagnostics;
using Org.BouncyCastle.Math;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

/// <summary>
/// Key exchanges with values that are none: of the wrong length, off the curve, of small order, outside the group; groups that nobody asked for. Each ends the
/// connection with SSH_DISCONNECT_KEY_EXCHANGE_FAILED, whichever side we are, before anything is derived from it.
/// </summary>
public sealed class HostileExchangeTests
{
    /// <summary>Any of these is milliseconds of arithmetic at most, a large group's tenths of a second.</summary>
    private static readonly TimeSpan Bounded = TimeSpan.FromSeconds(10);

    public static IEnumerable<object[]> Values => HostileValues.Public.Select(value => (object[])[value.Method, value.Name]);

    public static IEnumerable<object[]> Groups => HostileValues.Groups.Select(group => (object[])[group.Name]);

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_clients_public_value_that_is_none_ends_it(string method, string name)
    {
        byte[]? value = HostileValues.Public.Single(v => v.Method == method && v.Name == name).ToServer;
        if (value is null)
            return;
        var clock = Stopwatch.StartNew();
        await using RawClient client = await RawClient.StartAsync(Of(method));
        await client.SendAsync(RawClient.KexInit(Of(method), strict: true));
        bool exchange = method == SshAlgorithms.GroupExchange;
        if (exchange)
            await client.SendAsync(Request(2048, 2048, 2048));
        await client.SendAsync(new SshWriter().Byte(exchange ? (byte)32 : SshMessageNumber.KexFirst).String(value).ToArray());
        ExpectFailed(await client.EndAsync(), "the client's public value is not one", await client.SaidAsync());
        Assert.True(clock.Elapsed < Bounded, $"{clock.Elapsed}");
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_targets_public_value_that_is_none_ends_it(string method, string name)
    {
        byte[]? value = HostileValues.Public.Single(v => v.Method == method && v.Name == name).ToClient;
        if (value is null)
            return;
        var clock = Stopwatch.StartNew();
        await using RawTarget target = await RawTarget.StartAsync(Of(method));
        bool exchange = method == SshAlgorithms.GroupExchange;
        if (exchange)
            await target.SendAsync(HostileValues.Group(SshGroup.Modp2048.Prime, BigInteger.Two));
        await target.SendAsync(new SshWriter().Byte(exchange ? (byte)33 : (byte)31).String(TransportPair.HostKey.PublicBlob.Span).String(value).String("signature").ToArray());
        ExpectFailed(await target.EndAsync(), "the target's public value is not one", await target.SaidAsync());
        Assert.True(clock.Elapsed < Bounded, $"{clock.Elapsed}");
    }

    /// <summary>A mechanism gives any ciphertext of its length a secret; that nobody else has it shows in the signature.</summary>
    [Theory]
    [InlineData(SshAlgorithms.MlKem768X25519, 1088, (byte)0)]
    [InlineData(SshAlgorithms.MlKem768X25519, 1088, (byte)0xFF)]
    [InlineData(SshAlgorithms.Sntrup761X25519, 1039, (byte)0)]
    [InlineData(SshAlgorithms.Sntrup761X25519, 1039, (byte)0xFF)]
    public async Task A_ciphertext_that_is_none_proves_nothing(string method, int length, byte fill)
    {
        byte[] ciphertext = new byte[length];
        ciphertext.AsSpan().Fill(fill);
        await using RawTarget target = await RawTarget.StartAsync(Of(method));
        byte[] signature = new SshWriter().String("ssh-ed25519").String(new byte[64]).ToArray();
        await target.SendAsync(new SshWriter().Byte(31).String(TransportPair.HostKey.PublicBlob.Span).String([.. ciphertext, .. HostileValues.Point]).String(signature).ToArray());
        SshEndException end = await target.EndAsync();
        Assert.Equal(("host-key-unproven", SshDisconnectReason.HostKeyNotVerifiable), (end.End.Reason, end.DisconnectReason));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task A_group_that_was_not_asked_for_ends_it(string name)
    {
        var clock = Stopwatch.StartNew();
        await using RawTarget target = await RawTarget.StartAsync(Of(SshAlgorithms.GroupExchange));
        await target.SendAsync(HostileValues.Groups.Single(group => group.Name == name).Message);
        IReadOnlyList<byte[]> said = ExpectFailed(await target.EndAsync(), "the target's group is not one to be used", await target.SaidAsync());

        // Nothing was computed in it: no public value went out.
        Assert.DoesNotContain(said, message => message[0] == 32);
        Assert.True(clock.Elapsed < Bounded, $"{clock.Elapsed}");
    }

    [Theory]
    [InlineData(2049u, 2048u, 8192u)]
    [InlineData(2048u, 8192u, 4096u)]
    [InlineData(0u, 1024u, 2047u)]
    [InlineData(8193u, 8193u, 9000u)]
    [InlineData(2049u, 2050u, 3071u)]
    [InlineData(0u, 0u, 0u)]
    [InlineData(uint.MaxValue, uint.MaxValue, uint.MaxValue)]
    public async Task A_request_that_no_group_fits_ends_it(uint min, uint wanted, uint max)
    {
        await using RawClient client = await RawClient.StartAsync(Of(SshAlgorithms.GroupExchange));
        await client.SendAsync(RawClient.KexInit(Of(SshAlgorithms.GroupExchange), strict: true));
        await client.SendAsync(Request(min, wanted, max));
        ExpectFailed(await client.EndAsync(), "no group for what the client asks for", await client.SaidAsync());
    }

    [Theory]
    [InlineData(34, 11)]
    [InlineData(34, 13)]
    [InlineData(30, 12)]
    [InlineData(32, 12)]
    public async Task A_request_for_a_group_is_three_numbers(byte number, int length)
    {
        await using RawClient client = await RawClient.StartAsync(Of(SshAlgorithms.GroupExchange));
        await client.SendAsync(RawClient.KexInit(Of(SshAlgorithms.GroupExchange), strict: true));
        byte[] request = Request(2048, 4096, 8192);
        request[0] = number;
        Array.Resize(ref request, 1 + length);
        await client.SendAsync(request);
        ExpectFailed(await client.EndAsync(), "no group for what the client asks for", await client.SaidAsync());
    }

    private static IReadOnlyList<byte[]> ExpectFailed(SshEndException end, string why, IReadOnlyList<byte[]> said)
    {
        Assert.Equal(("key-exchange-failed", why), (end.End.Reason, end.Message));
        byte[] last = said[^1];
        Assert.Equal((SshMessageNumber.Disconnect, SshDisconnectReason.KeyExchangeFailed), (last[0], BinaryPrimitives.ReadUInt32BigEndian(last.AsSpan(1))));
        Assert.DoesNotContain(said, message => message[0] == SshMessageNumber.NewKeys);
        return said;
    }

    private static byte[] Request(uint min, uint wanted, uint max) => new SshWriter().Byte(34).UInt32(min).UInt32(wanted).UInt32(max).ToArray();

    private static SshTransportOptions Of(string method) => new() { KeyExchanges = [method] };
}
