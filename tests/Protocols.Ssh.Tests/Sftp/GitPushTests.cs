using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sallyport.Protocols.Ssh.Sftp;
using Sallyport.Protocols.Ssh.Shell;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Sftp;

/// <summary>Which refs a push changes is known, however its lines are cut and whatever the client makes of them.</summary>
public sealed class GitPushTests
{
    private const string Zero = "0000000000000000000000000000000000000000";
    private const string One = "1111111111111111111111111111111111111111";
    private const string Two = "2222222222222222222222222222222222222222";
    private const string Long = "3333333333333333333333333333333333333333333333333333333333333333";

    public static TheoryData<int> Cuts => [1, 3, 7, 64, int.MaxValue];

    [Theory]
    [MemberData(nameof(Cuts))]
    public void Each_ref_is_told_and_the_pack_is_not_read(int cut)
    {
        string asked = Line($"shallow {One}\n") + Line($"{Zero} {One} refs/heads/new\0 report-status side-band-64k agent=git/2\n") + Line($"{One} {Two} refs/heads/main") + Line($"{Two} {Zero} refs/tags/gone\n")
            + Line($"{Long} {Long} refs/heads/sha256") + "0000" + "PACK" + Line($"{One} {Two} refs/heads/in-the-pack");
        Assert.Equal(
            [$"refs/heads/new {Zero} {One}", $"refs/heads/main {One} {Two}", $"refs/tags/gone {Two} {Zero}", $"refs/heads/sha256 {Long} {Long}"], Push(asked, cut));
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void A_signed_push_is_read_in_its_certificate(int cut)
    {
        string certificate = $"certificate version 0.1\npusher Ada <ada@example.com>\nnonce 1\n\n{One} {Two} refs/heads/main\n{Zero} {One} refs/heads/signed\n-----BEGIN SSH SIGNATURE-----\n";
        string asked = Line("push-cert\0report-status\n") + string.Concat(certificate.Chunk(33).Select(piece => Line(new string(piece)))) + Line("push-cert-end\n") + Line($"{One} {Zero} refs/heads/behind") + "0000";
        Assert.Equal([$"refs/heads/main {One} {Two}", $"refs/heads/signed {Zero} {One}", $"refs/heads/behind {One} {Zero}"], Push(asked, cut));
    }

    /// <summary>A certificate in pieces that git puts together, and which hide a ref from those who read it otherwise.</summary>
    [Theory]
    [InlineData("push-cert|x\npush-cert-end\n1 2 ref|s/heads/a\n|push-cert-end\n", "refs/heads/a")]
    [InlineData("push-cert|x\n\n|push-cert-end|\n1 2 refs/heads/|b\n|push-cert-end\n", "refs/heads/b")]
    [InlineData("push-cert|no line feed|push-cert-end\n|1 2 refs/heads/c|2 1 refs/heads/d", "refs/heads/c,refs/heads/d")]
    [InlineData("push-cert\n|1 2 refs/he\0gone\n|ads/e\n|push-cert-end\n", "refs/heads/e")]
    [InlineData("push-cert|x\0\n|\n1 2 refs/heads/f\n|push-cert-end\n\0x|2 1 refs/heads/g", "refs/heads/f,refs/heads/g")]
    [InlineData("push-cert|\n\n1 2 refs/heads/h", "refs/heads/h")]
    [InlineData("push-cert|\n\n1 2 refs/heads|push-cert-end\n|2 1 refs/heads/i|push-cert|/j\n|push-cert-end\n", "refs/heads/i,refs/heads/j")]
    [InlineData("push-cert|push-cert-en|1 2 x\n1 2 refs/heads/k\n|push-cert-end\n", "refs/heads/k")]
    [InlineData("push-cert|push-cert-end\nmore\n1 2 refs/heads/l|push-cert-end\n|2 1 refs/heads/m", "refs/heads/m,refs/heads/l")]
    public void A_certificate_is_put_together_as_git_does(string payloads, string refs)
    {
        string asked = string.Concat(payloads.Replace("1 2 ", $"{One} {Two} ", StringComparison.Ordinal).Replace("2 1 ", $"{Two} {One} ", StringComparison.Ordinal).Split('|').Select(Line)) + "0000PACK";
        foreach (int cut in new[] { 1, 3, 7, int.MaxValue })
            Assert.Equal(refs.Split(','), Push(asked, cut).Select(told => told.Split(' ')[0]));
    }

    [Theory]
    [InlineData("0001")]
    [InlineData("0003")]
    [InlineData("00g4")]
    [InlineData("0000")]
    public void Nothing_is_read_behind_what_git_does_not_read(string end) =>
        Assert.Equal([$"refs/heads/a {One} {Two}"], Push(Line($"{One} {Two} refs/heads/a") + end + Line($"{One} {Two} refs/heads/b"), 5));

    [Fact]
    public void Lines_that_are_no_commands_are_none()
    {
        string[] lines = ["", "\n", $"{One} {Two}", $"{One} {Two} ", $"{One}  {Two} x", $"{One[1..]} {Two} x", $"{One} {Long} x", $"{One[..39]}g {Two} x", new string('x', 65000)];
        Assert.Empty(Push(string.Concat(lines.Select(Line)) + "0000", 100));
    }

    [Fact]
    public void Many_refs_are_counted_and_long_ones_cut()
    {
        var asked = new StringBuilder(Line($"{One} {Two} refs/heads/{new string('x', 60000)}"));
        for (int i = 1; i < 1000; i++)
            asked.Append(Line(string.Create(CultureInfo.InvariantCulture, $"{One} {Two} refs/heads/{i}")));
        string[] told = Push(asked + "0000", 1000, new string('\u0001', 100_000));
        Assert.Equal(GitPush.MostRefs + 1, told.Length);
        Assert.EndsWith($"x… {One} {Two}", told[0], StringComparison.Ordinal);
        Assert.Equal($"refs/heads/255 {One} {Two}", told[255]);
        Assert.Equal($"and {1000 - GitPush.MostRefs} more  ", told[^1]);
    }

    [Fact]
    public void A_fetch_tells_none() => Assert.Empty(Push(Line($"{One} {Two} refs/heads/a") + "0000", 50, uploads: false));

    [Fact]
    public void A_recording_that_is_behind_is_waited_for()
    {
        var session = new FileSession { Behind = true };
        var observer = new TransferObserver(session.Context, TimeProvider.System, 3, new FileTransfer(FileTransferKind.Git, Uploads: true), ["/r"], 0);
        byte[] line = Encoding.Latin1.GetBytes(Line($"{One} {Two} refs/heads/a"));
        var none = new ArrayBufferWriter<byte>();
        Assert.False(observer.FromClient(line.AsSpan(0, 20), none, none, out _).MustWait);
        Assert.True(observer.FromClient(line.AsSpan(20), none, none, out bool unchanged).MustWait);
        Assert.True(unchanged);
    }

    /// <summary>What is told of a push of these bytes.</summary>
    private static string[] Push(string asked, int cut, string path = "/srv/r.git", bool uploads = true)
    {
        var session = new FileSession();
        var observer = new TransferObserver(session.Context, TimeProvider.System, 3, new FileTransfer(FileTransferKind.Git, uploads), [path], 0);
        var none = new ArrayBufferWriter<byte>();
        foreach (byte[] piece in Encoding.Latin1.GetBytes(asked).Chunk(Math.Min(cut, 1 << 20)))
        {
            SshFilterStep step = observer.FromClient(piece, none, none, out bool unchanged);
            Assert.True(step.Outcome == SshFilterOutcome.Done && unchanged && none.WrittenCount == 0);
        }

        observer.Finish();
        Assert.Equal(uploads ? asked.Length : 0, session.Files.Single().GetProperty("bytes").GetInt64());
        Assert.All(session.Pushes, p => Assert.Equal(3, p.GetProperty("channel").GetInt32()));
        return [.. session.Pushes.Select(p => $"{Text(p, "ref")} {Text(p, "old")} {Text(p, "new")}")];
    }

    private static string Text(JsonElement push, string name) => push.GetProperty(name).GetString()!;

    private static string Line(string payload) => (payload.Length + 4).ToString("x4", CultureInfo.InvariantCulture) + payload;
}
