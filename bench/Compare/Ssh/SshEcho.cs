using System.Diagnostics;
using Sallyport.Compare.Peers;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Ssh;

/// <summary>How long one byte takes to `cat` and back over a channel that is open: what somebody who types feels.</summary>
internal static class SshEcho
{
    /// <returns>p50 and p99.</returns>
    public static async Task<SshRun[]> RunAsync(ISshPeer peer, SshCipherCase cipher, SshMaterial material, int seconds)
    {
        var start = new ProcessStartInfo("ssh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string word in (IEnumerable<string>)[.. material.Options(peer.Key, peer.KnownHosts), .. cipher.Options, "-p", peer.Port(cipher).ToString(), $"{peer.User(cipher)}@127.0.0.1", "cat"])
            start.ArgumentList.Add(word);
        using Process ssh = await Starter.StartAsync(start);
        double[] microseconds = await Task.Factory.StartNew(() => Measure(ssh, seconds), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        ssh.StandardInput.Close();
        await ssh.WaitForExitAsync();
        Array.Sort(microseconds);
        return
        [
            new SshRun(peer.Name, "echo p50", cipher.Word, Statistics.Percentile(microseconds, 50), null, null),
            new SshRun(peer.Name, "echo p99", cipher.Word, Statistics.Percentile(microseconds, 99), null, null),
        ];
    }

    private static double[] Measure(Process ssh, int seconds)
    {
        Stream input = ssh.StandardInput.BaseStream;
        Stream output = ssh.StandardOutput.BaseStream;
        Span<byte> letter = stackalloc byte[1];
        List<double> times = [];
        long end = Environment.TickCount64 + 500 + (1000L * seconds);
        long count = Environment.TickCount64 + 500;
        for (byte sent = 0; Environment.TickCount64 < end; sent++)
        {
            letter[0] = sent;
            long clock = Stopwatch.GetTimestamp();
            input.Write(letter);
            input.Flush();
            if (output.Read(letter) != 1 || letter[0] != sent)
                throw new InvalidOperationException("Another byte came back than was sent.");
            // The first ones wait for the login, and find nothing warm.
            if (Environment.TickCount64 >= count)
                times.Add(Stopwatch.GetElapsedTime(clock).TotalMicroseconds);
        }

        return [.. times];
    }
}
