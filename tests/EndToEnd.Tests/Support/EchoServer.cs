using System.Net;
using System.Net.Sockets;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>Says back what it is told, one line.</summary>
public sealed class EchoServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public EchoServer()
    {
        _listener.Start();
        _ = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Asks through a port that may not be there yet.</summary>
    public static async Task<string> AskAsync(int port, string text, byte[]? first = null, int answer = 0)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port);
                NetworkStream stream = client.GetStream();
                if (first is not null)
                {
                    await stream.WriteAsync(first);
                    await stream.ReadExactlyAsync(new byte[answer]);
                }

                await using var writer = new StreamWriter(stream) { AutoFlush = true };
                await writer.WriteLineAsync(text);
                using var reader = new StreamReader(stream);
                return await reader.ReadLineAsync() ?? throw new IOException("closed");
            }
            catch (Exception e) when (e is SocketException or IOException && attempt < 200)
            {
                await Task.Delay(50);
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = AnswerAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private static async Task AnswerAsync(TcpClient client)
    {
        using (client)
            await client.GetStream().CopyToAsync(client.GetStream());
    }
}
