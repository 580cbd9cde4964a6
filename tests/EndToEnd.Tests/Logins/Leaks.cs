using System.Text;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>Looks for secrets where they must never turn up: in the daemon's log, its audit, its store and its recordings.</summary>
internal static class Leaks
{
    /// <summary>Stops the daemon, so that all is written, and fails when one of the secrets is anywhere.</summary>
    public static async Task AssertNoneAsync(SallyportDaemon daemon, params string[] secrets)
    {
        await daemon.StopAsync();
        string folder = Path.GetDirectoryName(daemon.ConfigFile)!;
        var kept = new Dictionary<string, byte[]> { ["the log"] = Encoding.UTF8.GetBytes(daemon.Log) };
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "state"), "*", SearchOption.AllDirectories))
            kept[file] = await File.ReadAllBytesAsync(file);
        if (Directory.Exists(daemon.Recordings))
        {
            foreach (string file in Directory.EnumerateFiles(daemon.Recordings, "*", SearchOption.AllDirectories))
                kept[file] = await File.ReadAllBytesAsync(file);
            foreach (Recorded recording in Recorded.In(daemon.Recordings))
                kept[recording.File + ", unpacked"] = recording.Bytes;
        }

        Assert.Contains(kept, one => one.Key.EndsWith("audit.jsonl", StringComparison.Ordinal));
        foreach (string secret in secrets)
        {
            Assert.True(secret.Length > 11, $"\"{secret}\" is too short to look for.");
            string[] places = [.. kept.Where(one => one.Value.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0).Select(one => one.Key)];
            Assert.True(places.Length == 0, $"The secret {secret[..6]}… is in {string.Join(", ", places)}.");
        }
    }
}
