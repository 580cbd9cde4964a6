using Sallyport.Compare.Peers;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Http;

/// <summary>What one peer's connections and streams cost it in memory while they do nothing.</summary>
/// <param name="Before">Resident bytes without a client.</param>
/// <param name="Connected">The same with <see cref="Connections"/>, each of which has had one answer.</param>
/// <param name="Streaming">The same with <see cref="Streams"/> on some of them besides, whose answers have begun and trickle, as those of watches do.</param>
internal sealed record HttpIdleRun(string Peer, long Before, long Connected, long Streaming)
{
    public const int Connections = 1000;
    public const int Streams = 6000;
    private const int StreamsOfOne = 100;

    /// <summary>Opens connections, and then streams on some of them, and reads what the process holds before and after each.</summary>
    public static async Task<HttpIdleRun> MeasureAsync(IHttpPeer peer, CancellationToken cancel)
    {
        List<HttpClient> clients = [];
        List<HttpResponseMessage> open = [];
        try
        {
            long before = await SettledAsync(peer, cancel);
            for (int i = 0; i < Connections; i++)
            {
                clients.Add(Client());
                using HttpResponseMessage answer = await clients[^1].SendAsync(peer.Request(HttpMaterial.SmallPath), cancel);
                answer.EnsureSuccessStatusCode();
            }

            long connected = await SettledAsync(peer, cancel);
            foreach (HttpClient client in clients.Take(Streams / StreamsOfOne))
            {
                for (int i = 0; i < StreamsOfOne; i++)
                    open.Add((await client.SendAsync(peer.Request(HttpMaterial.TricklingPath), HttpCompletionOption.ResponseHeadersRead, cancel)).EnsureSuccessStatusCode());
            }

            return new HttpIdleRun(peer.Name, before, connected, await SettledAsync(peer, cancel));
        }
        finally
        {
            open.ForEach(answer => answer.Dispose());
            clients.ForEach(client => client.Dispose());
        }
    }

    private static async Task<long> SettledAsync(IHttpPeer peer, CancellationToken cancel)
    {
        await Task.Delay(TimeSpan.FromSeconds(3), cancel);
        return Usage.Of(peer.ProcessId!.Value).ResidentBytes;
    }

    private static HttpClient Client()
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = false };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
