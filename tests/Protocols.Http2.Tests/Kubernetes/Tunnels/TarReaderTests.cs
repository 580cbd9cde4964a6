using System.Diagnostics;
using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Sallyport.Protocols.Http2.Kubernetes.TarManifest;
using Xunit;
using TarFile = Sallyport.Protocols.Http2.Kubernetes.TarManifest.TarFile;
using TarReader = Sallyport.Protocols.Http2.Kubernetes.TarManifest.TarReader;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes.Tunnels;

/// <summary>Files of an archive, told as it passes: whole, byte by byte, and in two pieces.</summary>
public sealed class TarReaderTests
{
    private static readonly string Long = string.Join('/', Enumerable.Repeat("a-folder-with-a-long-name", 12)) + "/file";

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.V7)]
    public void Files_of_every_format_are_told(TarEntryFormat format)
    {
        string name = format is TarEntryFormat.Ustar or TarEntryFormat.V7 ? "folder/short" : Long;
        byte[] archive = Archive(format, (name, "contents"), ("empty", ""), ("block", new string('x', 512)), ("more", new string('y', 5000)));
        Assert.Equal(
            [$"{name} 8 {Digest("contents")}", $"empty 0 {Digest("")}", $"block 512 {Digest(new string('x', 512))}", $"more 5000 {Digest(new string('y', 5000))}"],
            Read(archive));
    }

    [Theory]
    [InlineData("--format=ustar")]
    [InlineData("--format=gnu")]
    [InlineData("--format=pax")]
    public void What_the_program_packs_is_understood(string format)
    {
        string folder = Directory.CreateTempSubdirectory("tar").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "one"), "first");
            Directory.CreateDirectory(Path.Combine(folder, "sub"));
            File.WriteAllText(Path.Combine(folder, "sub", "häßlich"), "second");
            File.CreateSymbolicLink(Path.Combine(folder, "link"), "one");
            using var tar = Process.Start(new ProcessStartInfo("tar", ["cf", "-", format, "-C", folder, "one", "sub", "link"]) { RedirectStandardOutput = true })!;
            using var archive = new MemoryStream();
            tar.StandardOutput.BaseStream.CopyTo(archive);
            tar.WaitForExit();
            Assert.Equal([$"one 5 {Digest("first")}", $"sub/häßlich 6 {Digest("second")}"], Read(archive.ToArray()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void What_ends_too_soon_is_told_as_far_as_it_came()
    {
        byte[] archive = Archive(TarEntryFormat.Ustar, ("cut", new string('x', 5000)));
        Assert.Equal(["cut 1488 "], Read(archive[..2000]));
    }

    [Fact]
    public void Bytes_that_are_no_archive_are_left_to_their_reader()
    {
        var found = new List<TarFile>();
        using var reader = new TarReader(found.Add, () => 0);
        byte[] text = Encoding.ASCII.GetBytes(new string('t', 2000));
        Assert.Equal(512, reader.Take(text));
        Assert.True(reader.IsBroken);
        Assert.Equal(0, reader.Take(text));
        Assert.Empty(found);
    }

    [Fact]
    public void Nothing_hides_behind_the_end()
    {
        byte[] archive = Archive(TarEntryFormat.Ustar, ("one", "x"));
        using var reader = new TarReader(_ => { }, () => 0);
        reader.Take([.. archive, .. Archive(TarEntryFormat.Ustar, ("two", "y"))]);
        Assert.True(reader.IsBroken);
    }

    [Fact]
    public void A_sparse_file_is_not_what_its_header_says()
    {
        byte[] archive = Archive(TarEntryFormat.Ustar, ("one", "x"));
        archive[156] = (byte)'S';
        Sum(archive);
        using var reader = new TarReader(_ => { }, () => 0);
        reader.Take(archive);
        Assert.True(reader.IsBroken);
    }

    [Fact]
    public void No_bytes_make_it_fail() => Gen.Byte.Array[0, 3000].Sample(
        bytes =>
        {
            using var reader = new TarReader(_ => { }, () => 0);
            if (bytes.Length >= 512)
                Sum(bytes);
            Assert.InRange(reader.Take(bytes), 0, bytes.Length);
            reader.End();
        },
        iter: 300);

    [Theory]
    [InlineData("tar cf - /etc/hosts", false, "/")]
    [InlineData("tar cf - var/log", false, "")]
    [InlineData("tar -cf - x", false, "")]
    [InlineData("tar -xmf - -C /tmp", true, "/tmp")]
    [InlineData("tar --no-same-permissions --no-same-owner -xmf - -C /tmp", true, "/tmp")]
    [InlineData("tar xf -", true, "")]
    public void What_kubectl_cp_runs_is_known(string command, bool isUpload, string folder) =>
        Assert.Equal(new TarCommand(isUpload, folder), TarCommand.Of(command.Split(' ')));

    [Theory]
    [InlineData("tar cf file x")]
    [InlineData("tar czf - x")]
    [InlineData("tar cf - --to-command=sh x")]
    [InlineData("tar xcf -")]
    [InlineData("tar tf -")]
    [InlineData("cat tar cf -")]
    [InlineData("tar -f - x")]
    [InlineData("tar xf")]
    public void Other_commands_are_not(string command) => Assert.Null(TarCommand.Of(command.Split(' ')));

    private static List<string> Read(byte[] archive)
    {
        List<string> whole = Read(archive, archive.Length);
        Assert.Equal(whole, Read(archive, 1));
        Assert.Equal(whole, Read(archive, 700));
        return whole;
    }

    private static List<string> Read(byte[] archive, int step)
    {
        var files = new List<string>();
        using var reader = new TarReader(file => files.Add($"{file.Path} {file.Seen} {file.Sha256}"), () => 0);
        for (int at = 0; at < archive.Length; at += step)
        {
            int length = Math.Min(step, archive.Length - at);
            Assert.Equal(length, reader.Take(archive.AsSpan(at, length)));
        }

        Assert.False(reader.IsBroken);
        reader.End();
        return files;
    }

    private static byte[] Archive(TarEntryFormat format, params (string Name, string Contents)[] files)
    {
        using var bytes = new MemoryStream();
        using (var writer = new TarWriter(bytes, format, leaveOpen: true))
        {
            foreach ((string name, string contents) in files)
            {
                TarEntryType type = format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile;
                TarEntry entry = format switch
                {
                    TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                    TarEntryFormat.Pax => new PaxTarEntry(type, name),
                    TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                    _ => new V7TarEntry(type, name),
                };
                entry.DataStream = new MemoryStream(Encoding.ASCII.GetBytes(contents));
                writer.WriteEntry(entry);
            }
        }

        return bytes.ToArray();
    }

    private static void Sum(byte[] block)
    {
        Encoding.ASCII.GetBytes("        ").CopyTo(block, 148);
        Encoding.ASCII.GetBytes(Convert.ToString(block.Take(512).Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(block, 148);
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
}
