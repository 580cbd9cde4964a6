using System.Text;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>Looks for secrets in everything that a daemon leaves behind: its log, its audit, its recordings (unpacked), its store.</summary>
internal static class Spilled
{
    /// <summary>Fails when one of the secrets is in any of it.</summary>
    public static void AssertNowhere(SallyportDaemon daemon, params IEnumerable<string> secrets)
    {
        string folder = Path.GetDirectoryName(daemon.ConfigFile)!;
        string[] all = [PostgresServer.AppPassword, File.ReadAllText(Path.Combine(folder, "store.key")).Trim(), .. secrets.SelectMany(Forms)];
        AssertUnseen(Encoding.UTF8.GetBytes(daemon.Log), "the log", all);

        // All but the lock, which is empty and cannot be opened while a daemon runs.
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "state")).Where(file => Path.GetExtension(file) != ".daemon"))
            AssertUnseen(Read(file), file, all);
        foreach (string file in Directory.Exists(daemon.Recordings) ? Directory.EnumerateFiles(daemon.Recordings, "*.sprec") : [])
            AssertUnseen([.. Read(file), .. Recorded.Read(file).Bytes], file, all);
    }

    /// <summary>Fails when one of the secrets is in a text.</summary>
    public static void AssertNotIn(string text, string what, params IEnumerable<string> secrets) =>
        AssertUnseen(Encoding.UTF8.GetBytes(text), what, [PostgresServer.AppPassword, .. secrets.SelectMany(Forms)]);

    /// <summary>A signed token is as good as its signature: its other parts say only what is known anyway.</summary>
    private static string[] Forms(string secret) => secret.Split('.') is [_, _, { Length: > 40 } signature] ? [signature] : [secret];

    private static void AssertUnseen(byte[] bytes, string what, string[] secrets)
    {
        foreach (string secret in secrets)
        {
            Assert.True(secret.Length >= 8, "a secret to look for is too short to be found by chance");
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{what} holds the secret {secret[..4]}…");
        }
    }

    /// <summary>The daemon may have it open.</summary>
    private static byte[] Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
