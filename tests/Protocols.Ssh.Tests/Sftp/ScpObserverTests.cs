using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Sftp;
using Sallyport.Protocols.Ssh.Shell;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Sftp;

/// <summary>A real <c>scp -f</c> and a real <c>scp -t</c> with the observer between them, and peers that are none.</summary>
public sealed class ScpObserverTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sallyport-scp-").FullName;

    public ScpObserverTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "from/sub"));
        Directory.CreateDirectory(Path.Combine(_folder, "to"));
        File.WriteAllBytes(Path.Combine(_folder, "from/a"), RandomNumberGenerator.GetBytes(200_000));
        File.WriteAllBytes(Path.Combine(_folder, "from/sub/b"), []);
        File.WriteAllText(Path.Combine(_folder, "from/sub/secret"), "s");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 100)]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 100)]
    public async Task Directories_are_copied_and_each_file_judged_and_written_down(bool uploads, int cut)
    {
        var session = new FileSession();
        SshFilterStep end = await Copy(session, uploads, cut);
        Assert.Equal(SshFilterOutcome.Done, end.Outcome);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "from/a")), File.ReadAllBytes(Path.Combine(_folder, "to/from/a")));
        Assert.True(File.Exists(Path.Combine(_folder, "to/from/sub/b")));
        string root = uploads ? "/to/from" : "/from";
        Assert.Equal([$"{root}/a", $"{root}/sub/b", $"{root}/sub/secret"], session.Files.Select(f => f.GetProperty("path").GetString()![_folder.Length..]).Order(StringComparer.Ordinal));
        Assert.All(session.Files, f => Assert.Equal("complete", f.GetProperty("status").GetString()));
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(_folder, "from/a")))), session.Files.Select(f => f.GetProperty("sha256").GetString()));
        Assert.Contains($"{(uploads ? Verb.FileWrite : Verb.FileRead)} {_folder}{root}/sub/secret: Allow", session.Decisions);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refused_file_does_not_move_and_ends_the_channel(bool uploads)
    {
        var session = new FileSession((_, name) => name.EndsWith("secret", StringComparison.Ordinal) ? VerdictKind.Deny : VerdictKind.Allow);
        SshFilterStep end = await Copy(session, uploads, 0);
        Assert.Equal(SshFilterOutcome.End, end.Outcome);
        Assert.Contains("files/rule", end.Reason, StringComparison.Ordinal);
        string secret = Path.Combine(_folder, "to/from/sub/secret");
        Assert.False(File.Exists(secret) && new FileInfo(secret).Length > 0);
        Assert.Contains(session.Files, f => f.GetProperty("status").GetString() == "refused");
    }

    [Theory]
    [InlineData("C0644 5 ../x\n")]
    [InlineData("C0644 5 a/b\n")]
    [InlineData("C0644 5 ..\n")]
    [InlineData("C0644 -5 a\n")]
    [InlineData("C0644 99999999999999999999 a\n")]
    [InlineData("E\n")]
    [InlineData("hello\n")]
    [InlineData("\n")]
    public void A_line_that_is_none_ends_the_channel(string line)
    {
        ScpObserver scp = Upload(new FileSession());
        var target = new ArrayBufferWriter<byte>();
        scp.FromTarget([0], target, out _);
        Assert.Equal(SshFilterOutcome.End, scp.FromClient(Encoding.UTF8.GetBytes(line), target, target, out _).Outcome);
        Assert.Equal(0, target.WrittenCount);
    }

    [Fact]
    public void Lines_hidden_as_data_of_a_file_that_the_target_did_not_take_end_the_channel()
    {
        ScpObserver scp = Upload(new FileSession());
        var target = new ArrayBufferWriter<byte>();
        scp.FromTarget([0], target, out _);
        Assert.Equal(SshFilterOutcome.End, scp.FromClient("C0644 15 a\nC0644 5 hidden\n"u8, target, target, out _).Outcome);
        Assert.Equal("C0644 15 a\n"u8, target.WrittenSpan);

        // Refused by the target: what follows is a line again.
        scp = Upload(new FileSession((_, name) => name.EndsWith("hidden", StringComparison.Ordinal) ? VerdictKind.Deny : VerdictKind.Allow));
        target.ResetWrittenCount();
        scp.FromTarget([0], target, out _);
        scp.FromClient("C0644 15 a\n"u8, target, target, out _);
        scp.FromTarget("\u0001no\n"u8, target, out _);
        Assert.Equal(SshFilterOutcome.End, scp.FromClient("C0644 5 hidden\n"u8, target, target, out _).Outcome);
        Assert.DoesNotContain("hidden", Encoding.UTF8.GetString(target.WrittenSpan).Split('\u0002')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_that_says_yes_before_it_knows_to_what_is_cut_off()
    {
        var scp = new ScpObserver(new FileSession().Context, TimeProvider.System, 1, "/from/a", uploads: false, intoDirectory: false);
        var target = new ArrayBufferWriter<byte>();
        Assert.Equal(SshFilterOutcome.End, scp.FromClient([0, 0], target, target, out _).Outcome);
    }

    [Fact]
    public void What_rsync_and_git_move_is_counted_by_path()
    {
        var session = new FileSession();
        var observer = new TransferObserver(session.Context, TimeProvider.System, 3, new FileTransfer(FileTransferKind.Git, Uploads: false), ["/a.git"], maxBytes: 0);
        var target = new ArrayBufferWriter<byte>();
        observer.FromClient("0014command=ls-refs\n"u8, target, target, out bool unchanged);
        observer.FromTarget("000eversion 2\n"u8, target, out _);
        observer.FromTarget(new byte[56], target, out bool back);
        observer.Finish();
        Assert.True(unchanged && back);
        Assert.Equal(70, Assert.Single(session.Files).GetProperty("bytes").GetInt64());
    }

    /// <summary>An account whose start files make a shell of <c>git</c> or <c>rsync</c>: its channel is not recorded, for files need not be.</summary>
    [Theory]
    [InlineData(FileTransferKind.Git, "$ ", "", false)]
    [InlineData(FileTransferKind.Git, "0", "id\n", false)]
    [InlineData(FileTransferKind.Git, "00", "0", true)]
    [InlineData(FileTransferKind.Git, "009d3f1c HEAD", "0032want", true)]
    [InlineData(FileTransferKind.Rsync, "root@box:~# ", "", false)]
    [InlineData(FileTransferKind.Rsync, "\u001f\0\0\0x", "\u001f\0\0\0", true)]
    [InlineData(FileTransferKind.Rsync, "\u001f\0\0\0x", "ls\n", false)]
    internal void Adversary_What_does_not_begin_as_rsync_or_git_does_is_something_else(FileTransferKind kind, string shown, string typed, bool passes)
    {
        foreach (bool bytewise in new[] { false, true })
        {
            var observer = new TransferObserver(new FileSession().Context, TimeProvider.System, 3, new FileTransfer(kind, Uploads: false), ["/a"], maxBytes: 0);
            var other = new ArrayBufferWriter<byte>();
            bool ended = false;
            foreach (byte[] piece in Encoding.ASCII.GetBytes(shown).Chunk(bytewise ? 1 : 64))
                ended |= observer.FromTarget(piece, other, out _).Outcome == SshFilterOutcome.End;
            foreach (byte[] piece in Encoding.ASCII.GetBytes(typed).Chunk(bytewise ? 1 : 64))
                ended |= observer.FromClient(piece, other, other, out _).Outcome == SshFilterOutcome.End;
            Assert.Equal(passes, !ended);
            Assert.Equal(0, other.WrittenCount);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Adversary_Rsync_and_git_move_no_more_than_a_file_may_have(bool uploads)
    {
        var session = new FileSession();
        var observer = new TransferObserver(session.Context, TimeProvider.System, 3, new FileTransfer(FileTransferKind.Rsync, uploads), ["/a"], maxBytes: 100);
        var other = new ArrayBufferWriter<byte>();
        byte[] head = [31, 0, 0, 0];
        Assert.Equal(SshFilterOutcome.Done, Move(head).Outcome);
        Assert.Equal(SshFilterOutcome.Done, Move(new byte[96]).Outcome);
        Assert.Equal(SshFilterOutcome.End, Move(new byte[1]).Outcome);
        Assert.Equal(SshFilterOutcome.End, Move(new byte[1]).Outcome);
        observer.Finish();
        Assert.Equal((100, "refused"), (session.Files[0].GetProperty("bytes").GetInt64(), session.Files[0].GetProperty("status").GetString()));

        SshFilterStep Move(byte[] data) => uploads ? observer.FromClient(data, other, other, out _) : observer.FromTarget(data, other, out _);
    }

    private static ScpObserver Upload(FileSession session) => new(session.Context, TimeProvider.System, 1, "/to", uploads: true, intoDirectory: false);

    /// <summary>Copies <c>from</c> into <c>to</c>; the client is the source when it uploads, and the sink otherwise.</summary>
    private async Task<SshFilterStep> Copy(FileSession session, bool uploads, int cut)
    {
        using Process source = Start("-rf", "from"), sink = Start("-rt", "to");
        var scp = new ScpObserver(session.Context, TimeProvider.System, 1, _folder + (uploads ? "/to" : "/from"), uploads, intoDirectory: uploads);
        Process client = uploads ? source : sink, target = uploads ? sink : source;
        SshFilterStep last = default;
        Task up = Pump(client, target, toTarget: true), down = Pump(target, client, toTarget: false);
        await Task.WhenAll(up, down).WaitAsync(TimeSpan.FromSeconds(30));
        await source.WaitForExitAsync();
        await sink.WaitForExitAsync();
        scp.Finish();
        return last;

        async Task Pump(Process from, Process to, bool toTarget)
        {
            byte[] buffer = new byte[cut == 0 ? 32_768 : cut];
            var onward = new ArrayBufferWriter<byte>();
            var back = new ArrayBufferWriter<byte>();
            int count;
            while ((count = await from.StandardOutput.BaseStream.ReadAsync(buffer)) > 0)
            {
                SshFilterStep step = toTarget ? scp.FromClient(buffer.AsSpan(0, count), onward, back, out bool unchanged) : scp.FromTarget(buffer.AsSpan(0, count), onward, out unchanged);
                ReadOnlyMemory<byte> sent = unchanged ? buffer.AsMemory(0, count) : onward.WrittenMemory;
                if (sent.Length > 0)
                {
                    await to.StandardInput.BaseStream.WriteAsync(sent);
                    await to.StandardInput.BaseStream.FlushAsync();
                }

                onward.ResetWrittenCount();
                if (step.Outcome != SshFilterOutcome.End)
                    continue;
                last = step;
                from.Kill();
                to.Kill();
                return;
            }

            to.StandardInput.Close();
        }
    }

    private Process Start(string options, string path) =>
        Process.Start(new ProcessStartInfo("/usr/bin/scp", [options, Path.Combine(_folder, path)]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
}
