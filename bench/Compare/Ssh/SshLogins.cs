using System.Diagnostics;
using Sallyport.Compare.Peers;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Ssh;

/// <summary>Sessions one after another from several clients at a time, each from connecting to the end of `true`.</summary>
internal static class SshLogins
{
    /// <summary>By `ssh … true`: what somebody sees, with all that two processes of OpenSSH cost the same machine.</summary>
    public static Task<SshRun> ProcessesAsync(ISshPeer peer, SshCipherCase cipher, SshMaterial material, int clients, int seconds)
    {
        string[] words = [.. material.Options(peer.Key, peer.KnownHosts), .. cipher.Options, "-p", peer.Port(cipher).ToString(), $"{peer.User(cipher)}@127.0.0.1", "true"];
        return MeasureAsync("ssh true", peer, cipher, clients, seconds, () => Tool.RunAsync("ssh", words));
    }

    /// <summary>By <see cref="LightClient"/>, so that what is in between is a larger part of it.</summary>
    public static Task<SshRun> LightAsync(ISshPeer peer, SshCipherCase cipher, int clients, int seconds)
    {
        var client = new LightClient(peer.Port(cipher), peer.User(cipher), File.ReadAllBytes(peer.Key), cipher);
        return MeasureAsync("light true", peer, cipher, clients, seconds, () => client.RunAsync("true"));
    }

    private static async Task<SshRun> MeasureAsync(string load, ISshPeer peer, SshCipherCase cipher, int clients, int seconds, Func<Task> session)
    {
        int? process = peer.ProcessId(cipher);
        // Whatever ends late of the run before is not counted to this one.
        await Task.Delay(200);
        Usage before = process is { } id ? Usage.Of(id) : default;
        long clock = Stopwatch.GetTimestamp();
        int done = 0;
        Task all = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(ClientAsync)));
        long resident = 0;
        while (await Task.WhenAny(all, Task.Delay(200)) != all)
            resident = Math.Max(resident, process is { } at ? Usage.Of(at).ResidentBytes : 0);
        await all;
        double elapsed = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        await Task.Delay(200);
        double? cpu = process is { } hop ? Usage.Of(hop).CpuSeconds - before.CpuSeconds : null;
        return new SshRun(peer.Name, load, cipher.Word, done / elapsed, cpu / done * 1000, process is null ? null : resident);

        async Task ClientAsync()
        {
            while (Stopwatch.GetElapsedTime(clock).TotalSeconds < seconds)
            {
                await session();
                Interlocked.Increment(ref done);
            }
        }
    }
}
