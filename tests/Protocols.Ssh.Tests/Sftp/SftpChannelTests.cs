using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Sftp;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Sftp;

/// <summary>Sessions with a real sftp-server, whole, byte by byte and at random.</summary>
public sealed class SftpChannelTests : IDisposable
{
    private const uint Read = 1, Create = 2 | 8 | 16;
    private readonly string _folder = Directory.CreateTempSubdirectory("sallyport-sftp-").FullName;

    public static TheoryData<int> Cuts => [0, 1, 7, 4711];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cuts))]
    public void A_file_goes_up_and_down_with_its_hash(int cut)
    {
        var session = new FileSession();
        using SftpServer server = Start(session, cut);
        byte[] content = RandomNumberGenerator.GetBytes(cut == 1 ? 3_000 : 100_000);
        byte[] handle = server.Open("up.bin", Create);
        for (int at = 0; at < content.Length; at += 30_000)
            Assert.Equal(0u, server.Status(6, p => p.Bytes(handle).UInt64((ulong)at).Bytes(content.AsSpan(at, Math.Min(30_000, content.Length - at)))));
        Assert.True(server.LastUnchanged || cut != 0);
        Assert.Equal(0u, server.Status(4, p => p.Bytes(handle)));
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(_folder, "up.bin")));

        handle = server.Open(_folder + "/./x/../up.bin", Read);
        List<byte> back = [];
        while (server.Ask(5, p => p.Bytes(handle).UInt64((ulong)back.Count).UInt32(32_768)) is { Type: 103 } data)
            back.AddRange(data.ReadBytes());
        Assert.Equal(content, back);
        Assert.Equal(0u, server.Status(4, p => p.Bytes(handle)));

        Assert.Equal(_folder, session.Home);
        Assert.Equal([$"FileWrite {_folder}/up.bin: Allow", $"FileRead {_folder}/up.bin: Allow"], session.Decisions);
        Assert.Equal(["upload", "download"], session.Files.Select(f => f.GetProperty("direction").GetString()));
        Assert.All(session.Files, f =>
        {
            Assert.Equal(_folder + "/up.bin", f.GetProperty("path").GetString());
            Assert.Equal(content.Length, f.GetProperty("bytes").GetInt64());
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), f.GetProperty("sha256").GetString());
            Assert.Equal("complete", f.GetProperty("status").GetString());
            Assert.Equal(7, f.GetProperty("channel").GetInt32());
        });
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void What_is_refused_says_nothing_of_the_target_and_the_session_goes_on(int cut)
    {
        File.WriteAllText(Path.Combine(_folder, "secret"), "s");
        var session = new FileSession((_, name) => name.Contains("secret", StringComparison.Ordinal) ? VerdictKind.Deny : VerdictKind.Allow);
        using SftpServer server = Start(session, cut);
        string there = _folder + "/secret", not = _folder + "/secret-that-is-not-there", open = _folder + "/open";
        foreach (string path in (string[])[there, not, "secret", "./a/../secret"])
        {
            Packet reply = server.Ask(3, p => p.Text(path).UInt32(Read).UInt32(0));
            Assert.Equal(101, reply.Type);
            Assert.Equal(3u, reply.ReadUInt32());
            Assert.Equal("refused by policy, rule files/rule: ask first", reply.ReadText());
            foreach (byte type in (byte[])[7, 11, 13, 14, 15, 16, 17, 19])
                Assert.Equal(3u, server.Status(type, p => p.Text(path)));
            Assert.Equal(3u, server.Status(9, p => p.Text(path).UInt32(0)));
            Assert.Equal(3u, server.Status(18, p => p.Text(path).Text(open)));
            Assert.Equal(3u, server.Status(18, p => p.Text(open).Text(path)));
            Assert.Equal(3u, server.Status(20, p => p.Text(path).Text(open)));
            Assert.Equal(3u, server.Status(20, p => p.Text(open).Text(path)));
            foreach (string name in (string[])["posix-rename@openssh.com", "hardlink@openssh.com"])
                Assert.Equal(3u, server.Status(200, p => p.Text(name).Text(path).Text(open)));
            foreach (string name in (string[])["statvfs@openssh.com", "lsetstat@openssh.com", "expand-path@openssh.com"])
                Assert.Equal(3u, server.Status(200, p => p.Text(name).Text(path).UInt32(0)));
        }

        Assert.Equal(8u, server.Status(200, p => p.Text("unheard@of").Text(there)));
        Assert.Equal(8u, server.Status(99, p => p.Text(there)));
        Assert.Equal(0u, server.Status(14, p => p.Text(_folder + "/dir").UInt32(0)));
        Assert.True(Directory.Exists(Path.Combine(_folder, "dir")));
        Assert.Contains(session.Files, f => f.GetProperty("status").GetString() == "refused");
        Assert.Equal("s", File.ReadAllText(Path.Combine(_folder, "secret")));
    }

    [Fact]
    public void Names_of_users_and_paths_with_a_zero_are_judged_or_refused()
    {
        var session = new FileSession((_, name) => name.StartsWith('~') ? VerdictKind.Deny : VerdictKind.Allow);
        using SftpServer server = Start(session, 0);
        Assert.Equal(3u, server.Status(200, p => p.Text("home-directory").Text("root")));
        Assert.Equal(3u, server.Status(200, p => p.Text("expand-path@openssh.com").Text("~bin/x")));
        Assert.Equal(3u, server.Status(17, p => p.Text("/etc\0/x")));
        Assert.Equal(3u, server.Status(17, p => p.Bytes([(byte)'/', 0xFF])));
        Assert.Equal(3u, server.Status(20, p => p.Text("text").Text(_folder + "/a/../b")));
        Assert.Equal(201, server.Ask(200, p => p.Text("limits@openssh.com")).Type);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void More_bytes_than_allowed_are_refused(int cut)
    {
        File.WriteAllBytes(Path.Combine(_folder, "short"), new byte[90]);
        File.WriteAllBytes(Path.Combine(_folder, "long"), new byte[200]);
        var session = new FileSession { MaxBytes = 100 };
        using SftpServer server = Start(session, cut);
        byte[] file = server.Open("short", Read);
        Assert.Equal(90, server.Ask(5, p => p.Bytes(file).UInt64(0).UInt32(32_768)).ReadBytes().Length);
        Assert.Equal(1u, server.Status(5, p => p.Bytes(file).UInt64(32_768).UInt32(32_768)));
        file = server.Open("long", Read);
        Assert.Equal(100, server.Ask(5, p => p.Bytes(file).UInt64(0).UInt32(32_768)).ReadBytes().Length);
        Assert.Equal(3u, server.Status(5, p => p.Bytes(file).UInt64(100).UInt32(32_768)));
        Assert.Equal(0u, server.Status(4, p => p.Bytes(file)));
        file = server.Open("new", Create);
        Assert.Equal(0u, server.Status(6, p => p.Bytes(file).UInt64(0).Bytes(new byte[60])));
        Assert.Equal(3u, server.Status(6, p => p.Bytes(file).UInt64(60).Bytes(new byte[60])));
        Assert.Equal(3u, server.Status(6, p => p.Bytes(file).UInt64(1UL << 63).Bytes(new byte[6])));
        Assert.Equal(0u, server.Status(4, p => p.Bytes(file)));
        Assert.Equal(60, new FileInfo(Path.Combine(_folder, "new")).Length);
        Assert.Equal(["failed", "failed"], session.Files.Select(f => f.GetProperty("status").GetString()));
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void A_held_operation_waits_and_what_follows_it_too(int cut)
    {
        var session = new FileSession((_, name) => name.EndsWith("/held", StringComparison.Ordinal) ? VerdictKind.Hold : VerdictKind.Allow);
        using SftpServer server = Start(session, cut);
        foreach (bool approved in (bool[])[false, true])
        {
            Assert.Equal(SshFilterOutcome.Hold, server.Send(new Packet(14).UInt32(500).Text("held").UInt32(0)).Outcome);
            Assert.Equal($"mkdir {_folder}/held", server.Channel.Pending!.Action.Text);
            Assert.False(Directory.Exists(Path.Combine(_folder, "held")));
            server.Resolve(approved);
            Packet reply = server.Next();
            Assert.Equal(500u, reply.ReadUInt32());
            Assert.Equal(approved ? 0u : 3u, reply.ReadUInt32());
            Assert.Equal(approved, Directory.Exists(Path.Combine(_folder, "held")));
            Assert.Equal(105, server.Ask(17, p => p.Text(".")).Type);
        }
    }

    [Fact]
    public void Requests_behind_a_held_one_in_the_same_piece_are_kept_in_their_order()
    {
        var session = new FileSession((_, name) => name.EndsWith("/held", StringComparison.Ordinal) ? VerdictKind.Hold : VerdictKind.Allow);
        using SftpServer server = Start(session, 0);
        byte[] both = [.. new Packet(14).UInt32(500).Text("held").UInt32(0).ToArray(), .. new Packet(14).UInt32(501).Text("held/in").UInt32(0).ToArray()];
        byte[] first = new Packet(14).UInt32(499).Text("first").UInt32(0).ToArray();
        var target = new System.Buffers.ArrayBufferWriter<byte>();
        var client = new System.Buffers.ArrayBufferWriter<byte>();
        Assert.Equal(SshFilterOutcome.Hold, server.Channel.FromClient([.. first, .. both], target, client, out bool unchanged).Outcome);
        Assert.False(unchanged);
        Assert.Equal(first, target.WrittenSpan);
        Assert.Equal(SshFilterOutcome.Done, server.Channel.Resolve(new HoldOutcome(true, "", "approved", ""), target, client).Outcome);
        Assert.Equal([.. first, .. both], target.WrittenSpan.ToArray());
        Assert.Equal(0, client.WrittenCount);
    }

    [Fact]
    public void What_is_not_closed_is_partial_and_waiting_for_the_recording_is_said()
    {
        var session = new FileSession();
        using SftpServer server = Start(session, 0);
        byte[] file = server.Open("new", Create);
        Assert.Equal(0u, server.Status(6, p => p.Bytes(file).UInt64(0).Bytes(new byte[60])));
        session.Behind = true;
        Assert.True(server.Send(new Packet(14).UInt32(9).Text("d").UInt32(0)).MustWait);
        server.Channel.Finish();
        Assert.Equal("partial", Assert.Single(session.Files).GetProperty("status").GetString());
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void Bytes_out_of_order_have_no_hash(int cut)
    {
        var session = new FileSession();
        using SftpServer server = Start(session, cut);
        byte[] file = server.Open("new", Create);
        Assert.Equal(0u, server.Status(6, p => p.Bytes(file).UInt64(10).Bytes(new byte[10])));
        Assert.Equal(0u, server.Status(6, p => p.Bytes(file).UInt64(0).Bytes(new byte[10])));
        Assert.Equal(0u, server.Status(4, p => p.Bytes(file)));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, session.Files[0].GetProperty("sha256").ValueKind);
        Assert.Equal(20, session.Files[0].GetProperty("bytes").GetInt64());
    }

    private SftpServer Start(FileSession session, int cut)
    {
        if (!SftpServer.IsThere)
            Assert.Fail("sftp-server is missing: install openssh-sftp-server");
        var random = new Random(cut);
        return new SftpServer(session, _folder, cut switch
        {
            0 => n => n,
            1 => _ => 1,
            7 => n => Math.Min(n, 7),
            _ => n => random.Next(1, n + 1),
        });
    }
}
