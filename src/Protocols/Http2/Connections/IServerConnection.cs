using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>A client's connection, of either version.</summary>
internal interface IServerConnection
{
    /// <summary>Serves the client until it is gone, or <paramref name="stop"/> says so.</summary>
    Task<SessionEnd> RunAsync(CancellationToken stop);

    /// <summary>No new requests: it ends when those under way have. Any thread.</summary>
    void Drain();
}
