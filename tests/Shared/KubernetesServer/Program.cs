using System.Runtime.InteropServices;
using Sallyport.Shared.KubernetesServer.Seeds;

namespace Sallyport.Shared.KubernetesServer;

/// <summary>The server by itself, for demonstrations: FOLDER gets <c>ca.crt</c>, <c>token</c> (its administrator's) and, last, <c>address</c>. It ends with SIGTERM.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var folder])
        {
            await Console.Error.WriteLineAsync("usage: FOLDER");
            return 2;
        }

        var ended = new TaskCompletionSource();
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            ended.TrySetResult();
        });
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        cluster.Node.Container(Seed.Space, Seed.Pod, Seed.App).Log.Write("listening on 8080");
        cluster.Node.Container(Seed.Space, Seed.Pod, Seed.App).Log.Write("order 4711 paid by jane@example.com");
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.crt"), cluster.Authority);
        // The folder is its owner's alone.
        await File.WriteAllTextAsync(Path.Combine(folder, "token"), cluster.Admin.Token);
        await File.WriteAllTextAsync(Path.Combine(folder, "address"), $"{cluster.Address.Host}:{cluster.Address.Port}");
        await ended.Task;
        return 0;
    }
}
