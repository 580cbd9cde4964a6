using Sallyport.Compare.Postgres;

namespace Sallyport.Compare.Peers;

/// <summary>One way from a client to the database.</summary>
internal interface IPeer : IAsyncDisposable
{
    /// <summary>Its name in tables and JSON.</summary>
    string Name { get; }

    /// <summary>Where clients connect to.</summary>
    Endpoint Endpoint { get; }

    /// <summary>The proxy's process; null when there is none.</summary>
    int? ProcessId { get; }

    /// <summary>Proves that the peer does what its name says, before it is timed.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    Task VerifyAsync();
}
