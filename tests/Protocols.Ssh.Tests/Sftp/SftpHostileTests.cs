using System.Buffers;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Sftp;
using Sallyport.Shared;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Sftp;

/// <summary>Clients and targets that mean no good: nothing throws, nothing grows, nothing that was not judged goes through.</summary>
public sealed class SftpHostileTests
{
    private readonly ArrayBufferWriter<byte> _toTarget = new();
    private readonly ArrayBufferWriter<byte> _toClient = new();

    [Fact]
    public void A_client_that_does_not_begin_with_init_or_begins_twice_is_cut_off()
    {
        Assert.Equal(SshFilterOutcome.End, Client(New(), new Packet(17).UInt32(1).Text("/")));
        SftpChannel channel = New();
        Assert.Equal(SshFilterOutcome.Done, Client(channel, new Packet(1).UInt32(3)));
        Assert.Equal(SshFilterOutcome.End, Client(channel, new Packet(1).UInt32(3)));
    }

    [Fact]
    public void A_request_before_the_version_is_refused()
    {
        SftpChannel channel = New();
        Client(channel, new Packet(1).UInt32(6).Text("ext").Text("1"));
        // Version 3 without extensions, and our own question.
        Assert.Equal([0, 0, 0, 5, 1, 0, 0, 0, 3, 0, 0, 0, 10, 16, 0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0, 1, (byte)'.'], _toTarget.WrittenSpan.ToArray());
        _toTarget.ResetWrittenCount();
        Client(channel, new Packet(17).UInt32(1).Text("/"));
        Assert.Equal(0, _toTarget.WrittenCount);
        Assert.Equal(101, _toClient.WrittenSpan[4]);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 3 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 3 })]
    [InlineData(new byte[] { 0, 4, 0, 1, 6 })]
    [InlineData(new byte[] { 0, 3, 0, 0, 17 })]
    [InlineData(new byte[] { 0, 0, 0, 6, 6 })]
    [InlineData(new byte[] { 0, 0, 0, 9, 17, 0, 0, 0, 1, 0, 0, 0, 1 })]
    public void A_malformed_packet_of_the_client_ends_the_channel(byte[] packet)
    {
        SftpChannel channel = Ready();
        Assert.Equal(SshFilterOutcome.End, channel.FromClient(packet, _toTarget, _toClient, out bool unchanged).Outcome);
        Assert.False(unchanged);
        Assert.Equal(0, _toTarget.WrittenCount);
    }

    [Fact]
    public void A_target_that_answers_what_it_was_not_asked_ends_the_channel()
    {
        Assert.Equal(SshFilterOutcome.End, Target(Ready(), new Packet(101).UInt32(77).UInt32(0).Text("").Text("")));
        Assert.Equal(SshFilterOutcome.End, Target(Ready(), new Packet(99).UInt32(77)));
        SftpChannel channel = Ready();
        Client(channel, new Packet(17).UInt32(1).Text("/"));
        Assert.Equal(SshFilterOutcome.End, Target(channel, new Packet(102).UInt32(1).Text("h")));
        channel = Ready();
        Client(channel, new Packet(17).UInt32(1).Text("/"));
        Assert.Equal(SshFilterOutcome.End, Target(channel, new Packet(103).UInt32(1).Text("data")));
        channel = New();
        Client(channel, new Packet(1).UInt32(3));
        Assert.Equal(SshFilterOutcome.End, Target(channel, new Packet(2).UInt32(6)));
    }

    [Fact]
    public void An_id_used_twice_and_too_many_requests_end_the_channel()
    {
        SftpChannel channel = Ready();
        Assert.Equal(SshFilterOutcome.Done, Client(channel, new Packet(17).UInt32(1).Text("/")));
        Assert.Equal(SshFilterOutcome.End, Client(channel, new Packet(17).UInt32(1).Text("/")));
        channel = Ready();
        for (uint i = 0; i < SftpLimits.Outstanding; i++)
            Assert.Equal(SshFilterOutcome.Done, Client(channel, new Packet(17).UInt32(i).Text("/")));
        Assert.Equal(SshFilterOutcome.End, Client(channel, new Packet(17).UInt32(99_999).Text("/")));
    }

    [Fact]
    public void Handles_that_were_not_given_and_open_files_past_the_limit_are_refused_here()
    {
        SftpChannel channel = Ready();
        _toTarget.ResetWrittenCount();
        Client(channel, new Packet(6).UInt32(1).Text("none").UInt64(0).Text("data"));
        Client(channel, new Packet(5).UInt32(2).Text("none").UInt64(0).UInt32(5));
        Assert.Equal(0, _toTarget.WrittenCount);
        for (uint i = 0; i < SftpLimits.OpenHandles; i++)
        {
            Client(channel, new Packet(3).UInt32(i).Text("/f").UInt32(1).UInt32(0));
            Assert.Equal(SshFilterOutcome.Done, Target(channel, new Packet(102).UInt32(i).Text("h" + i)));
        }

        _toTarget.ResetWrittenCount();
        Client(channel, new Packet(3).UInt32(5000).Text("/f").UInt32(1).UInt32(0));
        Assert.Equal(0, _toTarget.WrittenCount);
    }

    [Fact]
    public void Data_passes_unchanged_and_allocates_nothing()
    {
        SftpChannel channel = Ready();
        Client(channel, new Packet(3).UInt32(1).Text("/f").UInt32(3).UInt32(0));
        Target(channel, new Packet(102).UInt32(1).Text("h"));
        byte[] write = new Packet(6).UInt32(2).Text("h").UInt64(0).Bytes(new byte[32_000]).ToArray();
        byte[] written = new Packet(101).UInt32(2).UInt32(0).Text("").Text("").ToArray();
        byte[] read = new Packet(5).UInt32(2).Text("h").UInt64(0).UInt32(32_000).ToArray();
        byte[] data = new Packet(103).UInt32(2).Bytes(new byte[32_000]).ToArray();
        Assert.Equal(0, Allocation.Least(20, () =>
        {
            channel.FromClient(write, _toTarget, _toClient, out bool first);
            channel.FromTarget(written, _toClient, out bool second);
            channel.FromClient(read, _toTarget, _toClient, out bool third);
            channel.FromTarget(data.AsSpan(0, 20_000), _toClient, out bool fourth);
            channel.FromTarget(data.AsSpan(20_000), _toClient, out bool fifth);
            Assert.True(first && second && third && fourth && fifth);
        }));
    }

    [Fact]
    public void No_bytes_make_either_side_throw_and_cutting_them_changes_nothing()
    {
        byte[][] packets =
        [
            new Packet(3).UInt32(1).Text("/f").UInt32(3).UInt32(0).ToArray(), new Packet(6).UInt32(2).Text("h").UInt64(0).Text("data").ToArray(), new Packet(5).UInt32(3).Text("h").UInt64(0).UInt32(9).ToArray(),
            new Packet(18).UInt32(4).Text("a").Text("../b").ToArray(), new Packet(200).UInt32(5).Text("copy-data").Text("h").UInt64(0).UInt64(0).Text("h").UInt64(0).ToArray(),
            new Packet(102).UInt32(1).Text("h").ToArray(), new Packet(101).UInt32(2).UInt32(0).Text("").Text("").ToArray(), new Packet(20).UInt32(8).Text("a").Text("/secret/b").ToArray(), new Packet(4).UInt32(7).Text("h").ToArray(),
        ];
        Gen.Select(Gen.Int[0, packets.Length - 1].Array[0, 12], Gen.Int[0, 200], Gen.Byte, Gen.Int[1, 40], Gen.Bool).Sample(
            (which, at, put, cut, mutate) =>
            {
                byte[] bytes = [.. which.SelectMany(w => packets[w])];
                if (mutate && bytes.Length > 0)
                    bytes[at % bytes.Length] = put;
                string sent = Feed(bytes, bytes.Length + 1);
                Assert.Equal(sent, Feed(bytes, cut));
                Assert.True(mutate || !sent.Contains(Convert.ToHexString("/secret"u8), StringComparison.Ordinal));
                SftpChannel target = Ready();
                Client(target, new Packet(3).UInt32(1).Text("/f").UInt32(3).UInt32(0));
                for (int i = 0; i < bytes.Length; i += cut)
                    target.FromTarget(bytes.AsSpan(i, Math.Min(cut, bytes.Length - i)), _toClient, out _);
                target.Finish();
            }, iter: 3_000, threads: 1);
    }

    /// <summary>What reaches the target of a client's bytes in pieces.</summary>
    private string Feed(byte[] bytes, int cut)
    {
        SftpChannel channel = Ready();
        _toTarget.ResetWrittenCount();
        for (int i = 0; i < bytes.Length; i += cut)
        {
            ReadOnlySpan<byte> piece = bytes.AsSpan(i, Math.Min(cut, bytes.Length - i));
            SshFilterStep step = channel.FromClient(piece, _toTarget, _toClient, out bool unchanged);
            if (step.Outcome == SshFilterOutcome.End)
                break;
            if (unchanged)
                _toTarget.Write(piece);
        }

        string sent = Convert.ToHexString(_toTarget.WrittenSpan);
        _toClient.ResetWrittenCount();
        return sent;
    }

    private static SftpChannel New() =>
        new(new FileSession((_, name) => name.StartsWith("/secret", StringComparison.Ordinal) ? VerdictKind.Deny : VerdictKind.Allow).Context, TimeProvider.System, 0);

    private SftpChannel Ready()
    {
        SftpChannel channel = New();
        Client(channel, new Packet(1).UInt32(3));
        Target(channel, new Packet(2).UInt32(3));
        Target(channel, new Packet(104).UInt32(SftpChannel.HomeQuestion).UInt32(1).Text("/h").Text("/h").UInt32(0));
        _toTarget.ResetWrittenCount();
        _toClient.ResetWrittenCount();
        return channel;
    }

    private SshFilterOutcome Client(SftpChannel channel, Packet packet) => channel.FromClient(packet.ToArray(), _toTarget, _toClient, out _).Outcome;

    private SshFilterOutcome Target(SftpChannel channel, Packet packet) => channel.FromTarget(packet.ToArray(), _toClient, out _).Outcome;
}
